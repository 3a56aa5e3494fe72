"""What the guest's CPython lacks of the standard library is filled in, or refused clearly."""

import hashlib
import json
import runpy
import ssl
import sys
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import pytest

pytestmark = pytest.mark.xdist_group("stdlib")

APP = Path(__file__).parent / "stdlib_app"
IN_A_GUEST = pytest.mark.parametrize("host", ["wasm", "viceroy"], indirect=True)
REFUSED = tomllib.loads((APP / "refused.toml").read_text())
NAMES = APP.parent / "stdlib_names"
TOOL = runpy.run_path(str(APP.parents[1] / "tools" / "guest_stdlib.py"))


@pytest.fixture
def call(servers, host: str) -> Callable[[str], Any]:
    """Sends the app a request, and reads the JSON that it answers with."""
    url = servers.get(host, APP, "stdlib_app").url

    def send(path: str) -> Any:
        with urlopen(f"{url}{path}") as response:
            return json.load(response)

    return send


@IN_A_GUEST
def test_what_a_sandbox_cannot_do_is_refused_with_the_reason(call) -> None:
    found = call("/refused")

    assert set(found) == set(REFUSED)
    for name, expected in REFUSED.items():
        kinds, _, text = found[name].partition(": ")
        assert expected["kind"] in kinds.split("/"), found[name]
        assert expected["message"] in text


def test_passwords_are_hashed_as_by_openssl(call) -> None:
    found = call("/hashes")

    derive = hashlib.pbkdf2_hmac
    assert found == {
        "0": derive("sha256", b"password", b"salt", 1).hex(),
        "1": derive("sha256", b"password", b"salt", 2, 40).hex(),
        "2": derive("sha256", b"password", b"salt", 513).hex(),
        "3": derive("sha256", b"password", b"salt", 4096, 20).hex(),
        "4": derive("sha1", b"password" * 20, b"salt" * 9, 1000, 25).hex(),
        "5": derive("sha512", b"p" * 128, b"", 600, 64).hex(),
        "6": derive("sha512", b"p" * 129, b"", 600, 64).hex(),
        "7": derive("SHA256", b"", b"salt", 3, 1).hex(),
        "8": derive("sha3_256", b"password", b"salt", 1024).hex(),
        "9": derive("md5", b"pass\0word", b"sa\0lt", 1025, 33).hex(),
        "wrong 0": "ValueError",
        "wrong 1": "ValueError",
        "wrong 2": "ValueError",
        "wrong 3": "TypeError",
        "wrong 4": "TypeError",
        "wrong 5": "TypeError",
        "werkzeug": [True, False],
    }


def test_a_tls_context_can_be_configured(call) -> None:
    assert call("/context") == {
        "default": ["CERT_REQUIRED", True, "PROTOCOL_TLS_CLIENT"],
        "minimum": "TLSv1_2",
        "trusted first": True,
        "changed": ["CERT_NONE", False],
        "options": True,
        "version": "TLSv1_3",
        "common name": False,
        "PROTOCOL_TLS_CLIENT": ["CERT_REQUIRED", True, "PROTOCOL_TLS_CLIENT"],
        "PROTOCOL_TLS_SERVER": ["CERT_NONE", False, "PROTOCOL_TLS_SERVER"],
        "buffer": ["some", 6, False],
        "read": [" bytes", 0, True],
        "purpose": "clientAuth",
        "random": [True, 16],
        "errors": ["why", True, True],
    }


@pytest.mark.skipif(sys.version_info < (3, 13), reason="CPython 3.12 and 3.13 removed some names")
@IN_A_GUEST
def test_the_module_ssl_has_the_names_of_cpython(call) -> None:
    assert set(dir(ssl)) - set(call("/names")) == {
        name for name in dir(ssl) if name.startswith("_")
    }
    version, numbers, sni = call("/version")
    assert version.startswith("OpenSSL 3.")
    assert numbers >= [1, 1, 1]
    assert sni


def test_clocks_continue_from_the_build(call) -> None:
    found = call("/clocks")

    assert found["advancing"]
    assert found["attribute"]
    assert len(found["passed"]) == 6
    for name, (passed, wall) in found["passed"].items():
        if name.startswith("process_time"):
            assert passed >= 0, name
        else:
            # The two are not read in the same moment.
            assert passed == pytest.approx(wall, abs=0.5), name


def test_what_was_cached_at_import_expires(call) -> None:
    call("/clocks")
    assert call("/cached") == {"fresh": "value", "expired": None}
    assert call("/clocks")["kept"] is None


def test_a_token_is_signed_and_checked(call) -> None:
    assert call("/jwt") == {"sub": "someone"}


@pytest.mark.skipif(
    sys.version_info[:2] != (3, 13) or sys.platform != "linux",
    reason="the page compares with CPython 3.13 on Linux",
)
@pytest.mark.parametrize("host", ["wasm"], indirect=True)
def test_the_page_about_the_standard_library_is_up_to_date(servers, host: str) -> None:
    guest = TOOL["names_at"](servers.get(host, NAMES, "main").url)

    assert TOOL["page"](TOOL["native_names"](), guest) == TOOL["PAGE"].read_text()
