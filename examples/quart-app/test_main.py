import main
import pytest


@pytest.fixture
def compute_app():
    return main.HttpIncoming


@pytest.fixture(autouse=True)
def settings(compute_host):
    compute_host.config_stores["shop"] = {"currency": "EUR"}


def test_the_parts_of_a_product_are_put_together(compute_host, compute_client):
    compute_host.backend("prices").get("/7", json=3.5)
    compute_host.backend("stock").get("/7", json=12)
    compute_host.backend("reviews").get("/7", json=[5, 4])

    assert compute_client.get("/products/7").json() == {
        "price": 3.5,
        "currency": "EUR",
        "stock": 12,
        "reviews": [5, 4],
    }


def test_only_the_price_is_vital(compute_host, compute_client):
    compute_host.backend("prices").get("/7", json=3.5)
    compute_host.backend("stock").error("dns-timeout")
    compute_host.backend("reviews").get("/7", status=404)
    found = compute_client.get("/products/7").json()
    compute_host.backend("prices").get("/8", text="this is not JSON")
    compute_host.backend("reviews").get("/8", json=[])
    missing = compute_client.get("/products/8")

    assert (found["stock"], found["reviews"]) == (None, None)
    assert (missing.status, missing.json()) == (502, {"error": "the price is not known"})


def test_prices_are_changed_as_they_arrive(compute_host, compute_client):
    compute_host.backend("prices").get("/all", chunks=[b"lamp 3.", b"50\nbed 99\n", b"sofa 250\n"])
    answer = compute_client.get("/prices")

    assert answer.text == "lamp 3.50 EUR\nbed 99 EUR\nsofa 250 EUR\n"


def test_prices_that_end_too_early_do_not_pass_for_all(compute_host, compute_client):
    compute_host.backend("prices").get("/all", text="lamp 3.50\nbed 99\n", truncate_at=12)

    assert not compute_client.get("/prices").complete


def test_a_review_is_taken_and_counted(compute_host, compute_client):
    compute_host.backend("reviews").post("/7", status=201)
    compute_host.backend("statistics").post("/7/5")
    answer = compute_client.post("/reviews/7", json=5)

    assert (answer.status, answer.json()) == (201, {"taken": True})
    assert [call.path for call in compute_host.calls] == ["/7", "/7/5"]


def test_a_review_is_taken_if_the_statistics_are_down(compute_host, compute_client):
    compute_host.backend("reviews").post("/7", status=201)
    compute_host.backend("statistics").error("connection-refused")
    answer = compute_client.post("/reviews/7", json=5)

    assert (answer.status, answer.complete) == (201, True)


@pytest.mark.parametrize(
    ("body", "status"),
    [(b"", 400), (b"{", 400), (b"0", 422), (b"true", 422), (b'"5"', 422), (b"1" * 10_001, 413)],
)
def test_what_is_not_a_review_is_refused(compute_client, body, status):
    headers = {"Content-Type": "application/json"}
    answer = compute_client.post("/reviews/7", headers=headers, body=body)

    assert answer.status == status
    assert "error" in answer.json()
