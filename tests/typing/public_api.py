"""The public API as a type checker sees it: checked against the installed wheels, never run."""

from datetime import timedelta
from pathlib import Path
from typing import assert_type

from fastly_compute import requests
from fastly_compute.backend import (
    UNCHECKED_CERT_HOSTNAME,
    Backend,
    BackendHealth,
    ClientCert,
    DynamicBackendConfig,
    TLSVersion,
)
from fastly_compute.core import FastlyComputeError, HostUnavailable
from fastly_compute.http import (
    Body,
    Headers,
    IncomingRequest,
    Request,
    Response,
    SendError,
    Service,
    service,
)
from fastly_compute.local import Answer, BackendConfig, Host, LocalServer, NativeApp, WasmApp
from fastly_compute.secret_store import Secret, SecretStore
from fastly_compute.testing import Call, ComputeClient, ComputeHost, Reply


def secrets() -> None:
    store = SecretStore.open("vault")
    assert_type(store.get("token"), Secret | None)
    assert_type(store["token"].plaintext(), bytes)
    assert_type(store["token"].text(), str)
    assert_type("token" in store, bool)


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


def facade() -> None:
    answer = requests.get("https://example.com", params={"q": [1, 2]}, timeout=(1, 5))
    assert_type(answer, requests.Response)
    assert_type(answer.status_code, int)
    assert_type(answer.content, bytes)
    requests.post("https://example.com", json={"a": 1}, fastly_backend="origin")
    requests.get("https://example.com", no_such_keyword=1)  # type: ignore[call-arg]


def hosts() -> None:
    config = LocalServer(backends={"origin": BackendConfig(url="http://127.0.0.1:8080")})
    with Host(config) as host:
        assert_type(host.request(NativeApp(HttpIncoming)), Answer)
        assert_type(host.request(WasmApp(Path("bin/main.wasm"))), Answer)


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
