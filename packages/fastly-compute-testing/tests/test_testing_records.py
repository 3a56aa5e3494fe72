"""The records that a host under test keeps of its guests."""

import pytest
from componentize_py_types import Err
from wit_world.imports import (
    backend,
    http_body,
    http_downstream,
    http_resp,
    secret_store,
    shielding,
)

from fastly_compute.local import NativeApp, ShieldingSite
from fastly_compute.testing import ComputeClient, Reply

LARGE = 1 << 16


def test_dynamic_backends_are_there_when_their_sandbox_is_gone(compute_host) -> None:
    class Registering:
        def handle(self, request, body):
            options = backend.DynamicBackendOptions()
            options.use_tls(True)
            options.cert_hostname("a.example")
            options.first_byte_timeout(1234)
            backend.register_dynamic_backend("made", "a.example:8443", options)

    ComputeClient(compute_host.host, NativeApp(Registering)).get("/")
    compute_host.backend("static")
    made = compute_host.backends["made"]

    assert list(compute_host.backends) == ["made"]
    assert (made.url, made.cert_hostname) == ("https://a.example:8443", "a.example")
    assert made.first_byte_timeout_ms == 1234


def test_a_backend_that_is_refused_is_not_there(compute_host) -> None:
    compute_host.backend("taken")
    for name, target in (("taken", "a.example"), ("made", "not a host")):
        options = backend.DynamicBackendOptions()
        with pytest.raises(Err):
            backend.register_dynamic_backend(name, target, options)

    assert dict(compute_host.backends) == {}


def test_a_backend_for_a_shield_is_there(compute_host, tmp_path) -> None:
    path = tmp_path / "fastly.toml"
    path.write_text("""
[local_server.shielding_sites]
there = { unencrypted = "http://127.0.0.1:9091/", encrypted = "https://127.0.0.1:9092/" }
""")
    compute_host.load(path)
    site = compute_host.host.config.shielding_sites["there"]
    assert isinstance(site, ShieldingSite)
    made = shielding.backend_for_shield(site.encrypted, shielding.ShieldBackendOptions())

    assert compute_host.backends[made.get_name()].url == site.encrypted


def test_secrets_are_recorded_when_their_plaintext_is_read(compute_host) -> None:
    compute_host.secrets["vault"] = {"token": b"s3cret", "unread": b"s3cret"}
    compute_host.secrets["other"]["token"] = b"other"
    vault = secret_store.Store.open("vault")
    vault.get("unread")
    assert vault.get("missing") is None
    token = vault.get("token")
    with pytest.raises(Err):
        token.plaintext(1)
    assert compute_host.secrets_read == []
    token.plaintext(LARGE)
    secret_store.Store.open("other").get("token").plaintext(LARGE)
    token.plaintext(LARGE)
    secret_store.Secret.from_bytes(b"of the guest's own").plaintext(LARGE)

    assert compute_host.secrets_read == [("vault", "token"), ("other", "token"), ("vault", "token")]


def test_secrets_and_backends_are_recorded_with_faults_about(compute_host) -> None:
    compute_host.secrets["vault"]["token"] = b"s3cret"
    compute_host.tiny_buffers()
    compute_host.fail("secret-store", "secret.plaintext", "generic-error", on_call=2)
    token = secret_store.Store.open("vault").get("token")
    for _ in range(2):
        with pytest.raises(Err):
            token.plaintext(LARGE)
    token.plaintext(LARGE)

    assert compute_host.secrets_read == [("vault", "token")]


class HandingOff:
    def handle(self, request, body):
        origin = backend.Backend.open("origin")
        if request.get_uri(LARGE).endswith("/socket"):
            request.redirect_to_websocket_proxy(origin)
        else:
            request.redirect_to_grip_proxy(origin)


def test_hand_offs_are_recorded_and_answered(compute_host) -> None:
    compute_host.backend("origin")
    client = ComputeClient(compute_host.host, NativeApp(HandingOff))
    before = client.get("/socket", headers={"X-Key": "1"})
    compute_host.handoff_reply = Reply.of(status=418, text="held", headers={"Grip-Hold": "stream"})
    after = client.post("/events?a=1", body=b"hello")
    first, second = compute_host.handoffs

    assert (before.status, before.body, before.complete) == (200, b"", True)
    assert (after.status, after.text) == (418, "held")
    assert (after.headers["grip-hold"], after.headers["content-length"]) == ("stream", "4")
    assert (first.kind, first.backend, first.request.path_and_query) == (
        "websocket",
        "origin",
        "/socket",
    )
    assert ("X-Key", b"1") in first.request.headers
    assert (second.kind, second.request.method, second.body) == ("grip", "POST", b"hello")
    assert second.request.path_and_query == "/events?a=1"


class Informing:
    """Sends two 103s, and serves a second request in the same sandbox."""

    started = 0

    def __init__(self):
        type(self).started += 1

    def handle(self, request, body):
        self.answer()
        options = http_downstream.NextRequestOptions(timeout_ms=None, extra=None)
        while True:
            following = http_downstream.await_request(http_downstream.next_request(options))
            if following is None:
                return
            self.answer()

    def answer(self):
        for number in (b"1", b"2"):
            hint = http_resp.Response.new()
            hint.set_status(103)
            hint.append_header("Link", number)
            http_resp.send_downstream(hint, http_body.new())
        response = http_resp.Response.new()
        response.append_header("x-sandbox", str(self.started).encode())
        http_resp.send_downstream(response, http_body.new())


def test_an_answer_has_its_early_hints_and_its_time(compute_host) -> None:
    answer = ComputeClient(compute_host.host, NativeApp(Informing)).get("/")

    assert [hint["link"] for hint in answer.early_hints] == ["1", "2"]
    assert 0 < answer.elapsed.total_seconds() < 60


def test_a_sandbox_that_asks_gets_the_next_request(compute_host) -> None:
    Informing.started = 0
    client = ComputeClient(compute_host.host, NativeApp(Informing))
    answers = client.requests([f"/{number}" for number in range(8)])

    # Six to one sandbox, as on Viceroy.
    assert [answer.headers["x-sandbox"] for answer in answers] == ["1"] * 6 + ["2"] * 2
    assert all(answer.elapsed.total_seconds() > 0 for answer in answers)
    assert [len(answer.early_hints) for answer in answers] == [2] * 8
    assert client.answers == answers


def test_requests_may_be_of_any_kind(compute_host) -> None:
    class Echo:
        def handle(self, request, body):
            response = http_resp.Response.new()
            response.append_header("x-method", request.get_method(LARGE).encode())
            http_resp.send_downstream(response, body)

    client = ComputeClient(compute_host.host, NativeApp(Echo))
    got = client.requests(["/", client.prepare("POST", "/", json=[1])])

    assert [(answer.headers["x-method"], answer.body) for answer in got] == [
        ("GET", b""),
        ("POST", b"[1]"),
    ]


def test_a_request_comes_from_an_address(compute_host) -> None:
    class Where:
        def handle(self, request, body):
            address = http_downstream.downstream_client_ip_addr(request)
            out = http_body.new()
            http_body.write(out, str(address.value).encode())
            http_resp.send_downstream(http_resp.Response.new(), out)

    client = ComputeClient(compute_host.host, NativeApp(Where))

    assert client.get("/", client_address="192.0.2.7").text == "(192, 0, 2, 7)"
    assert client.get("/", client_address="2001:db8::1").text == "(8193, 3512, 0, 0, 0, 0, 0, 1)"
    with pytest.raises(ValueError, match="client_address = 'here': must be an IP address"):
        client.get("/", client_address="here")
