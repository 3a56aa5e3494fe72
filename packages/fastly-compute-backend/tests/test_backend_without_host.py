import subprocess
import sys

import pytest

from fastly_compute.backend import (
    Backend,
    BackendOptionTypeError,
    DynamicBackendConfig,
    InvalidBackendName,
    InvalidBackendOption,
)

CONFIG = DynamicBackendConfig(target="origin.example", use_tls=True)


@pytest.mark.parametrize("name", ["", "x" * 255, "é", "a\n", "\0", "a\tb", "\x7f"])
@pytest.mark.parametrize(
    "use", [Backend.open, Backend.exists, lambda name: Backend.register_dynamic(name, CONFIG)]
)
def test_an_invalid_name_is_refused_before_the_host_is_called(use, name):
    with pytest.raises(InvalidBackendName, match=r"^a backend's name must be 1 to 254") as caught:
        use(name)
    assert caught.value.name == name
    assert isinstance(caught.value, ValueError)


@pytest.mark.parametrize("name", [None, 1, b"origin"])
def test_a_name_must_be_text(name):
    with pytest.raises(TypeError, match=r"^a backend's name must be a str, not "):
        Backend.open(name)


def test_a_mistake_is_found_before_the_host_is_called():
    with pytest.raises(InvalidBackendOption, match=r"^target must be "):
        Backend.create_dynamic("https://origin.example")
    with pytest.raises(InvalidBackendOption, match=r"^connect_timeout must be "):
        Backend.create_dynamic("origin.example", connect_timeout=-1)
    with pytest.raises(TypeError, match="timeout"):
        Backend.create_dynamic("origin.example", timeout=1)
    with pytest.raises(TypeError, match=r"^config must be a DynamicBackendConfig, not dict$"):
        Backend.register_dynamic("origin", {"target": "origin.example"})


@pytest.mark.parametrize(
    ("url", "options", "field"),
    [
        ("ftp://origin.example", {}, "url"),
        ("https://user:word@origin.example", {}, "the URL's host"),
        ("http://origin.example", {"use_tls": True}, "use_tls"),
        ("https://origin.example", {"use_tls": False}, "use_tls"),
        ("https://origin.example", {"use_tls": 1}, "use_tls"),
        ("http://origin.example", {"sni_hostname": "origin.example"}, "sni_hostname"),
    ],
)
def test_the_scheme_of_a_url_decides_on_tls(url, options, field):
    with pytest.raises(InvalidBackendOption) as caught:
        Backend.for_url(url, **options)
    assert caught.value.field == field


def test_a_url_is_text():
    with pytest.raises(BackendOptionTypeError):
        Backend.for_url(None)


def test_a_backend_cannot_be_created_directly():
    with pytest.raises(TypeError, match=r"^Backend cannot be created directly: use Backend\.open"):
        Backend()


def run(code):
    """Return what a fresh interpreter prints."""
    return subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    ).stdout


def test_the_package_can_be_imported_without_a_host_and_without_heavy_modules():
    printed = run(
        "import sys; before = set(sys.modules); import fastly_compute.backend\n"
        "print(sorted({'asyncio', 'logging', 'email', 'ssl', 'socket', 'http.client', 'wit_world',"
        " 'urllib.request', 'fastly_compute.local'} & (set(sys.modules) - before)))"
    )

    assert printed == "[]\n"


def test_functions_that_need_a_host_say_so_without_one():
    printed = run(
        "from fastly_compute.backend import Backend, DynamicBackendConfig\n"
        "from fastly_compute.core import HostUnavailable\n"
        "config = DynamicBackendConfig(target='origin.example', use_tls=True)\n"
        "for use in (\n"
        "    lambda: Backend.open('origin'),\n"
        "    lambda: Backend.exists('origin'),\n"
        "    lambda: Backend.create_dynamic('origin.example'),\n"
        "    lambda: Backend.for_url('https://origin.example/'),\n"
        "    lambda: Backend.register_dynamic('origin', config),\n"
        "):\n"
        "    try:\n"
        "        use()\n"
        "    except HostUnavailable as error:\n"
        "        print(error)\n"
    )

    assert printed.count(" needs a Fastly Compute host, ") == 5
