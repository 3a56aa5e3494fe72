"""Verify that a request came through Fanout, by its Grip-Sig, a JSON Web Token (RFC 7519)."""

import hmac
import json
import re
from base64 import b64decode, urlsafe_b64decode
from collections.abc import Mapping
from dataclasses import dataclass, field
from time import time
from typing import Any, TypeGuard

from fastly_compute.fanout import _wit, p256
from fastly_compute.fanout.errors import (
    GripSignatureExpired,
    GripSignatureInvalid,
    GripSignatureMissing,
    InvalidGrip,
)
from fastly_compute.fanout.request import GripRequest
from fastly_compute.http import IncomingRequest
from fastly_compute.secret_store import Secret

FASTLY_KEY = """\
-----BEGIN PUBLIC KEY-----
MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAECKo5A1ebyFcnmVV8SE5On+8G81Jy
BjSvcrx4VLetWCjuDAmppTo3xM/zz763COTCgHfp/6lPdCyYjjqc+GM7sw==
-----END PUBLIC KEY-----
"""
"""The public key of Fastly's Fanout, the same for all services."""

_PEM = re.compile(r"-----BEGIN PUBLIC KEY-----\s+([A-Za-z0-9+/=\s]+?)-----END PUBLIC KEY-----\s*")
# SubjectPublicKeyInfo of a P-256 key up to its coordinates (RFC 5480).
_P256_INFO = bytes.fromhex("3059301306072a8648ce3d020106082a8648ce3d03010703420004")
_B64URL = re.compile(rb"[A-Za-z0-9_-]*")
_LONGEST = 8192
_LEEWAY_S = 60


def is_grip(request: IncomingRequest) -> bool:
    """Return whether a request claims to have come through Fanout, which any client can do.

    Use it to decide whether to hand off a request; `Grip.verify` checks the claim.

    Example:
        >>> from fastly_compute.fanout import is_grip
        >>> from fastly_compute.http import ResponseSent, IncomingRequest, Response, service
        >>> def handle(request: IncomingRequest) -> Response | ResponseSent:
        ...     return Response(204) if is_grip(request) else request.handoff_fanout("self")
        >>> HttpIncoming = service(handle)
    """
    return "grip-sig" in request.headers


@dataclass(frozen=True, slots=True, kw_only=True)
class Grip:
    """Verifies that requests came through Fanout.

    Attributes:
        key: A P-256 public key in PEM for ES256, by default the one of Fastly's Fanout; or the
            `Secret` that a Pushpin has as its ``sig_key``, for HS256.
        issuer: The required issuer of the token, such as ``fastly:`` and a service's ID. With None,
            Fastly's key, which all services share, requires this service as the issuer; any other
            key accepts every issuer.

    Raises:
        InvalidGrip: The key is invalid, or the issuer is empty.
        TypeError: A value has the wrong type.

    Example:
        >>> from fastly_compute.fanout import Grip
        >>> Grip(issuer="fastly:SERVICE_ID")
        Grip(issuer='fastly:SERVICE_ID')
    """

    key: str | Secret = field(default=FASTLY_KEY, repr=False)
    issuer: str | None = None
    _point: p256.Affine | None = field(init=False, repr=False, compare=False, default=None)

    def __post_init__(self) -> None:
        if not isinstance(self.key, str | Secret):
            raise TypeError(f"key must be PEM text or a Secret, not {type(self.key).__name__}")
        if self.issuer is not None and not isinstance(self.issuer, str):
            raise TypeError(f"issuer must be a str or None, not {type(self.issuer).__name__}")
        if self.issuer == "":
            raise InvalidGrip("issuer: must not be empty")
        if isinstance(self.key, str):
            object.__setattr__(self, "_point", _point_of(self.key))

    def verify(self, request: IncomingRequest) -> GripRequest:
        """Verify that a request came through Fanout.

        Clocks may differ by up to 60 s.

        Args:
            request: The client's request.

        Returns:
            The request, with methods that create responses for Fanout.

        Raises:
            GripSignatureMissing: It has no Grip-Sig.
            GripSignatureInvalid: The Grip-Sig is malformed, signed with another key, or from
                another issuer.
            GripSignatureExpired: It has expired, is not valid yet, or has no ``exp``.
            InvalidGrip: The secret is empty.
        """
        tokens = request.headers.get_all("grip-sig")
        if not tokens:
            raise GripSignatureMissing("the request has no Grip-Sig")
        if len(tokens) > 1:
            raise GripSignatureInvalid("the request has more than one Grip-Sig")
        claims = self._signed(tokens[0])
        issuer = self._issuer()
        if issuer is not None and claims.get("iss") != issuer:
            raise GripSignatureInvalid(f"the Grip-Sig is not from {issuer}")
        if "aud" in claims:
            # RFC 7519, section 4.1.3: only the recipients that it names may accept it.
            raise GripSignatureInvalid("the Grip-Sig is meant for another recipient (aud)")
        _check_time(claims, time())
        return GripRequest._of(request, claims)

    def _issuer(self) -> str | None:
        if self.issuer is None and self._point == _FASTLY_POINT:
            return f"fastly:{_wit.service_id()}"
        return self.issuer

    def _signed(self, token: str) -> Mapping[str, Any]:
        if len(token) > _LONGEST:
            raise _no_token()
        parts = token.encode("latin-1").split(b".")
        if len(parts) != 3:
            raise _no_token()
        head, body, signature = (_decoded(part) for part in parts)
        header = _object(head)
        # The key determines the algorithm: a token must not choose another (RFC 8725, 3.1). A token
        # with critical extensions is rejected, since none are supported (RFC 7515, 4.1.11).
        if header.get("alg") != self._algorithm or "crit" in header:
            raise _forged()
        if not self._is_made_with_key(parts[0] + b"." + parts[1], signature):
            raise _forged()
        return _object(body)

    @property
    def _algorithm(self) -> str:
        return "ES256" if isinstance(self.key, str) else "HS256"

    def _is_made_with_key(self, message: bytes, signature: bytes) -> bool:
        if self._point is not None:
            return p256.verify(self._point, message, signature)
        if not isinstance(self.key, Secret):
            return False
        secret = self.key.plaintext()
        if not secret:
            raise InvalidGrip("key: the secret is empty, so anyone could sign with it")
        return hmac.compare_digest(hmac.digest(secret, message, "sha256"), signature)


def _no_token() -> GripSignatureInvalid:
    return GripSignatureInvalid("the Grip-Sig is not a JSON Web Token")


def _forged() -> GripSignatureInvalid:
    return GripSignatureInvalid("the Grip-Sig was not signed with the expected key")


def _check_time(claims: Mapping[str, Any], now: float) -> None:
    end = claims.get("exp")
    if not (_is_number(end) and now <= end + _LEEWAY_S):
        raise GripSignatureExpired("the Grip-Sig has expired, or has no exp")
    for claim in ("nbf", "iat"):
        start = claims.get(claim)
        if start is not None and not (_is_number(start) and now >= start - _LEEWAY_S):
            raise GripSignatureExpired("the Grip-Sig is not valid yet")


def _is_number(value: object) -> TypeGuard[float]:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _point_of(pem: str) -> p256.Affine:
    found = _PEM.fullmatch(pem.strip())
    try:
        info = b64decode(found[1]) if found else b""
    except ValueError:
        info = b""
    if len(info) != len(_P256_INFO) + 64 or not info.startswith(_P256_INFO):
        raise InvalidGrip("key: must be the PEM of a P-256 public key (BEGIN PUBLIC KEY)")
    point = int.from_bytes(info[-64:-32], "big"), int.from_bytes(info[-32:], "big")
    if not p256.is_on_curve(point):
        raise InvalidGrip("key: is not a point on the curve P-256")
    return point


def _decoded(part: bytes) -> bytes:
    if not _B64URL.fullmatch(part) or len(part) % 4 == 1:
        raise _no_token()
    return urlsafe_b64decode(part + b"=" * (-len(part) % 4))


def _object(data: bytes) -> Mapping[str, Any]:
    try:
        value = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise _no_token() from error
    if not isinstance(value, dict):
        raise _no_token()
    return value


_FASTLY_POINT = _point_of(FASTLY_KEY)
