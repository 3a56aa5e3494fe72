"""An origin that takes requests only from those with a client certificate (mutual TLS)."""

from fastly_compute.backend import Backend, BackendError, ClientCert
from fastly_compute.config_store import ConfigStore
from fastly_compute.http import IncomingRequest, Request, Response, SendError, service
from fastly_compute.secret_store import SecretStore

HOST = "bank.example"


def bank() -> Backend:
    """Return the backend; the key stays with the host, and is never read here."""
    with ConfigStore.open("mtls") as public, SecretStore.open("mtls") as secret:
        # Wherever the store says that it is, its certificate must be for this name.
        return Backend.create_dynamic(
            public.get("origin", HOST),
            cert_hostname=HOST,
            sni_hostname=HOST,
            ca_certificate=public.get("origin-authority"),
            client_cert=ClientCert(
                certificate=public["client-certificate"], key=secret["client-key"]
            ),
        )


def handle(request: IncomingRequest) -> Response:
    if request.method not in {"GET", "HEAD"}:
        return Response.text("GET only\n", status=405, headers={"Allow": "GET, HEAD"})
    query = f"?{request.query_string}" if request.query_string else ""
    try:
        return Request(request.method, f"https://{HOST}{request.path}{query}").send(bank())
    except (SendError, BackendError) as error:
        print(error)
        return Response.text("the bank is not available\n", status=502)


HttpIncoming = service(handle)
