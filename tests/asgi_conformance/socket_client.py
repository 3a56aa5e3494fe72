"""The client on the machine: it sends what a test in a sandbox wants to be sent."""

import base64
import json
import threading
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from http.client import HTTPConnection, HTTPException
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

PATIENCE = 60
# What servers add to a response.
ADDED = {"connection", "date", "server", "transfer-encoding"}


def send(address, method, target, headers, content):
    """Send a request over a socket, and return the status, the headers and the content."""
    with closing(HTTPConnection(*address, timeout=PATIENCE)) as connection:
        connection.putrequest(method, target, skip_host=True, skip_accept_encoding=True)
        chunked = False
        for name, value in headers:
            if name.lower() == "transfer-encoding":
                chunked = True
            else:
                connection.putheader(name, value.encode("latin-1"))
        if chunked:
            connection.putheader("content-length", str(len(content)))
        connection.endheaders(content)
        response = connection.getresponse()
        received = response.read()
    kept = [(name, value) for name, value in response.headers.items() if name not in ADDED]
    return response.status, kept, received


class SocketClient(ThreadingHTTPServer):
    """Runs tests in sandboxes: the server that they report to, and the client of theirs."""

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server_port}"
        self.requests = 0
        self._address = ("127.0.0.1", 0)
        self._received = []
        self._outcome = Future()
        self._senders = ThreadPoolExecutor(1)
        self._thread = threading.Thread(target=self.serve_forever)
        self._thread.start()

    def run(self, url, name):
        """Run a test at a server, and return its outcome and the reason for that."""
        found = urlsplit(url)
        self._address = found.hostname, found.port
        self._received = []
        while True:
            self._outcome = Future()
            asked = json.dumps({"name": name, "known": len(self._received)}).encode()
            headers = [("host", "start"), ("content-length", str(len(asked)))]
            status, _, text = send(self._address, "POST", "/", headers, asked)
            if status != 204:
                return "failed", f"the test was not started: {status} {text.decode()}"
            try:
                found = self._outcome.result(PATIENCE)
            except TimeoutError:
                return "failed", "the sandbox reported no outcome"
            if found["outcome"] != "exhausted":
                return found["outcome"], found["reason"]

    def on_send(self, wanted):
        """Begin to send a request."""
        content = base64.b64decode(wanted["content"])
        what = wanted["method"], wanted["target"], wanted["headers"], content
        self._received.append(self._senders.submit(self._send, what))
        self.requests += 1
        return

    def on_received(self, wanted):
        """Return the response to one of the requests, and what the app raised."""
        received = self._received[wanted["number"]].result()
        received.setdefault("raised", wanted["raised"])
        return received

    def on_outcome(self, outcome):
        """Take the outcome of the test."""
        self._outcome.set_result(outcome)

    def _send(self, what):
        try:
            status, headers, content = send(self._address, *what)
        except (HTTPException, OSError) as error:
            return {"error": repr(error)}
        text = base64.b64encode(content).decode()
        return {"status": status, "headers": headers, "content": text}

    def server_close(self):
        """End all threads, too."""
        self.shutdown()
        super().server_close()
        self._thread.join()
        self._senders.shutdown()


class Handler(BaseHTTPRequestHandler):
    """Hands what a sandbox reports to the client."""

    wbufsize = -1

    def do_POST(self):
        """Call the method that the path names."""
        reported = json.loads(self.rfile.read(int(self.headers["content-length"])))
        answer = getattr(self.server, f"on_{self.path[1:]}")(reported)
        content = json.dumps(answer).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *args):
        """Log nothing."""
