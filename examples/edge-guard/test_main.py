import main
import pytest


@pytest.fixture
def compute_app():
    return main.HttpIncoming


@pytest.fixture(autouse=True)
def visitors(compute_host):
    compute_host.load("fastly.toml")
    compute_host.geolocation["198.51.100.1"] = {"country_name": "norway"}


@pytest.mark.parametrize(
    ("address", "status"),
    [
        ("192.0.2.1", 403),
        ("192.0.2.7", 200),
        ("198.51.100.1", 200),
        ("::ffff:192.0.2.1", 403),
    ],
)
def test_the_list_decides_who_comes_in(compute_client, address, status):
    assert compute_client.get("/", client_address=address).status == status


def test_a_visitor_is_greeted_by_country(compute_client):
    known, unknown = (
        compute_client.get("/", client_address=address).text
        for address in ("198.51.100.1", "203.0.113.1")
    )

    assert (known, unknown) == ("Hello, visitor from norway", "Hello, visitor from somewhere")


def test_a_client_that_sends_too_much_gets_a_429_for_five_minutes(compute_host, compute_client):
    answers = [compute_client.get("/", client_address="198.51.100.1") for _ in range(201)]
    other = compute_client.get("/", client_address="198.51.100.2")

    assert [answer.status for answer in answers] == [200] * 200 + [429]
    assert answers[-1].headers["Retry-After"] == "300"
    assert other.status == 200
    compute_host.clock.advance(301)
    assert compute_client.get("/", client_address="198.51.100.1").status == 200


def test_without_the_list_every_client_gets_a_503(compute_host, compute_client):
    compute_host.fail("acl", "acl.lookup", "too-many-requests")
    answer = compute_client.get("/", client_address="198.51.100.1")

    assert answer.status == 503
    assert answer.headers["Retry-After"] == "10"


@pytest.mark.parametrize(
    ("interface", "function", "said"),
    [
        ("erl", "rate-counter.check-rate", "the rate of 198.51.100.1 is not limited"),
        ("geo", "lookup", "the country of 198.51.100.1 is not known"),
    ],
)
def test_without_the_rest_clients_are_let_in(
    compute_host, compute_client, capsys, interface, function, said
):
    compute_host.fail(interface, function, "generic-error")

    assert compute_client.get("/", client_address="198.51.100.1").status == 200
    assert said in capsys.readouterr().out
