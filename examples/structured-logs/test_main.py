import json

import main
import pytest


@pytest.fixture
def compute_app():
    return main.HttpIncoming


@pytest.fixture
def settings(compute_host):
    compute_host.config_stores["settings"] = {"greeting": "Hei"}
    return compute_host.config_stores["settings"]


@pytest.fixture
def logged(compute_host):
    """The messages logged to an endpoint."""
    return lambda endpoint: [json.loads(line) for line in compute_host.logs[endpoint]]


def test_a_request_is_one_line_of_json(compute_client, settings, logged):
    answer = compute_client.get("/?name=Ada")

    assert answer.text == "Hei, Ada!"
    (line,) = logged("requests")
    assert (line["level"], line["message"], line["status"]) == ("INFO", "GET /", 200)
    assert logged("errors") == []


def test_each_line_has_the_id_of_its_request(compute_client, settings, logged):
    settings["level"] = "DEBUG"
    for path in ("/a", "/b"):
        compute_client.get(path)

    ids = [line["request_id"] for line in logged("requests")]
    assert len(ids) == 4
    assert ids[0] == ids[1] != ids[2] == ids[3]


@pytest.mark.parametrize(("level", "lines"), [("DEBUG", 2), ("INFO", 1), ("WARNING", 0)])
def test_the_level_comes_from_the_config_store(compute_client, settings, logged, level, lines):
    settings["level"] = level
    compute_client.get("/")

    assert len(logged("requests")) == lines


def test_an_exception_is_logged_with_its_traceback(compute_client, settings, logged):
    answer = compute_client.get("/?name=" + "x" * 101)

    assert (answer.status, answer.text) == (400, "that name is too long")
    (error,) = logged("errors")
    assert error["exception"]["type"] == "ValueError"
    assert error["exception"]["message"] == "a name has up to 100 characters, not 101"
    assert "in greet" in error["exception"]["traceback"]
    assert [line["status"] for line in logged("requests")] == [400]


def test_a_missing_config_store_is_logged(compute_client, logged):
    assert compute_client.get("/").text == "Hello, visitor!"
    (error,) = logged("errors")
    assert "the config store does not exist" in error["reason"]


def test_a_wrong_level_is_logged(compute_client, settings, logged):
    settings["level"] = "LOUD"
    assert compute_client.get("/").status == 200

    (error,) = logged("errors")
    assert error["message"].endswith("DEBUG, INFO, WARNING, ERROR, not 'LOUD'")
