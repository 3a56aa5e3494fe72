"""Requests that claim to have come through Fanout."""

import base64
import json
import time
from collections.abc import Callable

import pytest
from cryptography.hazmat.primitives import hashes, hmac
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from fastly_compute.fanout import Grip
from fastly_compute.http import IncomingRequest, Response, service
from fastly_compute.local import Incoming, NativeApp
from fastly_compute.secret_store import Secret

SECRET = b"a secret of 32 bytes, more or so"


def encoded(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


class Signer:
    """Signs tokens with a P-256 key or a secret."""

    def __init__(self) -> None:
        self._key = ec.generate_private_key(ec.SECP256R1())
        public = self._key.public_key()
        self.pem = public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
        self.claims = {"iss": "pushpin", "exp": int(time.time()) + 3600}

    def es256(self, claims=None, header=None) -> str:
        message = self._message(header or {"typ": "JWT", "alg": "ES256"}, claims)
        r, s = decode_dss_signature(self._key.sign(message.encode(), ec.ECDSA(hashes.SHA256())))
        return f"{message}.{encoded(r.to_bytes(32, 'big') + s.to_bytes(32, 'big'))}"

    def hs256(self, claims=None, header=None, secret=SECRET) -> str:
        message = self._message(header or {"typ": "JWT", "alg": "HS256"}, claims)
        made = hmac.HMAC(secret, hashes.SHA256())
        made.update(message.encode())
        return f"{message}.{encoded(made.finalize())}"

    def unsigned(self) -> str:
        return self._message({"alg": "none"}, None) + "."

    def _message(self, header, claims) -> str:
        claims = self.claims if claims is None else claims
        parts = [
            part if isinstance(part, bytes) else json.dumps(part).encode()
            for part in (header, claims)
        ]
        return ".".join(map(encoded, parts))


@pytest.fixture(scope="session")
def signer() -> Signer:
    return Signer()


Answers = Callable[[IncomingRequest], object]


@pytest.fixture
def serve(compute_host):
    """Serves a request with a function, and returns what the function returns or raises."""

    def serve(function: Answers, **incoming) -> object:
        outcome = []

        def handle(request: IncomingRequest) -> Response:
            try:
                outcome.append((function(request), None))
            except Exception as error:
                outcome.append((None, error))
            return Response(204)

        compute_host.host.request(NativeApp(service(handle)), Incoming(**incoming))
        ((result, error),) = outcome
        if error is not None:
            raise error
        return result

    return serve


@pytest.fixture
def verified(serve, signer):
    """Calls a function with a request that came through Fanout."""

    def verified(function: Callable[..., object], headers=(), **incoming) -> object:
        signed = [*headers, ("Grip-Sig", signer.hs256().encode())]
        return serve(
            lambda request: function(Grip(key=Secret.from_bytes(SECRET)).verify(request)),
            headers=signed,
            **incoming,
        )

    return verified
