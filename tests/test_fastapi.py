"""FastAPI on every host: natively with pydantic-core from PyPI, in a component if it was built."""

import json
from contextlib import closing
from http.client import HTTPConnection
from importlib.metadata import distribution
from pathlib import Path
from urllib.parse import urlsplit

import pytest

pytest.importorskip("fastapi", reason="hatch test installs it")

pytestmark = pytest.mark.xdist_group("fastapi")

APP = Path(__file__).parent / "fastapi_app"
CORE = "pydantic_core/_pydantic_core.cpython-314-wasm32-wasi.so"
MULTIPART = (
    b'--b\r\nContent-Disposition: form-data; name="name"\r\n\r\nZo\xc3\xab\r\n'
    b'--b\r\nContent-Disposition: form-data; name="file"; filename="f.txt"\r\n\r\n'
    b"12345\r\n--b--\r\n"
)


@pytest.fixture
def app(servers, host):
    if host != "native" and not Path(distribution("pydantic-core").locate_file(CORE)).exists():
        pytest.skip("pydantic-core is not built for the guest: run tools/build_pydantic_core.py")
    return servers.get(host, APP, "main")


def ask(app, path, method="GET", body=None, **headers):
    with closing(HTTPConnection(urlsplit(app.url).netloc, timeout=120)) as connection:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        connection.request(method, path, body, named)
        answer = connection.getresponse()
        content = answer.read()
    return answer.status, json.loads(content) if content[:1] in b"{[" else content


def post(app, item):
    return ask(app, "/items", "POST", json.dumps(item), content_type="application/json")


def test_a_body_is_validated_and_converted(app) -> None:
    tags = [{"name": "a", "at": "2026-01-31T12:00:00Z"}]
    status, item = post(app, {"id": "7", "tags": tags, "parent": {"id": 1, "color": "blue"}})

    assert status == 201
    assert (item["id"], item["name"], item["color"], item["tags"]) == (7, "lamp", "red", tags)
    assert item["parent"]["color"] == "blue"


@pytest.mark.parametrize(
    ("item", "kind", "place"),
    [
        ({}, "missing", ["body", "id"]),
        ({"id": 0}, "greater_than", ["body", "id"]),
        ({"id": 1, "name": "Lamp"}, "string_pattern_mismatch", ["body", "name"]),
        ({"id": 1, "name": "taken"}, "value_error", ["body", "name"]),
        ({"id": 1, "more": 2}, "extra_forbidden", ["body", "more"]),
        ({"id": 1, "tags": [{"name": "a", "at": "soon"}]}, None, ["body", "tags", 0, "at"]),
    ],
)
def test_what_is_wrong_in_a_body_is_named(app, item, kind, place) -> None:
    status, answer = post(app, item)
    (error,) = answer["detail"]

    assert (status, error["loc"]) == (422, place)
    assert kind in (None, error["type"])


def test_parameters_are_converted(app) -> None:
    status, item = ask(app, "/items/7?tag=a&tag=b&color=red")

    assert (status, item["id"], item["color"]) == (200, 7, "red")
    assert [tag["name"] for tag in item["tags"]] == ["a", "b"]
    assert ask(app, "/items/seven")[0] == 422


def test_generic_models_and_dependencies_and_the_lifespan(app) -> None:
    assert ask(app, "/page")[1]["items"][0]["id"] == 1
    assert ask(app, "/me") == (401, {"detail": "who are you?"})
    assert ask(app, "/me", x_user="Ada") == (200, {"hello": "Ada"})


def test_synchronous_endpoints_dependencies_and_tasks_run_inline(app) -> None:
    assert ask(app, "/synchronous") == (200, ["open", "used"])
    assert app.says("closed after ['open', 'used']")
    assert app.says("after the response")


def test_forms_with_files_and_streams(app) -> None:
    sent = {"content_type": "multipart/form-data; boundary=b"}

    assert ask(app, "/form", "POST", MULTIPART, **sent) == (
        200,
        {"name": "Zoë", "file": "f.txt", "size": 5},
    )
    assert ask(app, "/stream") == (200, b"one,two")


def test_the_schema_and_its_page_are_served(app) -> None:
    status, schema = ask(app, "/openapi.json")

    assert (status, schema["info"]["title"]) == (200, "Items")
    assert schema["components"]["schemas"]["Item-Input"]["required"] == ["id"]
    assert b"swagger-ui" in ask(app, "/docs")[1]


def test_what_fails_is_a_500_and_its_traceback_is_in_the_log(app) -> None:
    assert ask(app, "/broken") == (500, b"Internal Server Error")
    assert app.says("RuntimeError: this page is broken")
