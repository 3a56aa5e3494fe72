"""A JWT check: only requests with a valid token (RFC 7519, HS256) reach the origin."""

import base64
import hmac
import json
import time

from fastly_compute.http import CacheOptions, IncomingRequest, Request, Response, SendError, service
from fastly_compute.secret_store import SecretStore

AUDIENCE = "shop"
LONGEST_TOKEN = 4096
SHORTEST_KEY = 32  # RFC 7518, section 3.2
LEEWAY = 30  # seconds by which two clocks may differ
FORWARDED = ("Accept", "Accept-Language", "Content-Type")
PERSONAL = CacheOptions(pass_through=True)


class InvalidToken(Exception):
    """The token is not accepted; the message says why, for the log."""


def decoded(part: str) -> bytes:
    return base64.b64decode(part + "=" * (-len(part) % 4), altchars=b"-_", validate=True)


def as_object(part: str) -> dict[str, object]:
    found = json.loads(decoded(part))
    if not isinstance(found, dict):
        raise InvalidToken("header and claims must be JSON objects")
    return found


def seconds(claims: dict[str, object], name: str) -> float:
    found = claims.get(name)
    if isinstance(found, bool) or not isinstance(found, int | float):
        raise InvalidToken(f"{name} is missing or not a number")
    return found


def verify(token: str, key: bytes, now: float) -> dict[str, object]:
    """Return the claims of a token, or raise `InvalidToken`."""
    if len(token) > LONGEST_TOKEN or token.count(".") != 2:
        raise InvalidToken("not a token of three parts")
    header, payload, signature = token.split(".")
    try:
        # The token does not choose how it is verified: "none" and RS256 are refused here.
        if (found := as_object(header)).get("alg") != "HS256" or "crit" in found:
            raise InvalidToken("the algorithm must be HS256, without critical extensions")
        expected = hmac.digest(key, f"{header}.{payload}".encode(), "sha256")
        if not hmac.compare_digest(expected, decoded(signature)):
            raise InvalidToken("the signature is wrong")
        claims = as_object(payload)
    except (ValueError, RecursionError) as error:
        raise InvalidToken("not base64url or not JSON") from error
    if not now < seconds(claims, "exp") + LEEWAY:
        raise InvalidToken("it has expired")
    if "nbf" in claims and not seconds(claims, "nbf") - LEEWAY <= now:
        raise InvalidToken("it is not valid yet")
    audience = claims.get("aud")
    if AUDIENCE not in (audience if isinstance(audience, list) else [audience]):
        raise InvalidToken("it is for another audience")
    return claims


def signing_key() -> bytes:
    key = SecretStore.open("jwt")["hs256-key"].plaintext()
    if len(key) < SHORTEST_KEY:
        raise RuntimeError(f"the key must have at least {SHORTEST_KEY} bytes, not {len(key)}")
    return key


def handle(request: IncomingRequest) -> Response:
    token = (request.headers.get("Authorization") or "").removeprefix("Bearer ")
    try:
        claims = verify(token, signing_key(), time.time())
    except InvalidToken as error:
        print(f"{request.request_id}: {error}")
        headers = {"WWW-Authenticate": "Bearer", "Cache-Control": "no-store"}
        return Response.text("a valid token is needed\n", status=401, headers=headers)
    headers = {name: request.headers[name] for name in FORWARDED if name in request.headers}
    headers["X-User"] = json.dumps(claims.get("sub"))
    forwarded = Request(
        request.method, request.url, headers=headers, body=request.body, cache=PERSONAL
    )
    try:
        return forwarded.send("origin")
    except SendError as error:
        print(error)
        return Response.text("the origin is not available\n", status=502)


HttpIncoming = service(handle)
