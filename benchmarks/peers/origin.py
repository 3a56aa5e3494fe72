"""The origin of all peers: run as a separate process, it prints its port."""

import time
import zlib
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

SMALL = b"x" * 1000
LARGE = bytes(range(256)) * 4096 * 10
PIECE = 256 * 1024
DELAY = 0.05


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def do_GET(self) -> None:
        match self.path:
            case "/small":
                self.answer(SMALL)
            case "/large":
                self.answer(LARGE)
            case "/slow":
                time.sleep(DELAY)
                self.answer(b"slow")
            case _:  # Viceroy checks whether it is up
                self.answer(b"")

    def do_POST(self) -> None:
        self.answer(b"%d" % self.checksum())

    def answer(self, content: bytes) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "application/octet-stream")
        self.send_header("Content-Length", str(len(content)))
        self.send_header("Cache-Control", "no-store")
        self.end_headers()
        self.wfile.write(content)

    def checksum(self) -> int:
        """Read the body with any framing."""
        length = self.headers.get("content-length")
        if length is not None:
            return self.part(int(length), 0)
        found = 0
        while size := int(self.rfile.readline(), 16):
            found = self.part(size, found)
            self.rfile.readline()
        self.rfile.readline()
        return found

    def part(self, size: int, found: int) -> int:
        while size:
            data = self.rfile.read(min(size, PIECE))
            found = zlib.crc32(data, found)
            size -= len(data)
        return found

    def log_message(self, *arguments: object) -> None:
        pass


if __name__ == "__main__":
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    print(server.server_port, flush=True)
    server.serve_forever()
