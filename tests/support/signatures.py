"""Checks the signature of each request that arrives, as S3 does, with botocore's own code.

moto accepts any signature. This recomputes it from what was on the wire, so that a request passes
only if its method, path, query, signed headers and payload arrived as they were signed.
"""

import hashlib
import io
import zlib
from base64 import b64encode
from collections.abc import Callable, Iterable
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from botocore.auth import S3SigV4Auth, S3SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from werkzeug.wsgi import get_input_stream

TRAILER = "STREAMING-UNSIGNED-PAYLOAD-TRAILER"


class WrongSignature(Exception):
    """A request did not arrive as it was signed."""


class SignatureCheck:
    """WSGI middleware that lets a request through if its signature is right.

    Args:
        app: What answers then.
        credentials: What requests have to be signed with.

    Attributes:
        seen: Each request: its method, target, headers by lower-case names, and body.
        how: How the payload of each request was signed.
        refused: Why requests were refused.
        denying: The name of an object that nobody may read.
    """

    def __init__(self, app: Callable[..., Iterable[bytes]], credentials: Credentials) -> None:
        self._app = app
        self._credentials = credentials
        self.seen: list[tuple[str, str, dict[str, str], bytes]] = []
        self.how: list[str] = []
        self.refused: list[str] = []
        self.denying: str | None = None

    def __call__(self, environ: dict[str, Any], start: Callable[..., Any]) -> Iterable[bytes]:
        body = get_input_stream(environ).read()
        environ["wsgi.input"] = io.BytesIO(body)
        environ["CONTENT_LENGTH"] = str(len(body))
        headers = {
            name.removeprefix("HTTP_").replace("_", "-").lower(): value
            for name, value in environ.items()
            if name.startswith("HTTP_") or name in ("CONTENT_TYPE", "CONTENT_LENGTH")
        }
        method, target = environ["REQUEST_METHOD"], environ["REQUEST_URI"]
        self.seen.append((method, target, headers, body))
        try:
            self._check(method, target, headers, body)
        except WrongSignature as error:
            self.refused.append(str(error))
            return refuse(start, "SignatureDoesNotMatch", str(error))
        if self.denying is not None and target.endswith(f"/{self.denying}"):
            return refuse(start, "AccessDenied", "you may not read this")
        return self._app(environ, start)

    def _check(self, method: str, target: str, headers: dict[str, str], body: bytes) -> None:
        query = dict(parse_qsl(urlsplit(target).query, keep_blank_values=True))
        if "X-Amz-Signature" in query:
            given, scope = query["X-Amz-Signature"], query["X-Amz-Credential"]
            signed, when = query["X-Amz-SignedHeaders"], query["X-Amz-Date"]
            target = target.replace(f"&X-Amz-Signature={given}", "")
            kind = S3SigV4QueryAuth
            self.how.append("presigned")
        else:
            scheme, _, rest = headers.get("authorization", "").partition(" ")
            fields = dict(part.strip().split("=", 1) for part in rest.split(",") if "=" in part)
            if scheme != "AWS4-HMAC-SHA256" or "x-amz-date" not in headers:
                raise WrongSignature(f"{method} {target} is not signed")
            given, scope = fields["Signature"], fields["Credential"]
            signed, when = fields["SignedHeaders"], headers["x-amz-date"]
            kind = S3SigV4Auth
            self.how.append(headers["x-amz-content-sha256"])
            self._check_payload(headers, body)
        expected = self._signature(kind, method, target, headers, signed.split(";"), scope, when)
        if given != expected:
            raise WrongSignature(f"{method} {target}: {given} is not {expected}")

    def _signature(
        self,
        kind: type[S3SigV4Auth] | type[S3SigV4QueryAuth],
        method: str,
        target: str,
        headers: dict[str, str],
        signed: list[str],
        scope: str,
        when: str,
    ) -> str:
        key, _, region, service, _ = scope.split("/")
        if key != self._credentials.access_key:
            raise WrongSignature(f"{key} is not a key")
        missing = [name for name in signed if name not in headers]
        if missing:
            raise WrongSignature(f"{method} {target} lacks the signed headers {missing}")
        request = AWSRequest(
            method=method,
            url=f"http://{headers['host']}{target}",
            headers={name: headers[name] for name in signed},
        )
        request.context["timestamp"] = when
        auth = kind(self._credentials, service, region)
        return str(
            auth.signature(auth.string_to_sign(request, auth.canonical_request(request)), request)
        )

    def _check_payload(self, headers: dict[str, str], body: bytes) -> None:
        promised = headers["x-amz-content-sha256"]
        if promised == TRAILER:
            content, trailers = decoded(body)
            if len(content) != int(headers["x-amz-decoded-content-length"]):
                raise WrongSignature("the payload is not as long as promised")
            found = b64encode(zlib.crc32(content).to_bytes(4)).decode()
            if trailers != {headers["x-amz-trailer"]: found}:
                raise WrongSignature(f"the checksum of the payload is {found}, not {trailers}")
        elif promised != hashlib.sha256(body).hexdigest():
            raise WrongSignature("the payload is another one")


def refuse(start: Callable[..., Any], code: str, message: str) -> list[bytes]:
    """Answer as S3 does when it refuses a request."""
    content = f"<Error><Code>{code}</Code><Message>{message}</Message></Error>".encode()
    length = ("Content-Length", str(len(content)))
    start("403 Forbidden", [("Content-Type", "application/xml"), length])
    return [content]


def decoded(body: bytes) -> tuple[bytes, dict[str, str]]:
    """Take apart an `aws-chunked` body: the content, and the trailers after it."""
    file = io.BytesIO(body)
    content = b""
    while size := int(file.readline().split(b";")[0], 16):
        content += file.read(size)
        file.readline()
    trailers = {}
    for line in file.read().decode().split("\r\n"):
        if line:
            name, _, value = line.partition(":")
            trailers[name] = value
    return content, trailers
