"""What the README shows is what happens."""

import re
from pathlib import Path
from types import ModuleType

from fastly_compute.local import Host, Incoming, NativeApp, RecordedResponse

ROOT = Path(__file__).parent.parent


def blocks(path: Path) -> list[str]:
    return re.findall(r"^```python\n(.*?)^```$", path.read_text(), re.DOTALL | re.MULTILINE)


def ask(code: str, url: str) -> RecordedResponse:
    module = ModuleType("readme_app")
    exec(compile(code, "README.md", "exec"), vars(module))
    with Host(output=lambda line: None) as host:
        return host.request(NativeApp(module.HttpIncoming), Incoming(uri=url))


def test_the_app_of_the_readme_answers() -> None:
    (code,) = blocks(ROOT / "README.md")
    page = ask(code, "http://localhost/")

    assert (page.status, bytes(page.body)) == (200, b"Hello from the edge")


def test_the_app_of_the_readme_survives_an_origin_that_is_not_there() -> None:
    (code,) = blocks(ROOT / "README.md")
    code = code.replace("https://api.example.com", "http://127.0.0.1:1")
    page = ask(code, "http://localhost/orders")

    assert (page.status, bytes(page.body)) == (502, b"the API cannot be reached")


def test_the_test_of_the_local_packages_readme_passes() -> None:
    code = blocks(ROOT / "packages/fastly-compute-local/README.md")[0]
    module = ModuleType("readme_test")
    exec(compile(code, "README.md", "exec"), vars(module))
    module.test_the_token_is_read()


def links(text: str) -> list[str]:
    return re.findall(r"\]\((?!https?://)([^)#]+)", text)


def test_what_the_readme_claims_links_to_what_shows_it() -> None:
    text = (ROOT / "README.md").read_text()
    compared = text.partition("## How it compares")[2].partition("## More")[0]
    _, *rows = re.findall(r"^\| ([^\n]+)", compared, re.MULTILINE)
    shown = [link for row in rows for link in links(row)]

    assert len(rows) == 19
    assert [row for row in rows if not links(row)] == []
    assert [link for link in links(text) if not (ROOT / link).exists()] == []
    assert sum("/test_" in link for link in shown) == 14


def test_every_command_of_the_contributing_page_is_there() -> None:
    named = set(re.findall(r"`hatch run (\w+)(?::(\w+))?`", (ROOT / "CONTRIBUTING.md").read_text()))
    hatch = (ROOT / "hatch.toml").read_text()

    assert len(named) > 5
    for environment, script in named:
        if not script:
            environment, script = "default", environment
        section = hatch.partition(f"[envs.{environment}.scripts]")[2].partition("\n[")[0]
        assert f"\n{script} = " in section, (environment, script)
