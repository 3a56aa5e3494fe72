"""What backends and secrets do in an app: each request is JSON that names a function below."""

import json

from wit_world.imports import http_body, http_downstream, http_resp

from fastly_compute.backend import (
    UNCHECKED_CERT_HOSTNAME,
    Backend,
    BackendError,
    ClientCert,
    DynamicBackendConfig,
    HealthCheck,
    TLSVersion,
    allow_dynamic_backends,
    enforce_explicit_backends,
    set_default_dynamic_config,
)
from fastly_compute.core import HostUnavailable
from fastly_compute.http import IncomingRequest, Request, Response, SendError, service
from fastly_compute.secret_store import Secret, SecretNotFound, SecretStore

# All of this is done once, while the app is imported, which for wasm is when it is built.
FROZEN = DynamicBackendConfig(target="frozen.example", connect_timeout=3)
set_default_dynamic_config(between_bytes_timeout=7, tls_min_version=TLSVersion.V1_2)
allow_dynamic_backends(hosts=["*.allowed.example", "b\xfccher.example"])
enforce_explicit_backends("origin")

NEED_A_HOST = {
    "open": lambda: Backend.open("origin"),
    "exists": lambda: Backend.exists("origin"),
    "create_dynamic": lambda: Backend.create_dynamic("a.example"),
    "register_dynamic": lambda: Backend.register_dynamic("a", FROZEN),
    "for_url": lambda: Backend.for_url("https://www.allowed.example/"),
    "store": lambda: SecretStore.open("vault"),
    "secret": lambda: Secret.from_bytes(b"mine"),
}
TOO_EARLY = {}
for _name, _use in NEED_A_HOST.items():
    try:
        _use()
    except HostUnavailable as _error:
        TOO_EARLY[_name] = str(_error)


def too_early():
    return TOO_EARLY


def not_too_early():
    return [name for name, use in NEED_A_HOST.items() if use()]


def frozen():
    allowed = Backend.for_url("https://www.allowed.example/")
    return {
        "connect_timeout": repr(Backend.register_dynamic("frozen", FROZEN).config),
        "allowed": repr(allowed.config),
        "international": Backend.for_url("https://xn--bcher-kva.example/").is_dynamic,
        "other": Backend.for_url("https://other.example/").name,
        "address": Backend.for_url("https://127.0.0.1/").name,
        "plain": repr(Backend.for_url("http://www.allowed.example/").config),
    }


def _options(given):
    read = {
        "tls_min_version": TLSVersion.parse,
        "tls_max_version": TLSVersion.parse,
        "cert_hostname": lambda name: name or UNCHECKED_CERT_HOSTNAME,
        "healthcheck": lambda figures: HealthCheck(**figures),
        "client_cert": lambda pair: ClientCert(
            certificate=pair[0], key=Secret.from_bytes(pair[1].encode())
        ),
    }
    return {name: read.get(name, lambda value: value)(value) for name, value in given.items()}


def describe(target, options):
    backend = Backend.create_dynamic(target, **_options(options))
    return {**backend.describe(), "again": Backend.create_dynamic(target, **_options(options)).name}


def static():
    return Backend.open("origin").describe()


def refusals():
    """What becomes of a name that is taken, and of one that is not."""
    found = [Backend.exists("origin"), Backend.exists("missing")]
    Backend.register_dynamic("mine", FROZEN)
    for name, config in [
        ("origin", FROZEN),
        ("mine", FROZEN),
        ("mine", FROZEN.replace(connect_timeout=4)),
    ]:
        try:
            found.append(Backend.register_dynamic(name, config).name)
        except BackendError as error:
            found.append(type(error).__name__)
    try:
        Backend.open("missing")
    except BackendError as error:
        found.append(type(error).__name__)
    return found


def send(target, options, url):
    try:
        backend = Backend.create_dynamic(target, **_options(options))
        with Request("GET", url).send(backend) as answer:
            return {"answer": json.loads(answer.body.read())}
    except (BackendError, SendError) as error:
        return {
            "errors": [kind.__name__ for kind in type(error).__mro__],
            "message": str(error),
            "backend": getattr(error, "backend", error.subject),
            "retry_safe": getattr(error, "is_retry_safe", None),
        }


def secrets():
    store = SecretStore.open("vault")
    secret = store["token"]
    try:
        missing = store["missing"]
    except SecretNotFound as error:
        missing = str(error)
    large = Secret.from_bytes(b"\0" * 65536)
    return {
        "text": secret.text(),
        "again": secret.plaintext().decode(),
        "repr": repr(secret),
        "own": Secret.from_bytes(b"mine").text(),
        "large": len(large.plaintext()),
        "missing": [store.get("missing"), "missing" in store, "token" in store, missing],
    }


FUNCTIONS = {
    function.__name__: function
    for function in (
        *(describe, frozen, not_too_early, refusals, secrets, send, static, too_early),
    )
}


@service
def handle(request: IncomingRequest) -> Response:
    asked = json.loads(request.body.read())
    return Response.json(FUNCTIONS[asked.pop("do")](**asked))


def serve_three():
    """Serve this request and two more in one sandbox, each through the same backend."""
    names = []
    while len(names) < 3:
        names.append(Backend.create_dynamic("reused.example", use_tls=True).name)
        promise = None
        if len(names) < 3:  # asked for before the answer, so that the client cannot be faster
            options = http_downstream.NextRequestOptions(timeout_ms=5000, extra=None)
            promise = http_downstream.next_request(options)
        body = http_body.new()
        http_body.write(body, json.dumps(names).encode())
        http_resp.send_downstream(http_resp.Response.new(), body)
        if promise is not None and http_downstream.await_request(promise) is None:
            return


class HttpIncoming:
    def handle(self, request, body):
        if request.get_method(100) == "GET":
            serve_three()
        else:
            handle.handle(request, body)
