"""The origin of the differential tests: answers as it is asked to, and remembers who asked what.

The first segment of every path names who asks.
"""

import gzip
import hashlib
import json
import re
import threading
import zlib
from collections import defaultdict
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qsl, unquote_to_bytes, urlsplit

from fastly_compute.requests.utils import parse_dict_header

TEXT = json.dumps([{"number": n, "word": f"line {n}"} for n in range(400)], indent=1).encode()


def coded_bodies() -> dict[str, bytes]:
    """Bodies by how they are coded, sound and broken."""
    compressor = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    raw = compressor.compress(TEXT) + compressor.flush()
    flushing = zlib.compressobj(wbits=16 + zlib.MAX_WBITS)
    pieces = [flushing.compress(p) + flushing.flush(zlib.Z_SYNC_FLUSH) for p in (b"a\n", b"b\n")]
    once, deflated = gzip.compress(TEXT, mtime=0), zlib.compress(TEXT)
    times = [TEXT]
    for _ in range(5):
        times.append(gzip.compress(times[-1], mtime=0))
    first, second = (gzip.compress(half, mtime=0) for half in (TEXT[:9000], TEXT[9000:]))
    return {
        "plain": TEXT,
        "empty": b"",
        "gzip": once,
        "members": first + second,
        "padded": once + bytes(1000),
        "garbage": once + b"garbage",
        "garbage of one byte": once + b"!",
        "flushed": b"".join(pieces) + flushing.flush(),
        "zlib": deflated,
        "raw": raw,
        "raw of nothing": b"\x03\0",
        "zlib and garbage": deflated + b"garbage",
        "gzip in gzip": times[2],
        "zlib in gzip": gzip.compress(deflated, mtime=0),
        "raw in gzip": gzip.compress(raw, mtime=0),
        "gzip in zlib": zlib.compress(once),
        "five times": times[5],
        "wrong sum": once[:-8] + bytes(8),
        "cut": once[:-100],
        "cut in its head": once[:5],
        "second cut": first + second[:-100],
        "second broken": first + second[:-8] + bytes(8),
        "zlib cut": deflated[:-100],
        "raw cut": raw[:-100],
        "wrong sum of zlib": deflated[:-4] + bytes(4),
    }


CODED = coded_bodies()
HASHES = {"MD5": "md5", "MD5-sess": "md5", "SHA": "sha1", "SHA-256": "sha256", "SHA-512": "sha512"}


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = -1  # head and body in one packet
    server: "Origin"

    def _body(self) -> bytes:
        if "transfer-encoding" not in self.headers:
            return self.rfile.read(int(self.headers.get("content-length", 0)))
        body = b""
        while size := int(self.rfile.readline(), 16):
            body += self.rfile.read(size)
            self.rfile.readline()
        self.rfile.readline()
        return body

    def handle_any(self) -> None:
        body = self._body()
        _, who, *rest = self.path.split("/", 2)
        who, question, query = who.partition("?")
        path = "/" + "/".join(rest) + question + query
        headers: dict[str, list[str]] = defaultdict(list)
        for name, value in self.headers.items():
            headers[name.lower()].append(value)
        self.server.seen[who].append(
            {
                "method": self.command,
                "target": path,
                "headers": {name: ", ".join(values) for name, values in headers.items()},
                "body": body.decode("latin-1"),
            }
        )
        target = urlsplit(path)
        kind, *arguments = target.path.strip("/").split("/")
        handler = getattr(self, f"answer_{kind}", self.answer_seen)
        handler(who, target.query, body, *arguments)

    do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = do_OPTIONS = do_PURGE = handle_any

    def answer_seen(self, who: str, query: str, body: bytes, *_: str) -> None:
        seen = self.server.seen[who][-1]
        text = {"method": seen["method"], "target": seen["target"], "body": seen["body"]}
        boundary = re.match("--([0-9a-f]{32})\r", seen["body"])
        told = json.dumps(text).replace(boundary[1] if boundary else "-", "-")
        self._send(200, told.encode(), ("Content-Type", "application/json"))

    def answer_answer(self, who: str, query: str, body: bytes, *_: str) -> None:
        asked = parse_qsl(query, keep_blank_values=True, encoding="latin-1")
        raw = [part[5:] for part in query.split("&") if part.startswith("body=")]
        headers = [pair for pair in asked if pair[0] not in {"status", "body", "missing"}]
        given = dict(asked)
        self._send(
            int(given.get("status", 200)),
            unquote_to_bytes(raw[0]) if raw else b"",
            *headers,
            missing=int(given.get("missing", 0)),
        )

    def answer_gzip(self, *_: object) -> None:
        self._send(200, gzip.compress(b"unpacked", mtime=0), ("Content-Encoding", "gzip"))

    def answer_coded(self, who: str, query: str, body: bytes, name: str = "") -> None:
        """Answer with a body that is coded, or broken, in the way that the path names."""
        asked = parse_qsl(query, keep_blank_values=True)
        content = CODED[unquote_to_bytes(name).decode()]
        headers = [(key, value) for key, value in asked if key not in {"status", "chunked"}]
        given = dict(asked)
        if "chunked" not in given:
            self._send(int(given.get("status", 200)), content, *headers)
            return
        self.send_response(200)
        for key, value in [*headers, ("Transfer-Encoding", "chunked")]:
            self.send_header(key, value)
        self.end_headers()
        for at in range(0, len(content), 100):
            piece = content[at : at + 100]
            self.wfile.write(b"%x\r\n%s\r\n" % (len(piece), piece))
        self.wfile.write(b"0\r\n\r\n")

    def answer_loop(self, who: str, *_: object) -> None:
        self._send(302, b"", ("Location", f"/{who}/loop"))

    def answer_never(self, *_: object) -> None:
        self.server.over.wait()
        self.close_connection = True

    def answer_digest(
        self, who: str, query: str, body: bytes, algorithm: str = "", qop: str = ""
    ) -> None:
        given = parse_dict_header(self.headers.get("Authorization", "").partition(" ")[2])
        named = "" if algorithm == "absent" else f", algorithm={algorithm}"
        offered = "" if qop == "absent" else f', qop="{qop}"'
        if given and given["response"] == self._expected(algorithm, given):
            self._send(200, b"body: " + body)
            return
        challenge = f'Digest realm="r,s", nonce="n", opaque="o"{named}{offered}'
        self._send(401, b"who are you?", ("WWW-Authenticate", challenge))

    def _expected(self, algorithm: str, given: dict[str, str | None]) -> str | None:
        def digest(*parts: object) -> str:
            name = HASHES.get(algorithm, "md5")
            return hashlib.new(name, ":".join(map(str, parts)).encode()).hexdigest()

        if given["uri"] != self.path:
            return None
        secret = digest("user", "r,s", "pass")
        if algorithm.endswith("-sess"):
            secret = digest(secret, given["nonce"], given.get("cnonce"))
        between = [given["nonce"]]
        if given.get("qop"):
            between += [given["nc"], given["cnonce"], given["qop"]]
        return digest(secret, *between, digest(self.command, self.path))

    def _send(self, status: int, body: bytes, *headers: tuple[str, str], missing: int = 0) -> None:
        self.send_response(status)
        for name, value in headers:
            self.send_header(name, value)
        self.send_header("Cache-Control", "no-store")
        if status not in (204, 304):
            self.send_header("Content-Length", str(len(body) + missing))
        self.end_headers()
        if self.command != "HEAD" and status not in (204, 304):
            self.wfile.write(body)
        self.close_connection = self.close_connection or bool(missing)

    def log_message(self, *args: object) -> None:
        pass


class Origin(ThreadingHTTPServer):
    """Its URL is `url`; `seen` has the requests by who asked."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.seen: dict[str, list[dict[str, object]]] = defaultdict(list)
        self.over = threading.Event()
        self.url = f"http://127.0.0.1:{self.server_port}"
        self._thread = threading.Thread(target=self.serve_forever)

    def __enter__(self) -> "Origin":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.over.set()
        self.shutdown()
        self._thread.join()
        self.server_close()


def plain(value: object, places: dict[str, str]) -> object:
    """Replace what differs from run to run: ports, boundaries, a client's part of a digest."""
    if isinstance(value, dict):
        return {key: plain(item, places) for key, item in value.items()}
    if isinstance(value, list):
        return [plain(item, places) for item in value]
    if not isinstance(value, str):
        return value
    for place, name in places.items():
        value = value.replace(place, name)
    value = re.sub(r"(?<=boundary=)[0-9a-f]{32}", "BOUNDARY", value)
    value = re.sub(r"(?<=--)[0-9a-f]{32}(?=\r\n|--)", "BOUNDARY", value)
    return re.sub(r'(?<=nonce="|ponse=")[0-9a-f]{16,}', "RANDOM", value)
