"""The examples of the README and the docstrings behave as shown."""

import doctest
import importlib
import json
import pkgutil
import re
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import ModuleType

import pytest

from fastly_compute import requests
from fastly_compute.local import Host, Incoming, NativeApp

PACKAGE = Path(__file__).parents[1]
README = (PACKAGE / "README.md").read_text()
BLOCKS = re.findall(r"^```python\n(.*?)^```$", README, re.DOTALL | re.MULTILINE)


def module(code):
    made = ModuleType("readme_app")
    exec(compile(code, "README.md", "exec"), vars(made))
    return made


def test_the_app_answers_also_without_its_origin():
    app = module(BLOCKS[0].replace("weather.example", "weather.invalid"))
    with Host(output=lambda line: None) as host:
        answer = host.request(NativeApp(app.HttpIncoming), Incoming(uri="http://shop.example/"))

    assert (answer.status, bytes(answer.body)) == (502, b"No forecast available.")


class Weather(BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b'{"celsius": 3}' if self.path == "/now?city=Oslo" else b"?")

    def log_message(self, *args):
        pass


def test_the_app_answers_with_what_its_origin_says():
    with ThreadingHTTPServer(("127.0.0.1", 0), Weather) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        url = f"http://127.0.0.1:{server.server_port}"
        app = module(BLOCKS[0].replace("https://weather.example", url))
        with Host() as host:
            answer = host.request(NativeApp(app.HttpIncoming), Incoming(uri="http://shop.example/"))
        server.shutdown()
        thread.join()

    assert (answer.status, json.loads(bytes(answer.body))) == (200, {"celsius": 3})


def test_both_kinds_of_session_can_be_made_without_a_host():
    made = module(BLOCKS[1])

    assert made.session.cookies.get_dict() == {"app": "1"}
    assert made.service_account.keep_cookies


@pytest.mark.usefixtures("guest")
def test_several_are_gathered(echo):
    found = module(BLOCKS[2]).prices([f"{echo.url}/a", "http://127.0.0.1:1/"])

    assert found[0]["path"] == "/a"
    assert "failed" in found[1]


@pytest.mark.parametrize("name", [m.name for m in pkgutil.iter_modules(requests.__path__)])
def test_the_examples_of_a_module_do_what_they_say(name):
    result = doctest.testmod(importlib.import_module(f"fastly_compute.requests.{name}"))

    assert result.failed == 0


@pytest.mark.parametrize(
    "name", [n for n in requests.__all__ if isinstance(getattr(requests, n), type)]
)
def test_every_class_has_an_example_or_is_an_exception(name):
    kind = getattr(requests, name)
    has_none = (requests.RequestException, Warning, dict)

    assert ">>>" in kind.__doc__ or issubclass(kind, has_none)
