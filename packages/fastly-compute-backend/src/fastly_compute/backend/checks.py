"""Validation of options: each check takes a field's name and value and returns what to store."""

import re
from datetime import timedelta
from typing import TypeVar

from fastly_compute import core
from fastly_compute.backend import pem
from fastly_compute.backend.errors import BackendOptionTypeError, InvalidBackendOption
from fastly_compute.backend.target import parse_host

T = TypeVar("T")

HOST_HEADER = re.compile(r"[A-Za-z0-9._~%!$&'()*+,;=:\[\]-]+")
_CIPHER = r"(?:[-+!]?\w[\w.=-]*(?:\+\w[\w.=-]*)*|@STRENGTH|@SECLEVEL=[0-5])"
_CIPHERS = re.compile(rf"[ ,:]*{_CIPHER}(?:[ ,:]+{_CIPHER})*[ ,:]*", re.ASCII)
_ADDED = re.compile(r"(?:^|[ ,:])\w", re.ASCII)
_U32 = 2**32 - 1
_MILLISECONDS = "a timedelta or a number of seconds: finite, at least 0 and less than 2^32 ms"
_SECONDS = "a timedelta or a number of seconds: whole, at least 1 and less than 2^32"
_LARGEST_PEM = 64 * 1024


def instance(field: str, value: object, kind: type[T], rule: str) -> T:
    """Require a type; a ``bool`` does not count as a number."""
    if not isinstance(value, kind) or (isinstance(value, bool) and kind is not bool):
        raise BackendOptionTypeError(field, rule, type(value).__name__)
    return value


def boolean(field: str, value: object) -> bool:
    """Require ``True`` or ``False``."""
    return instance(field, value, bool, "True or False")


def integer(field: str, value: object, least: int, most: int) -> int:
    """Require a whole number in a range."""
    rule = f"a whole number from {least} to {most}"
    number = instance(field, value, int, rule)
    if not least <= number <= most:
        raise InvalidBackendOption(field, rule, repr(number))
    return number


def count(field: str, value: object) -> int:
    """Require a number that fits the WIT's ``u32``."""
    return integer(field, value, 0, _U32)


def positive_count(field: str, value: object) -> int:
    """Require a number of at least 1 that fits the WIT's ``u32``."""
    return integer(field, value, 1, _U32)


def milliseconds(field: str, value: object) -> timedelta:
    """Require a duration that the WIT takes in milliseconds."""
    try:
        return timedelta(milliseconds=core.milliseconds(value, field=field))  # type: ignore[arg-type]
    except TypeError as error:
        raise BackendOptionTypeError(field, _MILLISECONDS, type(value).__name__) from error
    except ValueError as error:
        raise InvalidBackendOption(field, _MILLISECONDS, repr(value)) from error


def positive_seconds(field: str, value: object) -> timedelta:
    """Require a duration of at least a second, which the WIT takes in seconds."""
    try:
        seconds = core.whole_seconds(value, field=field)  # type: ignore[arg-type]
    except TypeError as error:
        raise BackendOptionTypeError(field, _SECONDS, type(value).__name__) from error
    except ValueError as error:
        raise InvalidBackendOption(field, _SECONDS, repr(value)) from error
    if seconds == 0:
        raise InvalidBackendOption(field, _SECONDS, repr(value))
    return timedelta(seconds=seconds)


def _text(field: str, value: object, rule: str, pattern: re.Pattern[str], longest: int) -> str:
    text = instance(field, value, str, rule)
    if len(text) > longest or pattern.fullmatch(text) is None:
        raise InvalidBackendOption(field, rule, repr(text[:300]))
    return text


def header_value(field: str, value: object) -> str:
    """Require a valid value for a Host header (RFC 9110, section 7.2)."""
    rule = "a host with or without a port, as in a Host header: 1 to 1024 ASCII characters"
    return _text(field, value, rule, HOST_HEADER, 1024)


def ciphers(field: str, value: object) -> str:
    """Require the syntax of an OpenSSL cipher list that adds at least one cipher."""
    rule = "an OpenSSL cipher list such as 'ECDHE-RSA-AES128-GCM-SHA256:!MD5'"
    text = _text(field, value, rule, _CIPHERS, 8192)
    if _ADDED.search(text) is None:
        raise InvalidBackendOption(field, rule, repr(text))
    return text


def host(field: str, value: object) -> str:
    """Require a host name or an IP address, without a port."""
    rule = "a host name or an IP address, without a port"
    text = instance(field, value, str, rule)
    found = parse_host(text)
    if found is None:
        raise InvalidBackendOption(field, rule, repr(text[:300]))
    return found[0]


def host_name(field: str, value: object) -> str:
    """Require a host name, without a port."""
    rule = "a host name without a port, not an IP address (RFC 6066, section 3)"
    text = instance(field, value, str, rule)
    found = parse_host(text)
    if found is None or found[1]:
        raise InvalidBackendOption(field, rule, repr(text[:300]))
    return found[0]


def certificates(field: str, value: object) -> str:
    """Require certificates in PEM. They are never shown: there may be a key among them."""
    text = instance(field, value, str, "certificates in PEM, as a str")
    fault = pem.fault(text)
    if fault is not None:
        raise InvalidBackendOption(field, fault)
    if len(text) > _LARGEST_PEM:
        raise InvalidBackendOption(field, "at most 64 KiB", f"{len(text)} characters")
    return text
