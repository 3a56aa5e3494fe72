import image_links
import pytest

from fastly_compute.testing import Reply


@pytest.fixture
def compute_app():
    return image_links.HttpIncoming


@pytest.fixture(autouse=True)
def images(compute_host):
    return compute_host.backend("images")


@pytest.fixture
def made(compute_host):
    """The requests that the Image Optimizer received."""
    calls = []

    def transform(call):
        calls.append(call)
        return Reply(body=b"a small lamp")

    compute_host.image_optimizer = transform
    return calls


def test_a_link_is_an_image_of_that_width(compute_client, made):
    answer = compute_client.get("/320/lamp.jpg?blur=50", headers={"Accept": "image/avif"})
    (call,) = made

    assert answer.body == b"a small lamp"
    assert (call.origin.path, call.options["width"]) == ("/lamp.jpg", "320")
    assert call.origin.headers["Accept"] == "image/avif"
    assert "blur" not in call.options


@pytest.mark.parametrize(
    "path", ["/321/lamp.jpg", "/99999/lamp.jpg", "/320/..%2Fkey.pem", "/320/a/b.jpg", "/320/"]
)
def test_other_links_lead_nowhere(compute_host, compute_client, made, path):
    assert compute_client.get(path).status == 404
    assert (made, list(compute_host.calls)) == ([], [])


def test_without_the_image_optimizer_the_original_is_sent(compute_client, images):
    images.get("/lamp.jpg", body=b"a large lamp")

    assert compute_client.get("/320/lamp.jpg").body == b"a large lamp"


def test_images_that_cannot_be_reached_are_a_502(compute_client, images):
    images.error("connection-refused")

    assert compute_client.get("/320/lamp.jpg").status == 502


def test_a_page_offers_each_width():
    expected = "/320/lamp.jpg 320w, /640/lamp.jpg 640w, /1280/lamp.jpg 1280w"

    assert image_links.srcset("lamp.jpg") == expected
