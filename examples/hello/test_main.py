import main
import pytest


@pytest.fixture
def compute_app():
    return main.HttpIncoming


def test_the_front_page_greets(compute_client):
    answer = compute_client.get("/")

    assert (answer.status, answer.text) == (200, "Hello from the edge\n")


def test_any_other_page_is_not_found(compute_client):
    assert compute_client.get("/nowhere").status == 404
