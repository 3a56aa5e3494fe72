import hashlib
import mimetypes
import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

from django.core.exceptions import BadRequest
from django.http import (
    Http404,
    HttpRequest,
    HttpResponse,
    HttpResponseRedirect,
    JsonResponse,
    StreamingHttpResponse,
)
from django.shortcuts import render
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from fastly_compute import http

BLOCK = b"All work and no play makes Jack a dull boy.\n" * 1024
LARGEST_DOWNLOAD = 50_000_000
NUMBER = re.compile("[0-9]{1,20}")
STATIC = {
    file.name: (file.read_bytes(), mimetypes.guess_type(file.name)[0])
    for file in (Path(__file__).parent / "static").iterdir()
}


@require_safe
def static(request: HttpRequest, name: str) -> HttpResponse:
    if name not in STATIC:
        raise Http404
    content, kind = STATIC[name]
    etag = f'"{hashlib.sha256(content).hexdigest()}"'
    if request.headers.get("If-None-Match") == etag:
        return HttpResponse(status=304, headers={"ETag": etag})
    return HttpResponse(content, content_type=kind, headers={"ETag": etag})


@require_safe
def index(request: HttpRequest) -> HttpResponse:
    return render(request, "index.html", {"name": request.COOKIES.get("name")})


@require_POST
def name(request: HttpRequest) -> HttpResponse:
    if "name" not in request.POST:
        raise BadRequest("the form has no name")
    response = HttpResponseRedirect("/", status=303)
    response.set_cookie("name", request.POST["name"], httponly=True, samesite="Lax")
    response.set_cookie("seen", "yes")
    return response


@csrf_exempt
@require_http_methods(["POST", "PUT"])
def upload(request: HttpRequest) -> HttpResponse:
    if request.method == "POST":
        if "file" not in request.FILES:
            raise BadRequest("the form has no file")
        file = request.FILES["file"]
        said = {"name": file.name, "note": request.POST.get("note")}
        return JsonResponse({**said, "size": file.size, "sha256": file.sha256})
    size, sha256 = 0, hashlib.sha256()
    while part := request.read(64 * 1024):
        size += len(part)
        sha256.update(part)
    return JsonResponse({"size": size, "sha256": sha256.hexdigest()})


@require_safe
def download(request: HttpRequest, digits: str) -> HttpResponse:
    if not NUMBER.fullmatch(digits) or int(digits) > LARGEST_DOWNLOAD:
        raise BadRequest(f"the size is a number up to {LARGEST_DOWNLOAD}")
    size = int(digits)

    def parts() -> Iterator[bytes]:
        left = size
        while left:
            part = BLOCK[:left]
            left -= len(part)
            yield part

    response = StreamingHttpResponse(parts(), content_type="application/octet-stream")
    response["Content-Length"] = str(size)
    response["Content-Disposition"] = 'attachment; filename="dull.txt"'
    return response


@csrf_exempt
def origin(request: HttpRequest, rest: str) -> HttpResponse:
    body = request.environ["fastly.request"].body  # not read here
    # The framework has decoded the path: what is left of a "?" in it must not become a query.
    url = f"https://origin.example/{quote(rest)}"
    try:
        answer = http.Request(str(request.method), url, body=body).send("origin")
    except http.SendError as error:
        print(f"{request.method} {request.path!r}: {error}")
        return render(request, "error.html", {"error": "502 Bad Gateway"}, status=502)
    kind = answer.headers.get("content-type")
    return StreamingHttpResponse(answer.body.iter_bytes(), status=answer.status, content_type=kind)


def broken(request: HttpRequest) -> HttpResponse:
    raise RuntimeError("this page is broken")


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    return render(request, "error.html", {"error": "400 Bad Request"}, status=400)


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    return render(request, "error.html", {"error": "404 Not Found"}, status=404)


def failed(request: HttpRequest) -> HttpResponse:
    return render(request, "error.html", {"error": "500 Internal Server Error"}, status=500)
