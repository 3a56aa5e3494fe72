"""Host calls that fail because a test wants it."""

import re

import pytest
from componentize_py_types import Err
from wit_world.imports import backend, http_body, http_req, kv_store
from wit_world.imports import secret_store as secrets
from wit_world.imports.acl import AclError
from wit_world.imports.http_body import TrailerError_NotAvailableYet
from wit_world.imports.types import Error_BufferLen, Error_GenericError, OpenError

from fastly_compute.testing import ComputeHost
from fastly_compute.testing.functions import find

LARGE = 1 << 16


def error_of(call) -> object:
    with pytest.raises(Err) as caught:
        call()
    return caught.value.value


def send() -> None:
    http_req.send(http_req.Request.new(), http_body.new(), backend.Backend.open("origin"))


def test_a_host_call_fails_each_time(compute_host) -> None:
    compute_host.kv["shelf"]["lamp"] = b"7"
    compute_host.fail("kv-store", "store.lookup", "too-many-requests")
    store = kv_store.Store.open("shelf")

    for _ in range(2):
        error = error_of(lambda: store.lookup("lamp"))
        assert isinstance(error, kv_store.KvError_TooManyRequests)
    store.delete("lamp")


def test_a_host_call_fails_on_the_call_that_is_named(compute_host) -> None:
    compute_host.secrets["vault"]["token"] = b"s3cret"
    secrets.Store.open("vault")
    compute_host.fail("secret-store", "store.open", "not-found", on_call=2)
    compute_host.fail("secret-store", "store.open", "generic-error", on_call=3)
    secrets.Store.open("vault")

    assert error_of(lambda: secrets.Store.open("vault")) is OpenError.NOT_FOUND
    assert error_of(lambda: secrets.Store.open("vault")) is OpenError.GENERIC_ERROR
    secrets.Store.open("vault")


def test_the_fault_registered_last_counts_and_one_for_a_single_call_first(compute_host) -> None:
    compute_host.secrets["vault"]["token"] = b"s3cret"
    compute_host.fail("secret-store", "store.open", "not-found", on_call=2)
    compute_host.fail("secret-store", "store.open", "invalid-syntax")
    compute_host.fail("secret-store", "store.open", "generic-error")

    errors = [error_of(lambda: secrets.Store.open("vault")) for _ in range(3)]
    assert errors == [OpenError.GENERIC_ERROR, OpenError.NOT_FOUND, OpenError.GENERIC_ERROR]


def test_a_send_fails_with_any_error_or_detail(compute_host) -> None:
    compute_host.backend("origin")
    compute_host.fail("http-req", "send", "generic-error", on_call=1)
    compute_host.fail("http-req", "send", "dns-timeout", on_call=2)

    assert error_of(send) == http_req.ErrorWithDetail(None, Error_GenericError())
    error = error_of(send)
    assert error == http_req.ErrorWithDetail(
        http_req.SendErrorDetail_DnsTimeout(), Error_GenericError()
    )
    assert compute_host.calls == []


@pytest.mark.parametrize(
    ("interface", "function", "error", "found"),
    [
        ("acl", "acl.lookup", "too-many-requests", AclError.TOO_MANY_REQUESTS),
        ("http-body", "get-trailer-names", "not-available-yet", TrailerError_NotAvailableYet()),
        ("http-req", "request.get-uri", "buffer-len", Error_BufferLen(0)),
        ("http-resp", "send-downstream", "generic-error", Error_GenericError()),
        ("backend", "register-dynamic-backend", "generic-error", Error_GenericError()),
        ("http-downstream", "next-request", "generic-error", Error_GenericError()),
    ],
)
def test_errors_are_found_by_their_names(interface, function, error, found) -> None:
    assert find(interface, function).errors[error] == found


def test_every_send_error_detail_is_known() -> None:
    cases = [name for name in dir(http_req) if name.startswith("SendErrorDetail_")]
    details = {re.sub(r"(?<!^)(?=[A-Z])", "-", name.partition("_")[2]).lower() for name in cases}

    for function in ("send", "send-uncached", "await-response"):
        assert details - {"extra"} <= find("http-req", function).errors.keys()
    assert not details & find("http-req", "send-async").errors.keys()


@pytest.mark.parametrize(
    ("args", "rule"),
    [
        (("http", "send", "generic-error"), "interface = 'http': must be one of acl, .*http-req"),
        (("http-req", "sned", "generic-error"), "function = 'sned': http-req has .*, send, "),
        (("http-req", "send", "timeout"), "error = 'timeout': http-req.send fails with .*dns-time"),
        (("secret-store", "store.open", "dns-timeout"), "one of generic-error, invalid-syntax"),
        (("log", "endpoint.write", "generic-error"), "log.endpoint.write cannot fail"),
    ],
)
def test_what_is_not_in_the_wit_is_refused_with_what_is(compute_host, args, rule) -> None:
    with pytest.raises(ValueError, match=rule):
        compute_host.fail(*args)


def test_numbers_that_cannot_be_are_refused(compute_host) -> None:
    with pytest.raises(ValueError, match="on_call = 0: calls are counted from 1"):
        compute_host.fail("http-req", "send", "dns-timeout", on_call=0)
    with pytest.raises(ValueError, match="most = 0: a write that takes nothing"):
        compute_host.short_writes(0)


def test_a_body_takes_little_at_a_time(compute_host) -> None:
    compute_host.short_writes(most=3)
    body = http_body.new()

    assert [http_body.write(body, data) for data in (b"hello", b"lo", b"")] == [3, 2, 0]
    assert http_body.read(body, LARGE) + http_body.read(body, LARGE) == b"hello"


def test_a_buffer_is_too_small_first_and_large_enough_then(compute_host) -> None:
    compute_host.tiny_buffers()
    request = http_req.Request.new()
    request.set_uri("http://a/")
    request.append_header("one", b"1")
    request.append_header("two", b"")

    for _ in range(2):
        assert error_of(lambda: request.get_uri(LARGE)) == Error_BufferLen(9)
        assert request.get_uri(LARGE) == "http://a/"
    assert error_of(lambda: request.get_header_names(LARGE, 0)) == Error_BufferLen(4)
    assert request.get_header_names(LARGE, 0) == ("one\0two\0", None)
    # Nothing fits into nothing.
    assert request.get_header_value("two", LARGE) == b""
    assert error_of(lambda: request.get_header_value("one", LARGE)) == Error_BufferLen(1)


def test_tiny_buffers_are_for_trailers_too(compute_host) -> None:
    compute_host.tiny_buffers()
    body = http_body.new()
    http_body.append_trailer(body, "sum", b"7")
    http_body.read(body, LARGE)
    error = error_of(lambda: http_body.get_trailer_value(body, "sum", LARGE))

    assert error.value == Error_BufferLen(1)  # type: ignore[attr-defined]
    assert http_body.get_trailer_value(body, "sum", LARGE) == b"7"


def test_a_resource_with_a_constructor_is_made_as_ever(compute_host) -> None:
    compute_host.tiny_buffers()
    options = backend.DynamicBackendOptions()
    options.use_tls(True)
    made = backend.register_dynamic_backend("made", "a.example", options)

    assert made.get_name() == "made"


def test_the_faults_of_one_host_are_not_those_of_another(compute_host) -> None:
    compute_host.fail("http-body", "new", "generic-error")
    with ComputeHost():
        http_body.new()

    assert error_of(http_body.new) == Error_GenericError()
