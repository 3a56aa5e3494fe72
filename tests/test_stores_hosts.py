"""Config stores and log endpoints as an app sees them, on every host; see tests/stores_app."""

import json
from contextlib import closing
from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import urlsplit
from uuid import uuid4

import pytest

pytestmark = pytest.mark.xdist_group("stores")

APP = Path(__file__).parent / "stores_app"


@pytest.fixture
def app(servers, host):
    return servers.get(host, APP, "stores_app")


@pytest.fixture
def ask(app):
    """Has the app call one of its functions, and returns its response."""

    def ask(do, **arguments):
        with closing(HTTPConnection(urlsplit(app.url).netloc, timeout=30)) as connection:
            connection.request("POST", "/", body=json.dumps({"do": do, **arguments}))
            answer = connection.getresponse()
            content = answer.read()
        assert answer.status == 200, content.decode()
        return json.loads(content)

    return ask


@pytest.fixture
def logged(app):
    """Waits for the messages with a text to an endpoint, and returns them all."""

    def logged(endpoint, text, *, times):
        app.says(f"{endpoint} :: ", text, times=times)
        return [line.partition(" :: ")[2] for line in app.lines if text in line]

    return logged


def test_a_call_at_import_is_an_error_and_no_handle_is_in_the_image(ask) -> None:
    early, open_at_import = ask("too_early")["found"]

    assert sorted(early) == ["endpoint", "store"]
    for message in early.values():
        assert message.endswith("Move the call into the handler.")
    assert open_at_import == 0


def test_a_record_of_the_import_reaches_no_endpoint(app, ask, logged) -> None:
    tag = uuid4().hex
    ask("record", message=tag)
    logged("visits", tag, times=1)

    assert not [line for line in app.lines if " :: " in line and "app is imported" in line]


def test_a_config_store_is_read(ask) -> None:
    assert ask("config", store="settings", keys=["greeting", "missing", "größe"])["found"] == {
        "greeting": ["hi", "hi", True],
        "missing": [None, "default", False],
        "größe": [None, "default", False],
    }


def test_a_name_is_refused_or_accepted_alike(ask) -> None:
    found = ask("opening", stores=["settings", "nowhere", ""], endpoints=["any", "stdout", "a:b"])

    assert [error and error[0] for error in found["found"]] == [
        *[None, "ConfigStoreNotFound", "InvalidConfigName"],
        *[None, "InvalidEndpointName", "InvalidEndpointName"],
    ]
    assert found["found"][1][1] == (
        "config-store.store.open on 'nowhere' failed: the config store does not exist, or is not "
        "linked to this version of the service (not-found)"
    )


def test_a_message_is_one_line_however_long_it_is(ask, logged) -> None:
    tag = uuid4().hex
    long = f"{tag}.long." + "x" * 100_000
    ask("write", endpoint="plain", messages=[f"{tag}.one\ntwo\n", f"{tag}.größe", long])

    messages = logged("plain", tag, times=6)
    assert messages == [f"{tag}.one\\ntwo"] * 2 + [f"{tag}.größe"] * 2 + [long] * 2


def test_a_handler_of_the_import_logs_each_record_once_also_from_a_reused_sandbox(
    ask, logged
) -> None:
    tag = uuid4().hex
    answers = [ask("record", message=f"{tag}.{number}") for number in range(8)]

    records = [json.loads(line) for line in logged("visits", tag, times=8)]
    assert max(answer["served"] for answer in answers) > 1
    assert [record["message"] for record in records] == [f"{tag}.{number}" for number in range(8)]
    assert [record["request_id"] for record in records] == [answer["id"] for answer in answers]
    assert len({answer["id"] for answer in answers}) == 8


def test_an_exception_is_one_line_at_the_other_endpoint(ask, logged) -> None:
    tag = uuid4().hex
    ask("record", message=f"{tag}\nnewline", error=True, extra={"cents": 250, "größe": "\n"})

    (line,) = logged("errors", tag, times=1)
    record = json.loads(line)
    assert (record["level"], record["message"]) == ("ERROR", f"{tag}\nnewline")
    assert record["exception"]["type"] == "KeyError"
    assert "in record" in record["exception"]["traceback"]
    assert (record["cents"], record["größe"]) == (250, "\n")
