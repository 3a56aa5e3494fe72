import graphql_cache
import pytest


@pytest.fixture
def compute_app():
    return graphql_cache.HttpIncoming


@pytest.fixture(autouse=True)
def api(compute_host):
    return compute_host.backend("api")


@pytest.fixture
def ask(compute_client):
    return lambda name, **variables: compute_client.post(
        "/graphql", json={"operationName": name, "variables": variables}
    )


def test_the_same_query_is_sent_once_a_minute(compute_host, ask, api):
    api.post("/graphql", json={"data": {"price": 7}})
    api.post("/graphql", json={"data": {"price": 8}})
    first = [ask("Product", id="lamp").json()["data"]["price"] for _ in range(2)]
    compute_host.clock.advance(61)

    assert [*first, ask("Product", id="lamp").json()["data"]["price"]] == [7, 7, 8]
    assert compute_host.calls[0].json()["query"] == graphql_cache.QUERIES["Product"]


def test_other_variables_are_another_query(compute_host, ask, api):
    api.post("/graphql", json={"data": None})
    for name in ("lamp", "sofa", "lamp"):
        ask("Product", id=name)

    assert [call.json()["variables"]["id"] for call in compute_host.calls] == ["lamp", "sofa"]


@pytest.mark.parametrize(
    "reply", [{"json": {"errors": ["no"]}}, {"status": 500, "json": {}}, {"text": "<html>"}]
)
def test_an_error_is_not_kept(compute_host, ask, api, reply):
    api.post("/graphql", **reply)
    api.post("/graphql", json={"data": []})

    assert [ask("Categories").status for _ in range(2)] == [502, 200]


def test_an_api_that_is_down_is_a_502(ask, api):
    api.error("connection-refused")

    assert ask("Categories").status == 502


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b"{}",
        b'{"query": "mutation { drop }"}',
        b'{"operationName": "Drop"}',
        b'{"operationName": ["Product"]}',
        b'{"operationName": "Product", "variables": 7}',
        b'{"operationName": "Product", "variables": ' + b"[" * 1900,
        b'{"operationName": "Product", "variables": {"id": "' + b"x" * 2000 + b'"}}',
    ],
)
def test_no_other_query_is_sent(compute_host, compute_client, body):
    assert compute_client.post("/graphql", body=body).status == 400
    assert not compute_host.calls
