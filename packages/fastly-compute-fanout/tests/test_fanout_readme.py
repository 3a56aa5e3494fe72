"""The examples in the README do what it says."""

import doctest
import importlib
import pkgutil
import re
from pathlib import Path
from types import ModuleType

import pytest

from fastly_compute import fanout
from fastly_compute.fanout import Grip, GripRequest
from fastly_compute.http import IncomingRequest
from fastly_compute.local import Incoming, NativeApp
from fastly_compute.secret_store import Secret

README = (Path(__file__).parent.parent / "README.md").read_text()
APP, CHAT, TELL = re.findall(r"^```python\n(.*?)^```$", README, re.DOTALL | re.MULTILINE)
SECRET = b"a secret of 32 bytes, more or so"


class PushpinsGrip(Grip):
    """The README app's Grip, with a secret that the test knows."""

    def verify(self, request: IncomingRequest) -> GripRequest:
        return Grip(key=Secret.from_bytes(SECRET)).verify(request)


def module_of(code: str) -> ModuleType:
    module = ModuleType("readme_app")
    exec(compile(code, "README.md", "exec"), vars(module))
    return module


@pytest.fixture
def ask(compute_host):
    def ask(code: str, **incoming):
        module = module_of(code)
        if "headers" in incoming:
            vars(module)["GRIP"] = PushpinsGrip()
        compute_host.backend("self")
        return compute_host.host.request(NativeApp(module.HttpIncoming), Incoming(**incoming))

    return ask


def test_the_apps_hand_off_requests_that_do_not_come_through_fanout(compute_host, ask) -> None:
    ask(APP)
    ask(CHAT)

    assert [(off.kind, off.backend) for off in compute_host.handoffs] == [("grip", "self")] * 2


def test_the_app_holds_requests_that_come_through_fanout(ask, signer) -> None:
    signed = [("Grip-Sig", signer.hs256().encode())]
    events = ask(APP, uri="http://localhost/events", headers=signed)
    poll = ask(APP, headers=signed)

    assert dict(events.headers)["Grip-Hold"] == b"stream"
    assert bytes(events.body) == b"data: welcome\n\n"
    assert dict(poll.headers)["Grip-Timeout"] == b"30"


def test_the_app_refuses_a_forged_signature(ask, signer) -> None:
    forged = [("Grip-Sig", signer.hs256(secret=b"another").encode())]

    assert ask(APP, headers=forged).status == 403
    assert ask(CHAT, headers=forged).status == 403


def test_the_chat_answers_with_a_name(ask, signer) -> None:
    signed = [
        ("Grip-Sig", signer.hs256().encode()),
        ("Content-Type", b"application/websocket-events"),
    ]
    opened = ask(CHAT, uri="http://h/?name=Ada", method="POST", headers=signed, body=b"OPEN\r\n")
    remembered = [*signed, ("Meta-Name", b"Ada")]
    talked = ask(CHAT, method="POST", headers=remembered, body=b"TEXT 2\r\nhi\r\n")

    assert dict(opened.headers)["Set-Meta-name"] == b"Ada"
    assert bytes(talked.body) == b"TEXT 9\r\nm:Ada: hi\r\n"


def test_what_the_readme_publishes_arrives(compute_host) -> None:
    compute_host.secrets["keys"]["fastly-api"] = b"token"
    compute_host.target("api.fastly.com").add("POST", "/service/SERVICE_ID/publish/")
    module_of(TELL).tell("hello")
    (item,) = compute_host.calls[0].json()["items"]

    assert item["formats"] == {
        "http-stream": {"content": "data: hello\n\n"},
        "ws-message": {"content": "hello"},
    }


@pytest.mark.parametrize("name", [module.name for module in pkgutil.iter_modules(fanout.__path__)])
def test_the_examples_of_a_module_run(name) -> None:
    result = doctest.testmod(importlib.import_module(f"fastly_compute.fanout.{name}"))

    assert result.failed == 0
