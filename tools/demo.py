"""Build examples/edge-proxy to WebAssembly, serve it, and send it requests, as the README shows.

Everything is real: an origin over HTTP, a component built by `fastly-compute build`, and the
server that `fastly-compute serve` runs. It exits with 1 if any response is wrong.
"""

import json
import sys
import threading
import time
from dataclasses import replace
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from fastly_compute.cli.commands.build import build
from fastly_compute.cli.errors import CliError
from fastly_compute.cli.project.settings import load_project
from fastly_compute.local import Host, HostConfig, Server, WasmApp, load

APP = Path(__file__).parent.parent / "examples/edge-proxy"


class Origin(BaseHTTPRequestHandler):
    """Responds with a description of the request."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        """Respond."""
        signed = "signed" if self.headers["x-signature"] else "unsigned"
        body = json.dumps({"origin saw": f"{self.command} {self.path}", "which was": signed})
        self.send_response(200)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body.encode())

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - its name
        """Log nothing."""


def ask(server: Server, path: str, status: int, part: str) -> bool:
    """Send one request, print it with its response, and check the response."""
    connection = HTTPConnection(*server.address, timeout=30)
    started = time.perf_counter()
    connection.request("GET", path)
    answer = connection.getresponse()
    content = answer.read().decode()
    elapsed = (time.perf_counter() - started) * 1000
    connection.close()
    print(f"\nGET {path}\n  {answer.status} in {elapsed:.0f} ms")
    for line in content.splitlines()[:4]:
        print("  " + (line if len(line) <= 96 else line[:93] + "..."))
    if answer.status == status and part in content:
        return True
    print(f"  WRONG: expected {status} and {part!r}")
    return False


def configuration(origin: str) -> HostConfig:
    """Return the app's configuration with the real origin as its backend."""
    config = load(APP / "fastly.toml")
    return replace(config, backends={"origin": replace(config.backends["origin"], url=origin)})


def main() -> int:
    """Run the demonstration."""
    origin = ThreadingHTTPServer(("127.0.0.1", 0), Origin)
    threading.Thread(target=origin.serve_forever, daemon=True).start()
    origin_url = f"http://127.0.0.1:{origin.server_port}"
    print(f"A real origin listens on {origin_url}.")
    try:
        built = build(load_project(APP))
    except CliError as error:
        error.show()
        return 1
    size = f"{built.size / 1e6:.1f} MB"
    print(f"examples/edge-proxy is now {built.output.name}, a component of {size}.")
    app = WasmApp(built.output)
    with (
        Host(configuration(origin_url), output=lambda line: None) as host,
        Server(host, app, ("127.0.0.1", 0)) as server,
    ):
        print(f"It is served on {server.url}.")
        right = [
            ask(server, "/", 200, "<h1>Edge proxy</h1>"),
            ask(
                server,
                "/origin/hello?name=edge",
                200,
                '"GET /hello?name=edge", "which was": "signed"',
            ),
            ask(
                server,
                f"/dynamic?url={origin_url}/elsewhere",
                200,
                '"GET /elsewhere", "which was": "unsigned"',
            ),
            ask(server, "/dynamic?url=http://not-allowed.example/", 403, "only 127.0.0.1"),
            ask(server, "/backends", 200, '"is_dynamic":false'),
        ]
    origin.shutdown()
    origin.server_close()
    print("\nAll answers are right." if all(right) else "\nSome answers are wrong.")
    return 0 if all(right) else 1


if __name__ == "__main__":
    sys.exit(main())
