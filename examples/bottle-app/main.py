"""A Bottle app at the edge: templates, forms, cookies, files in both directions, a backend."""

import hashlib
import mimetypes
import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

from bottle import BaseRequest, Bottle, HTTPError, HTTPResponse, SimpleTemplate, request, response

from fastly_compute import http
from fastly_compute.wsgi import WsgiHttpIncoming

HERE = Path(__file__).parent
BLOCK = b"All work and no play makes Jack a dull boy.\n" * 1024
LARGEST_DOWNLOAD = 50_000_000
NUMBER = re.compile("[0-9]{1,20}")

# Bottle would put a larger body into a temporary file, and a guest has no files. A form with files
# is in memory as a whole; /upload with PUT shows how a body of any size is read.
BaseRequest.MEMFILE_MAX = 64 * 1024 * 1024

# Files are read when the app is built.
INDEX = SimpleTemplate((HERE / "views/index.tpl").read_text())
ERROR = SimpleTemplate((HERE / "views/error.tpl").read_text())
STATIC = {
    file.name: (file.read_bytes(), mimetypes.guess_type(file.name)[0])
    for file in (HERE / "static").iterdir()
}

app = Bottle()


@app.get("/static/<name>")
def static(name: str) -> HTTPResponse:
    if name not in STATIC:
        raise HTTPError(404, "no such file")
    content, kind = STATIC[name]
    etag = f'"{hashlib.sha256(content).hexdigest()}"'
    if request.get_header("If-None-Match") == etag:
        return HTTPResponse(status=304, ETag=etag)
    return HTTPResponse(content, Content_Type=kind, ETag=etag)


@app.get("/")
def index() -> str:
    return INDEX.render(name=request.get_cookie("name"))


@app.post("/name")
def name() -> HTTPResponse:
    given = request.forms.getunicode("name")
    if given is None:
        raise HTTPError(400)
    answer = HTTPResponse(status=303, Location="/")
    answer.set_cookie("name", given, httponly=True, samesite="lax")
    answer.set_cookie("seen", "yes")
    return answer


@app.post("/upload")
def upload() -> dict[str, object]:
    file = request.files.get("file")
    if file is None:
        raise HTTPError(400)
    content = file.file.read()
    return {
        "name": file.raw_filename,
        "size": len(content),
        "sha256": hashlib.sha256(content).hexdigest(),
        "note": request.forms.getunicode("note"),
    }


@app.put("/upload")
def put() -> dict[str, object]:
    size, sha256 = 0, hashlib.sha256()
    while part := request.environ["wsgi.input"].read(64 * 1024):
        size += len(part)
        sha256.update(part)
    return {"size": size, "sha256": sha256.hexdigest()}


@app.get("/download/<digits>")
def download(digits: str) -> Iterator[bytes]:
    if not NUMBER.fullmatch(digits) or int(digits) > LARGEST_DOWNLOAD:
        raise HTTPError(400)
    return parts(int(digits))


def parts(size: int) -> Iterator[bytes]:
    response.content_type = "application/octet-stream"
    response.content_length = size
    response.set_header("Content-Disposition", 'attachment; filename="dull.txt"')
    left = size
    while left:
        part = BLOCK[:left]
        left -= len(part)
        yield part


@app.route("/origin/<path:path>", method=["GET", "POST"])
def origin(path: str) -> http.Body:
    body = request.environ["fastly.request"].body  # not read here
    # The framework has decoded the path: what is left of a "?" in it must not become a query.
    url = f"https://origin.example/{quote(path)}"
    try:
        answer = http.Request(request.method, url, body=body).send("origin")
    except http.SendError as error:
        print(f"{request.method} {request.path!r}: {error}")
        raise HTTPError(502) from error
    response.status = answer.status
    response.content_type = answer.headers.get("content-type")
    return answer.body  # it is passed to the client without being read


@app.get("/broken")
def broken() -> str:
    raise RuntimeError("this page is broken")


@app.error(400)
@app.error(404)
@app.error(500)
@app.error(502)
def failed(error: HTTPError) -> str:
    return ERROR.render(error=error)


HttpIncoming = WsgiHttpIncoming(app)
