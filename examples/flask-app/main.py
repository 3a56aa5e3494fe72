"""A Flask app at the edge: templates, forms, cookies, files in both directions, a backend."""

import hashlib
import io
import re
from collections.abc import Iterator
from typing import IO, cast
from urllib.parse import quote

from flask import (
    Flask,
    Request,
    Response,
    abort,
    jsonify,
    make_response,
    redirect,
    render_template,
    request,
    url_for,
)
from werkzeug.exceptions import HTTPException

from fastly_compute import http
from fastly_compute.wsgi import WsgiHttpIncoming, warm_up

BLOCK = b"All work and no play makes Jack a dull boy.\n" * 1024
LARGEST_DOWNLOAD = 50_000_000
NUMBER = re.compile("[0-9]{1,20}")


class Digest(io.RawIOBase):
    """Takes a file of any size, and keeps its size and hash instead of its bytes."""

    def __init__(self) -> None:
        self.size = 0
        self.sha256 = hashlib.sha256()

    def writable(self) -> bool:
        return True

    def write(self, data: bytes) -> int:  # type: ignore[override]  # Werkzeug writes bytes only
        self.size += len(data)
        self.sha256.update(data)
        return len(data)

    def seek(self, offset: int, whence: int = 0) -> int:
        return 0


class StreamingRequest(Request):
    def _get_file_stream(self, *args: object, **kwargs: object) -> IO[bytes]:
        # A sandbox has no temporary files, and a large upload would fill the memory.
        return cast(IO[bytes], Digest())


app = Flask(__name__)
app.request_class = StreamingRequest


@app.get("/")
def index() -> str:
    return render_template("index.html", name=request.cookies.get("name"))


@app.post("/name")
def name() -> Response:
    response = make_response(redirect(url_for("index"), 303))
    response.set_cookie("name", request.form["name"], httponly=True, samesite="Lax")
    response.set_cookie("seen", "yes")
    return response


@app.post("/upload")
def upload() -> Response:
    file = request.files["file"]
    digest = file.stream
    assert isinstance(digest, Digest)
    return jsonify(
        name=file.filename,
        size=digest.size,
        sha256=digest.sha256.hexdigest(),
        note=request.form.get("note"),
    )


@app.put("/upload")
def put() -> Response:
    digest = Digest()
    while part := request.stream.read(64 * 1024):
        digest.write(part)
    return jsonify(size=digest.size, sha256=digest.sha256.hexdigest())


@app.get("/download/<digits>")
def download(digits: str) -> Response:
    if not NUMBER.fullmatch(digits) or int(digits) > LARGEST_DOWNLOAD:
        abort(400)
    size = int(digits)

    def parts() -> Iterator[bytes]:
        left = size
        while left:
            part = BLOCK[:left]
            left -= len(part)
            yield part

    response = Response(parts(), mimetype="application/octet-stream")
    response.content_length = size
    response.headers["Content-Disposition"] = 'attachment; filename="dull.txt"'
    return response


@app.route("/origin/<path:path>", methods=["GET", "POST"])
def origin(path: str) -> Response:
    body = request.environ["fastly.request"].body  # not read here
    # The framework has decoded the path: what is left of a "?" in it must not become a query.
    url = f"https://origin.example/{quote(path)}"
    try:
        answer = http.Request(request.method, url, body=body).send("origin")
    except http.SendError as error:
        print(f"{request.method} {request.path!r}: {error}")
        abort(502)
    kind = answer.headers.get("content-type")
    # Passed through, it reaches the client without being read.
    passed = cast(Iterator[bytes], answer.body)
    return Response(passed, answer.status, content_type=kind, direct_passthrough=True)


@app.get("/broken")
def broken() -> str:
    raise RuntimeError("this page is broken")


@app.errorhandler(HTTPException)
def failed(error: HTTPException) -> tuple[str, int]:
    return render_template("error.html", error=error), error.code or 500


# What these pages load is then in every new sandbox.
warm_up(app, "/", "/nowhere")

HttpIncoming = WsgiHttpIncoming(app)
