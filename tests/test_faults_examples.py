"""The examples that serve pages, with each host call failing that a request makes."""

from pathlib import Path

import pytest

from fastly_compute.testing import inject_faults

pytestmark = pytest.mark.xdist_group("wsgi-examples")

EXAMPLES = Path(__file__).parent.parent / "examples"
FORM = {
    "body": b"name=Ada",
    "headers": {"Content-Type": "application/x-www-form-urlencoded"},
}
# What is sent.
PAGES = [
    ("GET", "/", {"headers": {"Cookie": "name=Ada"}}),
    ("GET", "/static/style.css", {}),
    ("GET", "/nowhere", {}),
    ("GET", "/broken", {}),
    ("POST", "/name", FORM),
    ("PUT", "/upload", {"body": b"content"}),
    ("GET", "/download/200000", {}),
    ("HEAD", "/download/200000", {}),
    ("GET", "/origin/cart", {}),
    ("POST", "/origin/cart", {"body": b"one more"}),
]
SENT = [
    *(("first-look", method, "/cart", options) for method, _, options in PAGES[-2:]),
    *((f"{framework}-app", *page) for framework in ("bottle", "django", "flask") for page in PAGES),
]


@pytest.mark.parametrize("host", ["native", "wasm"])
@pytest.mark.parametrize(("name", "method", "path", "options"), SENT)
def test_no_host_call_that_fails_brings_an_example_down(
    examples, host, name, method, path, options
) -> None:
    def scenario(compute_host, compute_client) -> None:
        compute_host.load(EXAMPLES / name / "fastly.toml")
        origin = compute_host.backend("origin")
        origin.get("/cart", chunks=[b"one", b"two"])
        origin.post("/cart", status=201, json={"items": 3})
        compute_client.requests([compute_client.prepare(method, path, **options)])

    swept = inject_faults(examples.get(host, name), scenario)

    assert len(swept.calls) >= 8
