"""A server that answers as Stripe, Twilio and Elasticsearch do, and notes what it was sent."""

import json
import threading
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs


@dataclass(frozen=True)
class Call:
    """A request: its method, target, headers by lower-case names, and body."""

    method: str
    target: str
    headers: dict[str, str]
    body: bytes

    @property
    def form(self) -> dict[str, list[str]]:
        return parse_qs(self.body.decode())


def stripe(call: Call) -> dict[str, object]:
    (amount,) = call.form["amount"]
    return {"id": "pi_1", "object": "payment_intent", "amount": int(amount), "status": "succeeded"}


def twilio(call: Call) -> dict[str, object]:
    form = {name: values[0] for name, values in call.form.items()}
    return {"sid": "SM1", "status": "queued", "body": form["Body"], "to": form["To"]}


def elasticsearch(call: Call) -> dict[str, object]:
    return {"_index": "notes", "_id": "1", "_version": 1, "result": "created"}


# By how the target begins: the status, headers of the service's own, and the answer.
ANSWERS = {
    "/v1/payment_intents": (200, {"Request-Id": "req_1"}, stripe),
    "/2010-04-01/Accounts/": (201, {"Twilio-Request-Id": "RQ1"}, twilio),
    "/notes/_doc/": (201, {"X-Elastic-Product": "Elasticsearch"}, elasticsearch),
}


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = -1
    server: "Apis"

    def do_POST(self) -> None:
        headers = {name.lower(): value for name, value in self.headers.items()}
        body = self.rfile.read(int(headers["content-length"]))
        call = Call(self.command, self.path, headers, body)
        self.server.calls.append(call)
        status, extra, answer = next(
            found for start, found in ANSWERS.items() if self.path.startswith(start)
        )
        content = json.dumps(answer(call)).encode()
        self.send_response(status)
        for name, value in extra.items():
            self.send_header(name, value)
        self.send_header("Content-Type", headers.get("accept", "application/json").split(",")[0])
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    do_PUT = do_POST

    def log_message(self, *args: object) -> None:
        pass


@dataclass
class Apis(ThreadingHTTPServer):
    """Its URL is `url`; `calls` has the requests."""

    calls: list[Call] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server_port}"
        self._thread = threading.Thread(target=self.serve_forever)

    def __enter__(self) -> "Apis":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.shutdown()
        self._thread.join()
        self.server_close()
