import maintenance
import pytest

TESTER = "192.0.2.1"


@pytest.fixture
def compute_app():
    return maintenance.HttpIncoming


@pytest.fixture(autouse=True)
def site(compute_host):
    compute_host.backend("origin").get("/", text="welcome")
    compute_host.config_stores["site"] = {"maintenance-testers": f"198.51.100.1 {TESTER}"}
    return compute_host.config_stores["site"]


def test_the_store_turns_the_page_on_and_off(compute_client, site):
    statuses = []
    for switch in ("off", "on", "off"):
        site["maintenance"] = switch
        statuses.append(compute_client.get("/").status)

    assert statuses == [200, 503, 200]


def test_the_page_is_for_now_and_for_browsers(compute_client, site):
    site["maintenance"] = "on"
    site["maintenance-notice"] = "Back at 5 & <b>better</b>"
    answer = compute_client.get("/")

    assert (answer.headers["Retry-After"], answer.headers["Cache-Control"]) == ("600", "no-store")
    assert "Back at 5 &amp; &lt;b&gt;better&lt;/b&gt;" in answer.text


def test_requests_of_any_kind_are_forwarded(compute_host, compute_client):
    compute_host.backend("origin").post("/cart", status=201)
    answer = compute_client.post("/cart?size=2", body=b"a lamp", headers={"Cookie": "a=b"})
    (call,) = compute_host.calls

    assert (answer.status, call.query, call.body) == (201, "size=2", b"a lamp")
    assert call.headers["Cookie"] == "a=b"


def test_testers_see_the_site(compute_client, site):
    site["maintenance"] = "on"

    assert compute_client.get("/", client_address=TESTER).text == "welcome"
    assert compute_client.get("/", client_address="192.0.2.10").status == 503


def test_if_the_store_cannot_be_read_the_site_stays_up(compute_host, compute_client, capsys):
    compute_host.fail("config-store", "store.get", "generic-error")

    assert compute_client.get("/").text == "welcome"
    assert "the site stays up" in capsys.readouterr().out
