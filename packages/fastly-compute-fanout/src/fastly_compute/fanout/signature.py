"""Whether a request came through Fanout: its Grip-Sig, a JSON Web Token (RFC 7519)."""

import hmac
import json
import re
from base64 import b64decode, urlsafe_b64decode
from collections.abc import Mapping
from dataclasses import dataclass, field
from time import time
from typing import Any, TypeGuard

from fastly_compute.core import Duration, whole_seconds
from fastly_compute.fanout import p256
from fastly_compute.fanout.errors import (
    GripSignatureExpired,
    GripSignatureInvalid,
    GripSignatureMissing,
    InvalidGrip,
)
from fastly_compute.http import Headers, IncomingRequest
from fastly_compute.secret_store import Secret

FASTLY_KEY = """\
-----BEGIN PUBLIC KEY-----
MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAECKo5A1ebyFcnmVV8SE5On+8G81Jy
BjSvcrx4VLetWCjuDAmppTo3xM/zz763COTCgHfp/6lPdCyYjjqc+GM7sw==
-----END PUBLIC KEY-----
"""
"""The public key that Fastly's Fanout signs for."""

_PEM = re.compile(r"-----BEGIN PUBLIC KEY-----\s+([A-Za-z0-9+/=\s]+?)-----END PUBLIC KEY-----\s*")
# SubjectPublicKeyInfo of a P-256 key up to its coordinates (RFC 5480).
_P256_INFO = bytes.fromhex("3059301306072a8648ce3d020106082a8648ce3d03010703420004")
_B64URL = re.compile(rb"[A-Za-z0-9_-]*")
_LONGEST = 8192


def is_grip(request: IncomingRequest) -> bool:
    """Tell whether a request says that it came through Fanout. Anybody can say so.

    Use it to decide on a hand-off; what is answered to Fanout alone needs `Grip.verify`.
    """
    return "grip-sig" in request.headers


@dataclass(frozen=True, slots=True, kw_only=True)
class Grip:
    """How requests that come through Fanout are told from those that claim it.

    Attributes:
        key: The PEM of a P-256 public key, for ES256, as Fastly's Fanout signs with; or the
            `Secret` that Pushpin was configured with, for HS256. By default Fastly's.
        issuer: Whom the token must be from, ``fastly:`` and the service's ID for Fastly's. None
            takes any: with Fastly's own key, every service's.
        leeway: How far the clocks may be apart, a `datetime.timedelta` or seconds, whole.

    Raises:
        InvalidGrip: The key is none of these, or the issuer is empty.
        TypeError: A value is of the wrong type.

    Example:
        >>> from fastly_compute.fanout import Grip, hold_stream, is_grip
        >>> from fastly_compute.http import IncomingRequest, Response, service
        >>> GRIP = Grip(issuer="fastly:SERVICE_ID")
        >>> def handle(request: IncomingRequest) -> Response:
        ...     if not is_grip(request):
        ...         return request.handoff_fanout("self")
        ...     GRIP.verify(request)
        ...     return hold_stream("news")
        >>> HttpIncoming = service(handle)
    """

    key: str | Secret = field(default=FASTLY_KEY, repr=False)
    issuer: str | None = None
    leeway: Duration = 60
    _point: tuple[int, int] | None = field(init=False, repr=False, compare=False, default=None)

    def __post_init__(self) -> None:
        if not isinstance(self.key, str | Secret):
            raise TypeError(f"key must be PEM text or a Secret, not {type(self.key).__name__}")
        if self.issuer == "":
            raise InvalidGrip("issuer: must not be empty")
        whole_seconds(self.leeway, field="leeway")
        if isinstance(self.key, str):
            object.__setattr__(self, "_point", _point_of(self.key))

    def verify(self, request: IncomingRequest) -> Mapping[str, Any]:
        """Make sure that a request came through Fanout.

        Args:
            request: The client's request.

        Returns:
            What the token claims, such as ``iss`` and ``exp``.

        Raises:
            GripSignatureMissing: It has no Grip-Sig.
            GripSignatureInvalid: It is no token, not signed with this key, or from another issuer.
            GripSignatureExpired: It is too old, not yet valid, or says no end.
        """
        return self.claims(request.headers)

    def claims(self, headers: Headers) -> Mapping[str, Any]:
        """Make sure of the Grip-Sig among some headers, as `verify` does."""
        tokens = headers.get_all("grip-sig")
        if not tokens:
            raise GripSignatureMissing("the request has no Grip-Sig")
        if len(tokens) > 1:
            raise GripSignatureInvalid("the request has more than one Grip-Sig")
        claims = self._signed(tokens[0])
        if self.issuer is not None and claims.get("iss") != self.issuer:
            raise GripSignatureInvalid("the Grip-Sig is from another issuer")
        self._check_time(claims)
        return claims

    def _signed(self, token: str) -> Mapping[str, Any]:
        parts = token.encode("latin-1").split(b".")
        if len(parts) != 3 or len(token) > _LONGEST:
            raise GripSignatureInvalid("the Grip-Sig is no JSON Web Token")
        head, body, signature = (_decoded(part) for part in parts)
        algorithm = _object(head).get("alg")
        message = parts[0] + b"." + parts[1]
        if self._point is not None:
            # The key decides on the algorithm: a token must not choose another (RFC 8725, 3.1).
            valid = algorithm == "ES256" and p256.verify(self._point, message, signature)
        elif isinstance(self.key, Secret):
            made = hmac.digest(self.key.plaintext(), message, "sha256")
            valid = algorithm == "HS256" and hmac.compare_digest(made, signature)
        else:
            valid = False
        if not valid:
            raise GripSignatureInvalid("the Grip-Sig was not made with the key that is expected")
        return _object(body)

    def _check_time(self, claims: Mapping[str, Any]) -> None:
        now, leeway = time(), whole_seconds(self.leeway, field="leeway")
        end = claims.get("exp")
        if not (_is_number(end) and now <= end + leeway):
            raise GripSignatureExpired("the Grip-Sig has expired, or says no end")
        for claim in ("nbf", "iat"):
            start = claims.get(claim)
            if start is not None and not (_is_number(start) and now >= start - leeway):
                raise GripSignatureExpired("the Grip-Sig is not valid yet")


def _is_number(value: object) -> TypeGuard[float]:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _point_of(pem: str) -> tuple[int, int]:
    found = _PEM.fullmatch(pem.strip())
    try:
        info = b64decode(found[1]) if found else b""
    except ValueError:
        info = b""
    point = (
        int.from_bytes(info[len(_P256_INFO) : -32], "big"),
        int.from_bytes(info[-32:], "big"),
    )
    if len(info) != len(_P256_INFO) + 64 or not info.startswith(_P256_INFO):
        raise InvalidGrip("key: must be the PEM of a P-256 public key (BEGIN PUBLIC KEY)")
    if not p256.is_on_curve(point):
        raise InvalidGrip("key: is no point of the curve P-256")
    return point


def _decoded(part: bytes) -> bytes:
    if not _B64URL.fullmatch(part) or len(part) % 4 == 1:
        raise GripSignatureInvalid("the Grip-Sig is no JSON Web Token")
    return urlsafe_b64decode(part + b"=" * (-len(part) % 4))


def _object(data: bytes) -> Mapping[str, Any]:
    try:
        value = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise GripSignatureInvalid("the Grip-Sig is no JSON Web Token") from error
    if not isinstance(value, dict):
        raise GripSignatureInvalid("the Grip-Sig is no JSON Web Token")
    return value
