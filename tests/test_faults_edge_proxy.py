"""examples/edge-proxy, with each host call failing that it makes."""

from pathlib import Path

import pytest

from fastly_compute.local import NativeApp, WasmApp
from fastly_compute.testing import ComputeClient, inject_faults

pytestmark = pytest.mark.xdist_group("edge-proxy-faults")

APP = Path(__file__).parent.parent / "examples/edge-proxy"


@pytest.fixture(params=["native", "wasm"])
def app(request, examples) -> NativeApp | WasmApp:
    return examples.get(request.param, "edge-proxy")


def asking(method: str, path: str, **options):
    """Make a scenario of one request, with an origin and a target that answer."""

    def scenario(compute_host, compute_client) -> None:
        compute_host.load(APP / "fastly.toml")
        origin = compute_host.backend("origin")
        origin.get("/some/path", json={"a": 1}, headers={"ETag": '"1"'})
        origin.post("/some/path", status=201, chunks=[b"one", b"two"])
        compute_host.target("www.fastly.com").get("/there", text="hello")
        (answer,) = compute_client.requests([compute_client.prepare(method, path, **options)])

        assert answer.status in {200, 201, 500, 502}

    return scenario


@pytest.mark.parametrize(
    ("method", "path", "options", "least"),
    [
        ("GET", "/", {}, 8),
        ("HEAD", "/", {}, 8),
        ("GET", "/origin/some/path?a=1", {}, 20),
        ("POST", "/origin/some/path", {"body": b"hello " * 100}, 20),
        ("GET", "/dynamic?url=https://www.fastly.com/there", {}, 20),
        ("GET", "/backends", {}, 10),
    ],
)
def test_no_host_call_that_fails_brings_the_app_down(app, method, path, options, least) -> None:
    swept = inject_faults(app, asking(method, path, **options))

    assert len(swept.calls) >= least


@pytest.mark.parametrize(
    "error", ["limit-exceeded", "http-incomplete", "unsupported", "dns-timeout"]
)
def test_it_is_the_same_for_other_errors(app, error) -> None:
    inject_faults(app, asking("GET", "/origin/some/path"), errors=[error])


@pytest.fixture
def client(app, compute_host) -> ComputeClient:
    compute_host.load(APP / "fastly.toml")
    return ComputeClient(compute_host.host, app)


def test_a_host_that_gives_and_takes_little_changes_nothing(client, compute_host) -> None:
    compute_host.backend("origin").post("/some/path", json={"a": "b" * 300})
    compute_host.caching = False
    whole = client.post("/origin/some/path", body=b"hello " * 100)
    compute_host.tiny_buffers()
    compute_host.short_writes(most=7)
    little = client.post("/origin/some/path", body=b"hello " * 100)

    assert (whole.status, len(whole.body)) == (200, 309)
    assert (little.status, little.body) == (200, whole.body)
    assert [len(call.body) for call in compute_host.calls] == [600, 600]
    assert compute_host.secrets_read == [("edge-proxy", "signing-key")] * 2


def test_a_host_call_fails_as_a_test_wants_it(client, compute_host) -> None:
    compute_host.backend("origin").get("/", text="hello")
    compute_host.fail("http-req", "send", "tls-certificate-error", on_call=1)
    answers = [client.get("/origin/") for _ in range(2)]

    assert [answer.status for answer in answers] == [502, 200]
    assert len(compute_host.calls) == 1


def test_a_dynamic_backend_is_recorded(client, compute_host) -> None:
    compute_host.target("www.fastly.com").get("/there", text="hello", latency=11)
    answer = client.get("/dynamic?url=https://www.fastly.com/there")
    (config,) = compute_host.backends.values()

    assert (config.authority, config.use_tls) == ("www.fastly.com", True)
    assert config.first_byte_timeout_ms == 10_000
    assert answer.status == 502
