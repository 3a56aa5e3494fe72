"""Every public name of Fastly's own fastly-compute 0.1.3 is here too, or has a replacement."""

import importlib

import pytest

from fastly_compute.cli.project.upstream import RENAMED, REPLACED, WRAPPED

# What the wheel of 0.1.3 has: read from its modules, without the names that start with "_".
UPSTREAM = {
    "fastly_compute.config_store": ["ConfigStore"],
    "fastly_compute.log": ["LogEndpoint", "FastlyLogHandler"],
    "fastly_compute.pytest_plugin": ["pytest_runtest_makereport"],
    "fastly_compute.exceptions.types.error": [
        "Error",
        "GenericError",
        "InvalidArgument",
        "AuxiliaryError",
        "Unsupported",
        "HttpInvalid",
        "HttpUser",
        "HttpIncomplete",
        "CannotRead",
        "HttpHeadTooLarge",
        "HttpInvalidStatus",
        "LimitExceeded",
        "BufferLen",
    ],
    "fastly_compute.exceptions.types.open_error": [
        "OpenError",
        "InvalidSyntax",
        "NameTooLong",
        "Reserved",
        "NotFound",
        "Unsupported",
        "LimitExceeded",
        "GenericError",
    ],
    "fastly_compute.exceptions.http_body.trailer_error": [
        "TrailerError",
        "NotAvailableYet",
        "Error",
    ],
    "fastly_compute.exceptions": ["FastlyError", "UnexpectedFastlyError"],
    "fastly_compute.exceptions.http_req": ["ErrorWithDetail"],
    "fastly_compute.exceptions.kv_store.kv_error": [
        "KvError",
        "BadRequest",
        "PreconditionFailed",
        "PayloadTooLarge",
        "InternalError",
        "TooManyRequests",
        "GenericError",
        "Extra",
    ],
    "fastly_compute.exceptions.acl.acl_error": ["AclError", "TooManyRequests", "GenericError"],
    "fastly_compute.fastly_compute_py": ["main"],
    "fastly_compute.requests": [
        "RequestKwargs",
        "FastlyResponse",
        "TimeoutConfig",
        "RequestException",
        "ConnectionError",
        "HTTPError",
        "Timeout",
        "MissingSchema",
        "get",
        "post",
        "put",
        "delete",
        "patch",
        "head",
        "options",
        "request",
    ],
    "fastly_compute.requests.backend": ["BackendResolution", "resolve_backend"],
    "fastly_compute.requests.response": ["FastlyResponse"],
    "fastly_compute.requests.exceptions": [
        "RequestException",
        "ConnectionError",
        "Timeout",
        "HTTPError",
        "TooManyRedirects",
        "InvalidURL",
        "MissingSchema",
        "InvalidHeader",
        "ChunkedEncodingError",
        "ContentDecodingError",
        "StreamConsumedError",
    ],
    "fastly_compute.requests.timeout": ["TimeoutConfig"],
    "fastly_compute.testing": [
        "MockHttpServer",
        "make_test_request_handler",
        "AutoViceroyTestBase",
        "ViceroyServer",
        "ViceroyReturn",
        "ViceroyException",
        "ViceroyTestBase",
        "on_viceroy",
    ],
    "fastly_compute.testing.mock_http_server": ["MockHttpServer", "make_test_request_handler"],
    "fastly_compute.testing.viceroy": [
        "ViceroyServer",
        "ViceroyTestBase",
        "AutoViceroyTestBase",
        "ViceroyException",
        "ViceroyReturn",
        "run_viceroy_chunk",
        "on_viceroy",
    ],
    "fastly_compute.runtime_patching.patches": ["patch"],
    "fastly_compute.runtime_patching.decorators": ["remap_wit_errors"],
    "fastly_compute.utils": ["create_body_reader"],
    "fastly_compute.wsgi": ["serve_wsgi_request", "WsgiHttpIncoming"],
}
NAMES = [f"{module}.{name}" for module, names in UPSTREAM.items() for name in names]


def is_here(name: str) -> bool:
    module, _, attribute = name.rpartition(".")
    try:
        return hasattr(importlib.import_module(module), attribute)
    except ModuleNotFoundError:
        return False


def has_replacement(name: str) -> bool:
    module = name.rpartition(".")[0]
    while module and module not in REPLACED:
        module = module.rpartition(".")[0]
    return name in RENAMED or name in REPLACED or bool(module)


@pytest.mark.parametrize("name", NAMES)
def test_a_name_of_upstream_is_here_or_has_a_replacement(name: str) -> None:
    assert is_here(name) != has_replacement(name)


@pytest.mark.parametrize("name", sorted(set(RENAMED.values())))
def test_what_to_write_instead_is_public_here(name: str) -> None:
    package, _, attribute = name.partition(".")

    assert attribute in importlib.import_module(f"fastly_compute.{package}").__all__


@pytest.mark.parametrize("package", sorted(set(WRAPPED.values())))
def test_each_raw_interface_has_its_package(package: str) -> None:
    assert importlib.import_module(f"fastly_compute.{package}").__all__
