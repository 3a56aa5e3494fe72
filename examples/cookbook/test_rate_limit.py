import pytest
import rate_limit


@pytest.fixture
def compute_app():
    return rate_limit.HttpIncoming


@pytest.fixture(autouse=True)
def origin(compute_host):
    compute_host.backend("origin").get("/", text="welcome")


@pytest.mark.parametrize(
    ("address", "same", "other"),
    [
        ("192.0.2.1", "192.0.2.1", "192.0.2.2"),
        ("2001:db8::1", "2001:db8::ffff:0:0:2", "2001:db8:0:1::1"),
    ],
)
def test_too_many_requests_are_refused_for_a_minute(
    compute_host, compute_client, address, same, other
):
    statuses = [compute_client.get("/", client_address=address).status for _ in range(201)]
    refused = compute_client.get("/", client_address=same)

    assert statuses == [200] * 200 + [429]
    assert (refused.status, refused.headers["Retry-After"]) == (429, "60")
    assert compute_client.get("/", client_address=other).status == 200
    compute_host.clock.advance(121)
    assert compute_client.get("/", client_address=address).status == 200


def test_no_header_makes_another_client_of_one(compute_client):
    answers = [
        compute_client.get("/", headers={"X-Forwarded-For": f"198.51.100.{number}"})
        for number in range(201)
    ]

    assert answers[-1].status == 429


def test_if_the_limiter_fails_the_site_stays_up(compute_host, compute_client, capsys):
    compute_host.fail("erl", "rate-counter.check-rate", "generic-error")

    assert compute_client.get("/").text == "welcome"
    assert "not limited" in capsys.readouterr().out
