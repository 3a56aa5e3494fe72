"""The starter kits, with each host call failing that they make."""

import base64
import hashlib
import hmac
import json
import time
from pathlib import Path

import pytest

from fastly_compute.testing import ComputeClient, ComputeHost, inject_faults

pytestmark = pytest.mark.xdist_group("kits-faults")

EXAMPLES = Path(__file__).parent.parent / "examples"
EDGE = "http://127.0.0.1:7676"
KEY = "a key for this machine only"
CONTENT = "what the origin says, " * 50


@pytest.fixture(params=["native", "wasm"])
def cache_kit(request, examples):
    return examples.get(request.param, "cache-starter-kit")


@pytest.fixture(params=["native", "wasm"])
def fanout_kit(request, examples):
    return examples.get(request.param, "fanout-starter-kit")


def is_whole_or_an_error(answer, content) -> None:
    """A good answer has all of its content, or is visibly cut off."""
    assert answer.status in {200, 500, 502}
    if answer.status == 200 and answer.complete:
        assert answer.text == content


def keeping(path, *, before_the_last=lambda compute_host, compute_client: None):
    """Make a scenario of three requests for the same, which the origin can answer."""

    def scenario(compute_host, compute_client) -> None:
        compute_host.backend("origin").get("/news", text=CONTENT)
        for number in range(3):
            if number == 2:
                before_the_last(compute_host, compute_client)
            is_whole_or_an_error(compute_client.get(path), CONTENT)

    return scenario


def time_passes(compute_host, compute_client) -> None:
    compute_host.clock.advance(31)


def is_purged(compute_host, compute_client) -> None:
    compute_host.fastly_keys = [KEY]
    headers = {"Fastly-Key": KEY}
    answer = compute_client.post("/purge/news?soft", headers=headers)
    if answer.status != 403:  # a key that cannot be checked is not valid
        is_whole_or_an_error(answer, "purged")


@pytest.mark.parametrize("meanwhile", [time_passes, is_purged])
@pytest.mark.parametrize(
    ("path", "least"), [("/readthrough/news", 20), ("/simple/news", 40), ("/core/news", 40)]
)
def test_no_host_call_that_fails_brings_the_cache_kit_down(
    cache_kit, path, least, meanwhile
) -> None:
    swept = inject_faults(cache_kit, keeping(path, before_the_last=meanwhile))

    assert len(swept.calls) >= least


def test_it_is_the_same_for_other_errors(cache_kit) -> None:
    errors = ["limit-exceeded", "http-incomplete", "unsupported", "dns-timeout"]
    inject_faults(cache_kit, keeping("/core/news", before_the_last=time_passes), errors=errors)


def grip_sig(key) -> str:
    parts = [{"typ": "JWT", "alg": "HS256"}, {"iss": "pushpin", "exp": int(time.time()) + 3600}]
    encoded = [base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=") for part in parts]
    message = b".".join(encoded)
    signature = base64.urlsafe_b64encode(hmac.digest(key, message, hashlib.sha256)).rstrip(b"=")
    return (message + b"." + signature).decode()


def fanning_out(method, path, content, *, key=b"pushpins", body=b""):
    """Make a scenario of one request, which comes from Fanout where there is a key."""

    def scenario(compute_host, compute_client) -> None:
        compute_host.secrets["fanout"]["pushpin"] = b"pushpins"
        compute_host.backend("self")
        compute_host.backend("origin")
        headers = {"Content-Type": "application/websocket-events"} if method == "POST" else {}
        if key:
            headers["Grip-Sig"] = grip_sig(key)
        answer = compute_client.request(method, f"{EDGE}{path}", headers=headers, body=body)

        assert answer.status in {200, 400, 403, 500}
        if answer.status == 200 and answer.complete and not compute_host.handoffs:
            assert key == b"pushpins"
            assert answer.text == content
            if method == "GET":
                assert answer.headers["Grip-Channel"] == "test"

    return scenario


EVENTS = b"OPEN\r\nTEXT 5\r\nhello\r\nPING\r\n"
ANSWERED = (
    'OPEN\r\nPONG\r\nTEXT 27\r\nc:{"type":"subscribe","channel":"test"}\r\nTEXT 7\r\nm:hello\r\n'
)


@pytest.mark.parametrize(
    ("method", "path", "content", "options"),
    [
        ("GET", "/orders", "", {"key": None}),
        ("GET", "/test/stream", "", {"key": None}),
        ("GET", "/test/stream", "", {"key": b"another"}),
        ("GET", "/test/stream", "[stream open]\n", {}),
        ("GET", "/test/sse", "data: [stream open]\n\n", {}),
        ("GET", "/test/long-poll", "nothing was published\n", {}),
        ("POST", "/test/websocket", ANSWERED, {"body": EVENTS}),
    ],
)
def test_no_host_call_that_fails_brings_the_fanout_kit_down(
    fanout_kit, method, path, content, options
) -> None:
    swept = inject_faults(fanout_kit, fanning_out(method, path, content, **options))

    assert len(swept.calls) >= 3


def test_it_is_the_same_for_other_errors_behind_fanout(fanout_kit) -> None:
    errors = ["limit-exceeded", "http-incomplete", "unsupported", "not-found"]
    scenario = fanning_out("POST", "/test/websocket", ANSWERED, body=EVENTS)
    inject_faults(fanout_kit, scenario, errors=errors)


def test_a_host_that_gives_and_takes_little_changes_nothing(fanout_kit) -> None:
    def asked(little) -> bytes:
        with ComputeHost() as compute_host:
            if little:
                compute_host.tiny_buffers()
                compute_host.short_writes(most=7)
            compute_host.secrets["fanout"]["pushpin"] = b"pushpins"
            headers = {"Content-Type": "application/websocket-events"}
            headers["Grip-Sig"] = grip_sig(b"pushpins")
            client = ComputeClient(compute_host.host, fanout_kit)
            answer = client.post(f"{EDGE}/test/websocket", headers=headers, body=EVENTS)
            assert (answer.status, answer.complete) == (200, True)
            return answer.body

    assert asked(little=True) == asked(little=False) == ANSWERED.encode()
