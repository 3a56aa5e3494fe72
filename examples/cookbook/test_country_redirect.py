import country_redirect
import pytest

NORWAY = "192.0.2.1"


@pytest.fixture
def compute_app():
    return country_redirect.HttpIncoming


@pytest.fixture(autouse=True)
def norway(compute_host):
    compute_host.geolocation[NORWAY] = {"country_code": "NO"}


@pytest.mark.parametrize(("address", "shop"), [(NORWAY, "/no/"), ("203.0.113.1", "/en/")])
def test_the_home_page_leads_to_the_shop_of_the_country(compute_client, address, shop):
    answer = compute_client.get("/", client_address=address)

    assert (answer.status, answer.headers["Location"]) == (302, shop)
    assert answer.headers["Cache-Control"] == "private, no-store"


def test_a_choice_takes_precedence_over_the_country(compute_client):
    chosen = compute_client.get("/choose?shop=de")
    cookie = chosen.headers["Set-Cookie"].partition(";")[0]
    home = compute_client.get("/", headers={"Cookie": cookie}, client_address=NORWAY)

    assert (chosen.headers["Location"], home.headers["Location"]) == ("/de/", "/de/")
    assert "Secure; HttpOnly; SameSite=Lax" in chosen.headers["Set-Cookie"]


@pytest.mark.parametrize("shop", ["", "xx", "//evil.example", "https://evil.example/", "/no/"])
def test_no_request_leads_to_another_site(compute_client, shop):
    refused = compute_client.get(f"/choose?shop={shop}")
    home = compute_client.get("/", headers={"Cookie": f"__Host-shop={shop}"})

    assert (refused.status, home.headers["Location"]) == (400, "/en/")


def test_without_geolocation_everyone_gets_the_default(compute_host, compute_client, capsys):
    compute_host.fail("geo", "lookup", "generic-error")

    assert compute_client.get("/", client_address=NORWAY).headers["Location"] == "/en/"
    assert NORWAY in capsys.readouterr().out
