import ab_cookie
import pytest


@pytest.fixture
def compute_app():
    return ab_cookie.HttpIncoming


@pytest.fixture(autouse=True)
def variants(compute_host):
    for name in ab_cookie.VARIANTS:
        compute_host.backend(f"variant-{name}").get("/lamp", text=f"lamp {name}")


@pytest.mark.parametrize("variant", ["a", "b"])
def test_a_visitor_gets_a_variant_and_a_strict_cookie(compute_client, monkeypatch, variant):
    monkeypatch.setattr("secrets.choice", lambda variants: variant)
    answer = compute_client.get("/lamp")
    name, *attributes = answer.headers["Set-Cookie"].split("; ")

    assert answer.text == f"lamp {variant}"
    assert name == f"__Host-variant={variant}"
    assert {"Secure", "HttpOnly", "SameSite=Lax", "Path=/"} <= set(attributes)


@pytest.mark.parametrize("variant", ["a", "b"])
def test_the_cookie_decides_from_then_on(compute_client, variant):
    answer = compute_client.get("/lamp", headers={"Cookie": f"__Host-variant={variant}"})

    assert (answer.text, "Set-Cookie" in answer.headers) == (f"lamp {variant}", False)


def test_each_variant_is_cached_apart(compute_host, compute_client):
    for variant in "abab":
        answer = compute_client.get("/lamp", headers={"Cookie": f"__Host-variant={variant}"})
        assert answer.text == f"lamp {variant}"
        assert answer.headers["Cache-Control"] == "private, no-cache"

    assert len(compute_host.calls) == 2


def test_a_cookie_cannot_name_another_backend(compute_client):
    answer = compute_client.get("/lamp", headers={"Cookie": "__Host-variant=evil"})

    assert answer.text in {"lamp a", "lamp b"}
    assert answer.headers["Set-Cookie"].startswith("__Host-variant=")


def test_a_variant_that_is_down_is_a_502(compute_host, compute_client):
    compute_host.backend("variant-a").error("connection-refused", path="/sofa")

    assert compute_client.get("/sofa", headers={"Cookie": "__Host-variant=a"}).status == 502
