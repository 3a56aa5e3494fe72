import json

import main
import pytest

SECTIONS = {"news": ["all is well"], "weather": {"celsius": 7}, "stocks": {"up": True}}
ORDER = {"product": "lamp", "count": 2}


@pytest.fixture
def compute_app():
    return main.HttpIncoming


@pytest.fixture
def sections(compute_host):
    for name, content in SECTIONS.items():
        compute_host.backend(name).get("/", json=content)


def test_the_sections_are_put_together(sections, compute_client):
    assert compute_client.get("/").json() == SECTIONS


def test_a_section_may_be_missing(compute_host, compute_client):
    compute_host.backend("news").get("/", json=["all is well"])
    compute_host.backend("weather").error("connection-timeout")
    compute_host.backend("stocks").get("/", text="this is not JSON")

    assert compute_client.get("/").json() == {
        "news": ["all is well"],
        "weather": None,
        "stocks": None,
    }


def test_the_sections_are_streamed(sections, compute_client):
    answer = compute_client.get("/stream")

    assert answer.headers["Content-Type"] == "application/x-ndjson"
    assert dict(json.loads(line) for line in answer.text.splitlines()) == SECTIONS


def test_an_order_is_placed_and_counted(compute_host, compute_client):
    compute_host.backend("orders").post("/", status=201, json={"number": 7})
    compute_host.backend("statistics").post("/")
    answer = compute_client.post("/orders", json=ORDER)

    assert (answer.status, answer.json()) == (201, {"number": 7})
    assert [(call.backend, call.json()) for call in compute_host.calls] == [
        ("orders", ORDER),
        ("statistics", ORDER),
    ]


def test_an_order_counts_if_the_statistics_are_down(compute_host, compute_client):
    compute_host.backend("orders").post("/", status=201, json={"number": 7})
    compute_host.backend("statistics").error("connection-refused")
    answer = compute_client.post("/orders", json=ORDER)

    assert (answer.status, answer.complete) == (201, True)


def test_an_order_that_is_not_placed_is_a_502(compute_host, compute_client):
    compute_host.backend("orders").post("/", status=500)
    compute_host.backend("statistics")
    answer = compute_client.post("/orders", json=ORDER)

    assert (answer.status, answer.json()) == (502, {"error": "the order was not placed"})
    assert [call.backend for call in compute_host.calls] == ["orders"]


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"", 400),
        (b"{", 400),
        (b"\xff", 400),
        (b"[" * 10_000, 400),
        (b"[]", 422),
        (b'{"product": "lamp", "count": 0}', 422),
        (b'{"product": "lamp", "count": true}', 422),
        (b'{"product": "", "count": 1}', 422),
        (b" " * 10_001, 413),
    ],
)
def test_what_is_not_an_order_is_refused(compute_client, body, status):
    answer = compute_client.post("/orders", body=body)

    assert answer.status == status
    assert "error" in answer.json()
