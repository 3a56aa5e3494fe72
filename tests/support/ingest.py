"""A server that takes what Sentry's SDK sends, and reads it."""

import gzip
import json
import threading
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


def read_envelope(content: bytes) -> list[tuple[dict[str, Any], Any]]:
    """Read an envelope: the header of each item, and the item.

    See https://develop.sentry.dev/sdk/data-model/envelopes.
    """
    head, _, rest = content.partition(b"\n")
    found = [(json.loads(head), None)]
    while rest.strip():
        line, _, rest = rest.partition(b"\n")
        header = json.loads(line)
        size = header.get("length", len(rest))
        item, rest = rest[:size], rest[size:].removeprefix(b"\n")
        found.append((header, json.loads(item)))
    return found


@dataclass(frozen=True)
class Delivered:
    """What was delivered in one request.

    Attributes:
        path: Where to.
        headers: The request's headers.
        events: The events in it.
        content: All of it.
    """

    path: str
    headers: dict[str, str]
    events: list[Any]
    content: bytes

    @property
    def errors(self) -> list[str]:
        """What each exception in it says."""
        return [
            f"{error['type']}: {error['value']}"
            for event in self.events
            for error in event.get("exception", {}).get("values", ())
        ]


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = -1
    server: "Ingest"

    def do_POST(self) -> None:
        body = self._body()
        if self.headers.get("Content-Encoding") == "gzip":
            body = gzip.decompress(body)
        items = read_envelope(body)
        events = [item for header, item in items[1:] if header["type"] == "event"]
        headers = {name.lower(): value for name, value in self.headers.items()}
        self.server.delivered.append(Delivered(self.path, headers, events, body))
        answer = json.dumps({"id": items[0][0].get("event_id")}).encode()
        self.send_response(self.server.status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def _body(self) -> bytes:
        if "transfer-encoding" not in self.headers:
            return self.rfile.read(int(self.headers["content-length"]))
        body = b""
        while size := int(self.rfile.readline(), 16):
            body += self.rfile.read(size)
            self.rfile.readline()
        self.rfile.readline()
        return body

    def log_message(self, *args: object) -> None:
        pass


@dataclass
class Ingest(ThreadingHTTPServer):
    """Its URL is `url`.

    Attributes:
        delivered: What has been delivered.
        status: What it answers with.
    """

    delivered: list[Delivered] = field(default_factory=list)
    status: int = 200

    def __post_init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server_port}"
        self._thread = threading.Thread(target=self.serve_forever)

    def __enter__(self) -> "Ingest":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.shutdown()
        self._thread.join()
        self.server_close()
