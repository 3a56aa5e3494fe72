import gateway
import pytest

TOKEN = {"Authorization": "Bearer a purge token"}


@pytest.fixture
def compute_app():
    return gateway.HttpIncoming


@pytest.fixture(autouse=True)
def api(compute_host):
    compute_host.secrets["gateway"]["api-key"] = b"an API key"
    compute_host.secrets["gateway"]["purge-token"] = b"a purge token"
    return compute_host.backend("api")


def test_the_api_gets_its_key_and_nothing_of_the_client(compute_host, compute_client, api):
    api.get("/lamps", json=["lamp"], query={"page": "2"})
    headers = {"Authorization": "Bearer mine", "Cookie": "session=1"}
    answer = compute_client.get("/lamps?page=2", headers=headers)
    (call,) = compute_host.calls

    assert answer.json() == ["lamp"]
    assert call.headers["Authorization"] == "Bearer an API key"
    assert "Cookie" not in call.headers


def test_a_second_try_overcomes_a_failure(compute_client, api):
    api.error("connection-terminated")
    api.get("/lamps", text="lamps")

    assert compute_client.get("/lamps").text == "lamps"


def test_after_two_failures_the_client_gets_a_502_without_details(
    compute_host, compute_client, api
):
    api.get("/lamps", status=503, text="database db-7 is down")
    answer = compute_client.get("/lamps")

    assert (answer.status, answer.text) == (502, "the API is not available\n")
    assert len(compute_host.calls) == 2


def test_a_purge_needs_the_token(compute_host, compute_client, api):
    api.get("/lamps", text="lamps")
    for headers in ({}, {"Authorization": "Bearer wrong"}, TOKEN):
        compute_client.get("/lamps")
        status = compute_client.post("/purge", headers=headers).status
        assert status == (204 if headers == TOKEN else 403)
    compute_client.get("/lamps")

    assert len(compute_host.calls) == 2


def test_nothing_can_be_changed(compute_host, compute_client):
    assert compute_client.delete("/lamps").status == 405
    assert not compute_host.calls
