import fan_in
import pytest


@pytest.fixture
def compute_app():
    return fan_in.HttpIncoming


@pytest.fixture(autouse=True)
def product(compute_host):
    return compute_host.backend("product")


@pytest.fixture(autouse=True)
def reviews(compute_host):
    return compute_host.backend("reviews")


@pytest.fixture(autouse=True)
def stock(compute_host):
    compute_host.backend("stock").get("/lamp", json=3)


def test_the_parts_are_put_together(compute_client, product, reviews):
    product.get("/lamp", json={"price": 7})
    reviews.get("/lamp", json=["bright"])
    answer = compute_client.get("/products/lamp")

    assert answer.json() == {"product": {"price": 7}, "reviews": ["bright"], "stock": 3}
    assert answer.headers["Cache-Control"] == "public, max-age=10"


@pytest.mark.parametrize(
    "reply",
    [
        {"latency": 5, "json": []},
        {"status": 500},
        {"text": "<html>"},
        {"body": b"1" + b" " * 1_000_000},
    ],
)
def test_a_part_that_is_late_or_wrong_is_left_out(compute_client, product, reviews, reply):
    product.get("/lamp", json={"price": 7})
    reviews.get("/lamp", **reply)
    answer = compute_client.get("/products/lamp")

    assert answer.json() == {"product": {"price": 7}, "reviews": None, "stock": 3}
    assert answer.headers["Cache-Control"] == "no-store"


def test_a_backend_that_is_down_is_left_out_and_logged(compute_client, product, reviews, capsys):
    product.get("/lamp", json={"price": 7})
    reviews.error("connection-refused")

    assert compute_client.get("/products/lamp").json()["reviews"] is None
    assert "reviews: " in capsys.readouterr().out


def test_without_the_product_there_is_no_page(compute_client, product, reviews):
    product.get("/lamp", status=404)
    reviews.get("/lamp", json=[])

    assert compute_client.get("/products/lamp").status == 502


def test_other_paths_ask_nobody(compute_host, compute_client):
    assert compute_client.get("/products/../admin").status == 404
    assert not compute_host.calls
