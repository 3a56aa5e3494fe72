"""The public API as a type checker sees it: checked against the installed wheels, never run."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import assert_type
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

from fastly_compute import requests
from fastly_compute.backend import (
    UNCHECKED_CERT_HOSTNAME,
    Backend,
    BackendError,
    BackendHealth,
    BackendNotAllowed,
    BackendOptions,
    BackendUnsupported,
    ClientCert,
    DynamicBackendConfig,
    HealthCheck,
    TLSVersion,
    allow_dynamic_backends,
    enforce_explicit_backends,
    set_default_dynamic_config,
)
from fastly_compute.core import FastlyComputeError, HostUnavailable
from fastly_compute.http import (
    Answer as HandlerAnswer,
)
from fastly_compute.http import (
    Body,
    Bot,
    CacheOptions,
    CandidateResponse,
    ClientTls,
    Handler,
    Headers,
    IncomingRequest,
    PendingResponse,
    Request,
    Response,
    ResponseSent,
    Reuse,
    SendError,
    Service,
    StreamingBody,
    VpnProxy,
    WaitTimeout,
    gather,
    select,
    service,
)
from fastly_compute.local import (
    BackendConfig,
    Host,
    HostConfig,
    NativeApp,
    RecordedResponse,
    WasmApp,
)
from fastly_compute.secret_store import Secret, SecretStore
from fastly_compute.testing import Call, ComputeClient, ComputeHost, Reply
from fastly_compute.wsgi import WsgiHttpIncoming


def secrets() -> None:
    store = SecretStore.open("vault")
    assert_type(store.get("token"), Secret | None)
    assert_type(store["token"].plaintext(), bytes)
    assert_type(store["token"].text(), str)
    assert_type("token" in store, bool)
    assert_type(Secret.from_bytes(b"mine"), Secret)
    Secret.from_bytes("mine")  # type: ignore[arg-type]
    store.get(1)  # type: ignore[arg-type]


def cookies(request: IncomingRequest, response: Response) -> None:
    assert_type(request.cookies, dict[str, str])
    assert_type(request.visits.this_service, int | None)
    response.set_cookie("theme", "dark", max_age=timedelta(days=1), same_site="Strict")
    response.delete_cookie("theme", path="/shop")
    response.set_cookie("theme", "dark", same_site="strict")  # type: ignore[arg-type]


def backends() -> None:
    key = Secret.from_bytes(b"key")
    config = DynamicBackendConfig(
        target="example.com:8443",
        connect_timeout=1.5,
        first_byte_timeout=timedelta(seconds=5),
        tls_min_version=TLSVersion.V1_2,
        cert_hostname=UNCHECKED_CERT_HOSTNAME,
        client_cert=ClientCert(certificate="PEM", key=key),
    )
    assert_type(config.replace(pooling=False), DynamicBackendConfig)
    assert_type(Backend.register_dynamic("name", config), Backend)
    backend = Backend.create_dynamic("example.com", use_tls=True)
    assert_type(backend.health, BackendHealth)
    assert_type(backend.connect_timeout, timedelta)
    assert_type(backend.tls_min_version, TLSVersion | None)
    assert_type(Backend.exists("name"), bool)
    Backend.create_dynamic("example.com", no_such_option=1)  # type: ignore[call-arg]
    DynamicBackendConfig("example.com")  # type: ignore[call-arg]
    assert_type(config.target, str)
    assert_type(config.is_tls, bool)
    assert_type(Backend.for_url("https://example.com", first_byte_timeout=5), Backend)
    assert_type(backend.config, DynamicBackendConfig | None)
    assert_type(backend.describe(), dict[str, object])
    assert_type(backend.override_host, str | None)
    assert_type((backend.host, backend.port, backend.is_tls), tuple[str, int, bool])
    assert_type(TLSVersion.parse("1.2") < TLSVersion.V1_3, bool)
    check = HealthCheck(host="example.com", interval=timedelta(seconds=30), timeout=2.5)
    assert_type(config.replace(target="example.org", healthcheck=check), DynamicBackendConfig)
    patient: BackendOptions = {"connect_timeout": 2, "cert_hostname": None}
    assert_type(Backend.create_dynamic("example.com", **patient), Backend)
    with Backend.open("name") as opened:
        assert_type(opened, Backend)
    ClientCert(certificate="PEM", key="key")  # type: ignore[arg-type]
    Backend.create_dynamic("example.com", tls_min_version="1.2")  # type: ignore[arg-type]
    Backend.for_url("https://example.com", connect_timeout="5")  # type: ignore[arg-type]
    Backend.register_dynamic("name", {"target": "example.com"})  # type: ignore[arg-type]
    config.replace(no_such_option=1)  # type: ignore[call-arg]
    backend.host = "example.org"  # type: ignore[misc]
    config.target = "example.org"  # type: ignore[misc]


def takes_errors(root: FastlyComputeError, unsupported: NotImplementedError) -> None: ...


def backend_policies(error: BackendError, forbidden: BackendNotAllowed) -> OSError:
    set_default_dynamic_config(connect_timeout=1, tls_min_version=TLSVersion.V1_2)
    set_default_dynamic_config(target="example.com")  # type: ignore[call-arg]
    set_default_dynamic_config(pooling="yes")  # type: ignore[arg-type]
    allow_dynamic_backends(hosts=["example.com", "*.example.org"])
    allow_dynamic_backends(hosts=[1])  # type: ignore[list-item]
    enforce_explicit_backends()
    enforce_explicit_backends("origin")
    assert_type(forbidden.host, str)
    takes_errors(error, BackendUnsupported("open", case="unsupported"))
    return forbidden


def handle(request: IncomingRequest) -> Response:
    assert_type(request.headers, Headers)
    assert_type(request.body, Body)
    assert_type(request.query, dict[str, list[str]])
    assert_type(request.client_address, str | None)
    try:
        return Request("GET", "https://example.com/", headers={"accept": "*/*"}).send("origin")
    except SendError as error:
        assert_type(error.is_retry_safe, bool)
        raise


HttpIncoming = service(handle)
assert_type(HttpIncoming, Service)


@service
def decorated(request: IncomingRequest) -> Response:
    return Response.json({"path": request.path})


def wrong(request: IncomingRequest) -> str:
    return "no response"


service(wrong)  # type: ignore[arg-type]


def generator(request: IncomingRequest) -> Iterator[bytes]:
    yield request.body.read()


def either(request: IncomingRequest) -> Response | ResponseSent | PendingResponse:
    if request.path == "/chat":
        return request.handoff_websocket("chat")
    if request.path == "/stream":
        return request.handoff_fanout("stream")
    if request.path == "/log":
        body, answered = request.respond_streaming(Response())
        assert_type(body, StreamingBody)
        return answered
    if not request.answered:
        return request.respond(Response(202))
    return Request("GET", "https://example.com/").send_async("origin")


def page(request: IncomingRequest, error: Exception) -> Response:
    return Response.text(str(error), status=503)


handlers: list[Handler] = [handle, generator, either]
assert_type(service(generator), Service)
assert_type(service(either, reuse=Reuse(max_requests=10), on_error=page), Service)
service(handle, reuse=True)  # type: ignore[call-overload]
service(handle, on_error=handle)  # type: ignore[arg-type]


@service(reuse=Reuse(idle_timeout=timedelta(seconds=5)))
def decorated_with_options(request: IncomingRequest) -> HandlerAnswer:
    return generator(request)


assert_type(decorated_with_options, Service)


def change(candidate: CandidateResponse) -> None:
    candidate.ttl = 30
    assert_type(candidate.ttl, timedelta)
    candidate.ttl = "30"  # type: ignore[assignment]
    candidate.vary = ["accept"]
    assert_type(candidate.vary, tuple[str, ...])
    candidate.transform_body(lambda body: body.iter_bytes())
    candidate.transform_body(lambda body: 1)  # type: ignore[arg-type, return-value]


def several(timeout: timedelta) -> None:
    cache = CacheOptions(ttl=30, surrogate_key=["home", "news"])
    request = Request("POST", "https://example.com/", body=[b"a"], cache=cache)
    assert_type(request.cache, CacheOptions | None)
    pending = request.send_async("origin")
    assert_type(pending, PendingResponse)
    assert_type(pending.ready, bool)
    assert_type(pending.wait(timeout), Response)
    pending.set_header("X-A", "1", on="error")
    pending.set_header("X-A", "1", on="both")  # type: ignore[arg-type]
    assert_type(gather([pending], timeout=1.5), list[Response | SendError | WaitTimeout])
    assert_type(select([pending]), PendingResponse)
    assert_type(select([request.body]), Body)
    select([request])  # type: ignore[type-var]
    assert_type(request.send_streaming(), tuple[StreamingBody, PendingResponse])
    body, _ = request.send_streaming("origin")
    with body:
        body.write(b"x")
        body.append(request.body)
    body.write("x")  # type: ignore[arg-type]
    CacheOptions(before_send=lambda sent: None, after_send=change)
    CacheOptions(after_send=lambda: None)  # type: ignore[arg-type, misc]
    CacheOptions(30)  # type: ignore[call-arg]
    CacheOptions(ttl="30")  # type: ignore[arg-type]
    Reuse(max_memory="1")  # type: ignore[arg-type]


def client_facts(request: IncomingRequest) -> None:
    assert_type(request.tls, ClientTls)
    assert_type(request.tls.ja4, str | None)
    assert_type(request.bot, Bot)
    assert_type(request.vpn_proxy, VpnProxy)
    assert_type(request.ddos_detected, bool | None)
    assert_type(request.form(limit=10), dict[str, list[str]])
    assert_type(request.text(), str)
    assert_type((request.scheme, request.host, request.http_version), tuple[str, str, str])
    assert_type(request.body.trailers, Headers)
    request.send_early_hints({"Link": "</style.css>; rel=preload"})
    request.handoff_fanout(1)  # type: ignore[arg-type]


def facade() -> None:
    answer = requests.get("https://example.com", params={"q": [1, 2]}, timeout=(1, 5))
    assert_type(answer, requests.Response)
    assert_type(answer.status_code, int)
    assert_type(answer.content, bytes)
    requests.post("https://example.com", json={"a": 1}, fastly_backend="origin")
    requests.get("https://example.com", no_such_keyword=1)  # type: ignore[call-arg]


def hosts() -> None:
    config = HostConfig(backends={"origin": BackendConfig(url="http://127.0.0.1:8080")})
    with Host(config) as host:
        assert_type(host.request(NativeApp(HttpIncoming)), RecordedResponse)
        assert_type(host.request(WasmApp(Path("bin/main.wasm"))), RecordedResponse)


def errors(error: HostUnavailable) -> FastlyComputeError:
    return error


def testing(compute_host: ComputeHost, compute_client: ComputeClient) -> None:
    origin = compute_host.backend("origin", BackendConfig(url="http://origin.example"))
    origin.get("/users", json=[{"name": "Ada"}], query={"tag": ["a", "b"]}, status=203)
    origin.callback("POST", "/users", lambda call: Reply.of(json=call.json()))
    origin.error("dns-timeout", path="/slow")
    origin.get("/users", delay=1)  # type: ignore[call-arg]
    compute_host.secrets["vault"]["token"] = b"s3cret"
    compute_host.secrets["vault"]["token"] = "s3cret"  # type: ignore[assignment]
    compute_host.config_stores["settings"] = {"greeting": "hello"}
    answer = compute_client.post("/users", json=[1], headers={"X-Key": "1"})
    assert_type(answer.status, int)
    assert_type(answer.headers.get_all("set-cookie"), list[str])
    assert_type(answer.body, bytes)
    assert_type(compute_host.calls, list[Call])
    assert_type(compute_host.logs["audit"], list[str])


def wsgi(app: WSGIApplication) -> None:
    def hello(environ: WSGIEnvironment, start_response: StartResponse) -> list[bytes]:
        start_response("200 OK", [("Content-Type", "text/plain")])
        return [b"hello"]

    assert_type(WsgiHttpIncoming(hello), WsgiHttpIncoming)
    assert_type(WsgiHttpIncoming(app, True, 300)(), WsgiHttpIncoming)
    WsgiHttpIncoming(app, reuse=Reuse(max_requests=100))
    WsgiHttpIncoming(lambda environ: [b"hello"])  # type: ignore[arg-type, misc]
    WsgiHttpIncoming(app, reuse=True)  # type: ignore[arg-type]
