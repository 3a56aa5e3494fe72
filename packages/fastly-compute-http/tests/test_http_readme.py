"""The README's snippets do what they show."""

import json
import re
from pathlib import Path
from types import ModuleType

import pytest

from fastly_compute.local import (
    BackendConfig,
    Host,
    HostConfig,
    Incoming,
    NativeApp,
    RecordedResponse,
    ReuseLimits,
)

README = (Path(__file__).parents[1] / "README.md").read_text()


def app(section: str, number: int = 0, *, path: str = "") -> NativeApp:
    """Run the code of a section as a module, with another path in its backend URLs."""
    text = README.partition(f"\n## {section}\n")[2].partition("\n## ")[0]
    code = re.findall(r"^```python\n(.*?)^```$", text, re.DOTALL | re.MULTILINE)[number]
    module = ModuleType("readme_app")
    code = code.replace('.example/"', f'.example/{path}"')
    exec(compile(code, f"README.md, {section}", "exec"), vars(module))
    return NativeApp(module.HttpIncoming)


@pytest.fixture
def host(origin):
    def proxy(handoff):
        return RecordedResponse(status=101, complete=True)

    names = ("origin", "news", "stocks", "archive", "chat")
    backends = {name: BackendConfig(url=origin) for name in names}
    with Host(HostConfig(backends=backends), on_handoff=proxy) as host:
        yield host


def ask(host: Host, app: NativeApp, uri: str = "http://a/", **incoming: object) -> RecordedResponse:
    return host.request(app, Incoming(uri=uri, **incoming))


def test_the_app_greets_and_forwards(host):
    hello = ask(host, app("An app"), "http://a/hello?name=Ada")
    proxied = ask(host, app("An app"), "http://a/404")

    assert hello.body == b"Hello, Ada!"
    assert (proxied.status, proxied.body) == (404, b"not here")
    assert ("X-Served-By", b"the edge") in proxied.headers


def test_the_app_survives_an_unreachable_origin(host):
    host.config = HostConfig(backends={"origin": BackendConfig(url="http://127.0.0.1:1")})
    answer = ask(host, app("An app"), "http://a/404")

    assert (answer.status, answer.body) == (502, b"The origin is not responding.")


def test_several_responses_are_gathered(host):
    page = json.loads(ask(host, app("Several at once")).body)

    assert {name: json.loads(found)["path"] for name, found in page.items()} == {
        "news": "/",
        "stocks": "/",
    }


def test_coroutines_await_responses(host):
    assert json.loads(ask(host, app("Coroutines")).body) == [200, 200]


def test_a_response_is_streamed(host):
    assert ask(host, app("Streaming")).body == b"line 0\nline 1\nline 2\n"


def test_an_upload_is_streamed(host):
    answer = ask(host, app("Streaming", 1), method="POST", body=b"from the client")
    seen = json.loads(answer.body)

    assert (seen["method"], seen["path"], seen["size"]) == ("POST", "/inbox", 37)


def test_the_client_gets_its_response_first(host, origin_server):
    answer = ask(host, app("Streaming", 2, path="orders"), method="POST", body=b"order")

    assert (answer.status, answer.body) == (202, b"Thank you")
    assert origin_server.hits["/orders"] == 1


def test_a_response_is_cached(host, origin_server):
    cached = app("Caching", path="cached")
    for _ in range(3):
        assert ask(host, cached).status == 200

    assert origin_server.hits["/cached"] == 1


def test_hooks_run_before_a_response_is_stored(host, origin_server):
    hooked = app("Caching", 1, path="cached")
    assert ask(host, hooked).body == b"cached"
    host.clock.advance(3599)
    assert ask(host, hooked).body == b"cached"
    assert origin_server.hits["/cached"] == 1

    signed = json.loads(ask(host, app("Caching", 1)).body)
    assert ["Authorization", "Bearer token"] in signed["headers"]


def test_facts_about_the_client_are_available(host):
    asked = app("What is known about the client")
    answer = ask(host, asked)

    assert json.loads(answer.body) == {"from": "127.0.0.1", "tls": None, "ja4": None}
    assert ask(host, asked, headers=[("x-fastly-bot-detected", b"true")]).status == 403


def test_a_theme_is_remembered_and_forgotten(host):
    chosen = ask(host, app("Cookies"), "http://a/?theme=dark")
    again = ask(host, app("Cookies"), headers=[("cookie", b"theme=dark")])
    reset = ask(host, app("Cookies"), "http://a/?theme=light", headers=[("cookie", b"theme=dark")])

    assert dict(chosen.headers)["Set-Cookie"].startswith(b"theme=dark; Max-Age=2592000; Path=/;")
    assert again.body == b"The theme is dark."
    assert reset.body == b"The theme is light."
    assert dict(reset.headers)["Set-Cookie"].startswith(b"theme=; Expires=Thu, 01 Jan 1970 ")


def test_errors_have_an_error_page(host, capsys):
    shown = app("Errors")
    right = ask(host, shown, method="POST", body=b"[1]")
    large = ask(host, shown, method="POST", body=b" " * 1001)
    wrong = ask(host, shown, method="POST", body=b"{")

    assert (right.status, right.body) == (200, b'{"got":[1]}')
    assert (large.status, large.body) == (413, b"The request is too large.")
    assert (wrong.status, wrong.body[:20]) == (500, b"Something went wrong")


def test_a_sandbox_is_reused(host):
    host.reuse = ReuseLimits(requests=100)
    answers = host.requests(app("Reuse"), [Incoming() for _ in range(3)])

    assert answers[2].body == b"This sandbox has served 3."


def test_a_websocket_is_handed_off(host):
    upgrade = [("Upgrade", b"websocket")]

    assert ask(host, app("Handoffs"), headers=upgrade).status == 101
    assert ask(host, app("Handoffs")).status == 426


@pytest.mark.parametrize(
    ("method", "path", "status", "body"),
    [
        ("GET", "/", 200, b"Hello"),
        ("HEAD", "/", 200, b""),
        ("GET", "/users/ada", 200, b'{"name":"Ada Lovelace"}'),
        ("GET", "/users/bob", 404, b"User bob not found"),
        ("POST", "/users", 303, b""),
        ("DELETE", "/users/ada", 405, b"Method not allowed"),
        ("GET", "/elsewhere", 404, b"Page not found"),
    ],
)
def test_routes_are_matched(host, method, path, status, body):
    headers = [("content-type", b"application/x-www-form-urlencoded")]
    answer = ask(
        host, app("Routing"), f"http://a{path}", method=method, headers=headers, body=b"name=ada"
    )

    assert (answer.status, bytes(answer.body)) == (status, body)


def test_there_is_a_test_for_every_snippet():
    assert README.count("```python\n") == 14
