"""What of the standard library is filled in or refused in the guest, one path for each case."""

import hashlib
import multiprocessing
import multiprocessing.synchronize
import socket
import ssl
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from time import (
    monotonic,
    monotonic_ns,
    perf_counter,
    perf_counter_ns,
    process_time,
    process_time_ns,
)

import cachetools
import httpcore
import jwt
import urllib3
from werkzeug.security import check_password_hash, generate_password_hash

from fastly_compute.http import IncomingRequest, Response, service

CLOCKS = {
    "monotonic": monotonic,
    "monotonic_ns": monotonic_ns,
    "perf_counter": perf_counter,
    "perf_counter_ns": perf_counter_ns,
    "process_time": process_time,
    "process_time_ns": process_time_ns,
}
KEY = "a key that is long enough for SHA-256"


class Timed:
    """Has a clock as an attribute, as classes of many libraries do."""

    clock = time.monotonic


cache: cachetools.TTLCache[str, str] = cachetools.TTLCache(8, ttl=0.5)
cache["made"] = "at import"
imported = {name: (clock(), time.time()) for name, clock in CLOCKS.items()}


@contextmanager
def errors(found: dict[str, str], name: str) -> Iterator[None]:
    """Note the error that something is refused with, and the classes that it can be caught as."""
    try:
        yield
        found[name] = "no error"
    except Exception as error:
        kinds = [kind.__name__ for kind in type(error).__mro__]
        found[name] = f"{'/'.join(kinds)}: {error}"


def _refused() -> dict[str, str]:
    """Everything that a sandbox refuses."""
    found: dict[str, str] = {}
    context = ssl.create_default_context()
    with errors(found, "SSLContext.wrap_socket"):
        context.wrap_socket(None, server_hostname="example.com")  # type: ignore[arg-type]
    with errors(found, "SSLContext.wrap_bio"):
        context.wrap_bio(ssl.MemoryBIO(), ssl.MemoryBIO(), server_hostname="example.com")
    with errors(found, "socket.socket"):
        socket.socket().connect(("127.0.0.1", 1))
    with errors(found, "socket.create_connection"):
        socket.create_connection(("example.com", 443))
    with errors(found, "socket.getaddrinfo"):
        socket.getaddrinfo("example.com", 443)
    with errors(found, "socket.socketpair"):
        socket.socketpair()
    with errors(found, "threading.Thread.start"):
        threading.Thread(target=print).start()
    with errors(found, "threading.Timer.start"):
        threading.Timer(0, print).start()
    with errors(found, "ThreadPoolExecutor.submit"), ThreadPoolExecutor() as pool:
        pool.submit(print)
    with errors(found, "ThreadPoolExecutor.map"), ThreadPoolExecutor() as pool:
        list(pool.map(str, range(3)))
    with errors(found, "multiprocessing.Process.start"):
        multiprocessing.Process(target=print).start()
    with errors(found, "multiprocessing.Lock"):
        multiprocessing.Lock()
    with errors(found, "subprocess.run"):
        subprocess.run(["true"], check=True)
    with errors(found, "hashlib.scrypt"):
        generate_password_hash("secret")
    with errors(found, "urllib3.PoolManager.request"):
        urllib3.PoolManager(retries=False).request("GET", "https://example.com/")
    with errors(found, "httpcore.ConnectionPool.request"):
        httpcore.ConnectionPool().request("GET", "https://example.com/")
    return found


def _hashes() -> dict[str, object]:
    """Keys that are derived from passwords."""
    cases = [
        ("sha256", b"password", b"salt", 1, None),
        ("sha256", b"password", b"salt", 2, 40),
        ("sha256", b"password", b"salt", 513, None),
        ("sha256", b"password", b"salt", 4096, 20),
        ("sha1", b"password" * 20, b"salt" * 9, 1000, 25),
        ("sha512", b"p" * 128, b"", 600, 64),
        ("sha512", b"p" * 129, b"", 600, 64),
        ("SHA256", bytearray(b""), memoryview(b"salt"), 3, 1),
        ("sha3_256", b"password", b"salt", 1024, None),
        ("md5", b"pass\0word", b"sa\0lt", 1025, 33),
    ]
    found: dict[str, object] = {
        str(number): hashlib.pbkdf2_hmac(*case).hex() for number, case in enumerate(cases)
    }
    wrong: list[tuple[object, ...]] = [
        ("sha256", b"", b"", 0),
        ("sha256", b"", b"", 1, 0),
        ("nothing", b"", b"", 1),
        (None, b"", b"", 1),
        ("sha256", "text", b"", 1),
        ("sha256", b"", b"", 1.5),
    ]
    for number, arguments in enumerate(wrong):
        try:
            hashlib.pbkdf2_hmac(*arguments)  # type: ignore[arg-type]
        except (TypeError, ValueError) as error:
            kind = TypeError if isinstance(error, TypeError) else ValueError
            found[f"wrong {number}"] = kind.__name__
    made = generate_password_hash("secret", method="pbkdf2:sha256:1000")
    found["werkzeug"] = [check_password_hash(made, "secret"), check_password_hash(made, "other")]
    return found


def _context() -> dict[str, object]:
    """A context that is configured and read, as clients do."""
    context = ssl.create_default_context()
    found: dict[str, object] = {
        "default": [context.verify_mode.name, context.check_hostname, context.protocol.name],
        "minimum": context.minimum_version.name,
        "trusted first": bool(context.verify_flags & ssl.VERIFY_X509_TRUSTED_FIRST),
    }
    with suppress(ValueError):
        context.verify_mode = ssl.CERT_NONE
        found["refused"] = False
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    context.options |= ssl.OP_NO_TLSv1_2
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    context.set_alpn_protocols(["h2", "http/1.1"])
    context.hostname_checks_common_name = False
    found |= {
        "changed": [context.verify_mode.name, context.check_hostname],
        "options": bool(context.options & ssl.Options.OP_NO_TLSv1_2),
        "version": context.minimum_version.name,
        "common name": context.hostname_checks_common_name,
    }
    for kind in (ssl.PROTOCOL_TLS_CLIENT, ssl.PROTOCOL_TLS_SERVER):
        made = ssl.SSLContext(kind)
        found[kind.name] = [made.verify_mode.name, made.check_hostname, made.protocol.name]
    buffer = ssl.MemoryBIO()
    buffer.write(b"some bytes")
    found["buffer"] = [buffer.read(4).decode(), buffer.pending, buffer.eof]
    buffer.write_eof()
    found["read"] = [buffer.read().decode(), buffer.pending, buffer.eof]
    found["purpose"] = ssl.Purpose.CLIENT_AUTH.shortname
    found["random"] = [ssl.RAND_status(), len(ssl.RAND_bytes(16))]
    error = ssl.SSLCertVerificationError(1, "why")
    found["errors"] = [str(error), isinstance(error, ValueError), isinstance(error, OSError)]
    return found


def _clocks() -> dict[str, object]:
    """How far the clocks have come since the import, and the wall clock in the same time."""
    passed = {}
    for name, clock in CLOCKS.items():
        first, first_wall = imported[name]
        scale = 1e9 if name.endswith("_ns") else 1
        passed[name] = [(clock() - first) / scale, time.time() - first_wall]
    return {
        "passed": passed,
        "advancing": all(clock() <= clock() for clock in CLOCKS.values()),
        "attribute": Timed().clock() >= imported["monotonic"][0],
        "kept": cache.get("made"),
    }


def _cached() -> dict[str, object]:
    """An item that this request adds is there, until it expires."""
    cache["new"] = "value"
    fresh = cache.get("new")
    time.sleep(0.6)
    return {"fresh": fresh, "expired": cache.get("new")}


def _jwt() -> dict[str, object]:
    token = jwt.encode({"sub": "someone"}, KEY, algorithm="HS256")
    found: dict[str, object] = jwt.decode(token, KEY, algorithms=["HS256"])
    with suppress(jwt.InvalidSignatureError):
        jwt.decode(token, KEY[::-1], algorithms=["HS256"])
        found["forged"] = True
    return found


CASES: dict[str, Callable[[], object]] = {
    "/refused": _refused,
    "/hashes": _hashes,
    "/context": _context,
    "/clocks": _clocks,
    "/cached": _cached,
    "/jwt": _jwt,
    "/names": lambda: sorted(name for name in dir(ssl) if not name.startswith("_")),
    "/version": lambda: [ssl.OPENSSL_VERSION, ssl.OPENSSL_VERSION_INFO, ssl.HAS_SNI],
}


def handle(request: IncomingRequest) -> Response:
    return Response.json(CASES[request.path]())


HttpIncoming = service(handle)
