"""What the tests of several packages share.

It loads a host, which brings the generated bindings that packages import.
"""

import json
import ssl
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import SimpleNamespace

import pytest
import trustme

from fastly_compute.local import Host, Incoming, NativeApp, RecordedResponse


class _TlsHandler(BaseHTTPRequestHandler):
    wbufsize = -1

    def do_GET(self) -> None:
        certificate = self.request.getpeercert() or {}
        names = [name for _, name in certificate.get("subjectAltName", ())]
        self.send_response(200)
        self.send_header("Cache-Control", "no-store")
        self.end_headers()
        self.wfile.write(json.dumps(names).encode())

    def log_message(self, *args: object) -> None:
        pass


@pytest.fixture(scope="module")
def secure() -> Iterator[SimpleNamespace]:
    """An origin that takes client certificates; its URL, authority and a client's certificate."""
    authority = trustme.CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    authority.configure_trust(context)
    context.verify_mode = ssl.CERT_OPTIONAL
    client = authority.issue_cert("client.example")
    with ThreadingHTTPServer(("127.0.0.1", 0), _TlsHandler) as server:
        server.socket = context.wrap_socket(server.socket, server_side=True)
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield SimpleNamespace(
            url=f"https://127.0.0.1:{server.server_port}/",
            authority=authority.cert_pem.bytes().decode(),
            certificate=b"".join(pem.bytes() for pem in client.cert_chain_pems).decode(),
            key=client.private_key_pem.bytes(),
        )
        server.shutdown()
        thread.join()


@dataclass
class Asked:
    """A response, with the host's log and the host calls on the way."""

    answer: RecordedResponse
    lines: list[str] = field(default_factory=list)
    calls: list[str] = field(default_factory=list)

    @property
    def status(self) -> int:
        """The response's status."""
        return self.answer.status

    @property
    def body(self) -> bytes:
        """Its body."""
        return bytes(self.answer.body)

    @property
    def complete(self) -> bool:
        """Whether it was sent to its end."""
        return self.answer.complete

    @property
    def log(self) -> str:
        """The host's log, and what was written to standard error."""
        return "\n".join(self.lines)

    def headers(self, name: str) -> list[str]:
        """Return the values of a header."""
        found = [value for key, value in self.answer.headers if key.lower() == name.lower()]
        return [value.decode("latin-1") for value in found]


@pytest.fixture
def ask_service(capsys: pytest.CaptureFixture[str]) -> Callable[..., Asked]:
    """Sends a request to a service on a host, whose log is in *lines*."""

    def ask(host: Host, lines: list[str], service: object, **incoming: object) -> Asked:
        calls: list[str] = []

        def counted(name, function, arguments):
            calls.append(name)
            return function(*arguments)

        host.interpose = counted
        answer = host.request(NativeApp(service), Incoming(**incoming))
        host.interpose = None
        said = capsys.readouterr()
        return Asked(answer, [*lines, *said.err.splitlines()], calls)

    return ask
