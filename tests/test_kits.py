"""Each starter kit from `fastly-compute new` to a response, on the native and the wasm host."""

import re
import shutil
import subprocess
import sys
from contextlib import closing
from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from fastly_compute.cli.commands.kits import KITS

pytestmark = pytest.mark.xdist_group("kits")

EXAMPLES = Path(__file__).parent.parent / "examples"
# For each kit a request, its status, and a part of the body; without an origin and without Fanout.
SENT = {
    "handler": ("/", 200, b"Hello from the edge"),
    "flask": ("/", 200, b"<h1>Who are you?</h1>"),
    "starlette": ("/", 200, b'"news":null'),
    "requests-proxy": ("/backends", 200, b'"name":"origin"'),
    "fanout": ("/test/stream", 502, b"handed off to 'self'"),
    "cache": ("/core/news", 502, b"the origin has no answer"),
    "kv-api": ("/fastly", 302, b""),
}
README = EXAMPLES.parent / "packages/fastly-compute-cli/README.md"
LEFT_OUT = shutil.ignore_patterns("bin", "pkg", "__pycache__", ".*", "*.egg-info")


@pytest.fixture
def new(tmp_path):
    """Makes an app of a kit."""

    def new(name, template):
        command = [sys.executable, "-m", "fastly_compute.cli", "new", name, "--template", template]
        subprocess.run(command, cwd=tmp_path, check=True, stdout=subprocess.DEVNULL)
        return tmp_path / name

    return new


def contents(folder: Path) -> dict[str, str]:
    return {
        path.relative_to(folder).as_posix(): path.read_text(encoding="utf-8")
        for path in folder.rglob("*")
        if path.is_file()
    }


@pytest.mark.parametrize("template", KITS)
def test_a_new_app_is_an_example_under_another_name(template, new, tmp_path) -> None:
    example = KITS[template].example
    shutil.copytree(EXAMPLES / example, tmp_path / "example", ignore=LEFT_OUT)
    originals, made = contents(tmp_path / "example"), contents(new("my-app", template))

    assert made.keys() == originals.keys() | {".gitignore"}
    for name, original in originals.items():
        if name == "README.md":
            assert made[name] == "# my-app\n" + original.partition("\n")[2]
        elif name in {"fastly.toml", "pyproject.toml"}:
            assert made[name].splitlines().count('name = "my-app"') == 1
            assert made[name].replace('name = "my-app"', f'name = "{example}"') == original
        else:
            assert made[name] == original


def test_the_readme_lists_every_kit() -> None:
    section = README.read_text(encoding="utf-8").partition("### Starter kits\n")[2]
    table = section.partition("\n## ")[0]

    assert re.findall(r"^\| `([a-z][a-z-]*)` \|", table, re.MULTILINE) == list(KITS)


@pytest.mark.parametrize("template", KITS)
def test_the_tests_of_a_new_app_pass(template, new) -> None:
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-W", "error", "-q"]
    done = subprocess.run(
        command, cwd=new("my-app", template), capture_output=True, text=True, check=False
    )

    assert done.returncode == 0, done.stdout + done.stderr
    assert " passed" in done.stdout


@pytest.mark.parametrize("runtime", ["native", "wasm"])
@pytest.mark.parametrize("template", KITS)
def test_a_new_app_is_built_and_served(servers, new, template, runtime) -> None:
    kit = new(KITS[template].example, template)
    # Then the component is the example's, which another test may have built.
    (kit / ".gitignore").unlink()
    (kit / "README.md").write_bytes((EXAMPLES / kit.name / "README.md").read_bytes())
    command = [sys.executable, "-m", "fastly_compute.cli"]
    if runtime == "wasm":
        subprocess.run([*command, "build"], cwd=kit, check=True)
        command += ["serve", "bin/main.wasm"]
    else:
        command += ["serve", "--runtime", "native"]
    served = servers.run((runtime, template), runtime, [*command, "--addr", "127.0.0.1:0"], kit)
    path, status, content = SENT[template]
    with closing(HTTPConnection(urlsplit(served.url).netloc, timeout=30)) as connection:
        connection.request("GET", path)
        answer = connection.getresponse()
        body = answer.read()

    assert (answer.status, content in body) == (status, True), (body, served.lines)
