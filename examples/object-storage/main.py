"""Files in an object storage, with boto3, and errors reported to Sentry."""

from urllib.parse import unquote

import reporting  # noqa: F401 - sets Sentry up
import sentry_sdk
from botocore.exceptions import ClientError
from storage import BUCKET, IN_PARTS, client, pages

from fastly_compute.http import IncomingRequest, Response, service
from fastly_compute.urllib3 import inject_into_urllib3

# boto3 and reporting.py send their requests with urllib3: from here on, it sends them to backends.
inject_into_urllib3()

LINK_SECONDS = 300
PIECE = 64 * 1024


def listed(request: IncomingRequest) -> Response:
    """List the names of files that begin with `?prefix=`."""
    (prefix,) = request.query.get("prefix", [""])[:1]
    found = pages.paginate(Bucket=BUCKET, Prefix=prefix).search("Contents[].[Key, Size]")
    return Response.json({item[0]: item[1] for item in found if item})


def uploaded(request: IncomingRequest, name: str) -> Response:
    """Upload what the client sends, in parts as it arrives."""
    kind = request.headers.get("content-type") or "application/octet-stream"
    client.upload_fileobj(
        request.body, BUCKET, name, ExtraArgs={"ContentType": kind}, Config=IN_PARTS
    )
    return Response.json({"name": name}, status=201)


def downloaded(name: str) -> Response:
    """Pass a file on as it comes, whatever its size."""
    found = client.get_object(Bucket=BUCKET, Key=name)
    headers = {"Content-Type": found["ContentType"], "ETag": found["ETag"]}
    return Response(headers=headers, body=found["Body"].iter_chunks(PIECE))


def linked(name: str) -> Response:
    """Make a link by which anybody can download a file for some minutes."""
    what = {"Bucket": BUCKET, "Key": name}
    url = client.generate_presigned_url("get_object", Params=what, ExpiresIn=LINK_SECONDS)
    return Response.json({"url": url})


def answer(request: IncomingRequest) -> Response:
    kind, _, name = unquote(request.path).removeprefix("/").partition("/")
    match request.method, kind, name:
        case "GET", "files", "":
            return listed(request)
        case "PUT", "files", name:
            return uploaded(request, name)
        case "GET", "files", name:
            return downloaded(name)
        case "DELETE", "files", name:
            client.delete_object(Bucket=BUCKET, Key=name)
            return Response(status=204)
        case "GET", "links", name if name:
            return linked(name)
    return Response.text("there are /files, /files/NAME and /links/NAME", status=404)


def is_missing(error: Exception) -> bool:
    return isinstance(error, ClientError) and error.response["Error"]["Code"] == "NoSuchKey"


def handle(request: IncomingRequest) -> Response:
    try:
        return answer(request)
    except Exception as error:
        if is_missing(error):
            return Response.text("no such file", status=404)
        print(f"{request.method} {request.path}: {type(error).__name__}: {error}")
        sentry_sdk.capture_exception(error)
    return Response.text("this failed, and was reported", status=500)


HttpIncoming = service(handle)
