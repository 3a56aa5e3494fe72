"""Finds imports of Fastly's own ``fastly-compute`` in an app, and what to write instead."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from fastly_compute.cli.project.app_files import all_files, is_foreign
from fastly_compute.cli.project.imports import imported, parse

_EXCEPTIONS = "fastly_compute.exceptions"
_HERE = "fastly_compute"
_BINDINGS = "wit_world.imports."
_COMMAND = "fastly-compute-py"

RENAMED = {
    "fastly_compute.LogEndpoint": "log.LogEndpoint",
    "fastly_compute.FastlyLogHandler": "log.FastlyLogHandler",
    "fastly_compute.requests.timeout.TimeoutConfig": "requests.TimeoutConfig",
    "fastly_compute.requests.response.FastlyResponse": "requests.FastlyResponse",
    "fastly_compute.requests.backend.resolve_backend": "backend.Backend",
    "fastly_compute.wsgi.serve_wsgi_request": "wsgi.WsgiHttpIncoming",
    "fastly_compute.utils.create_body_reader": "http.Body",
    "fastly_compute._resource.FastlyResource": "core.Handle",
    f"{_EXCEPTIONS}.FastlyError": "core.FastlyComputeError",
    f"{_EXCEPTIONS}.UnexpectedFastlyError": "core.HostError",
    f"{_EXCEPTIONS}.types.error.Error": "core.HostError",
    f"{_EXCEPTIONS}.types.error.GenericError": "core.HostError",
    f"{_EXCEPTIONS}.types.error.InvalidArgument": "core.InvalidArgument",
    f"{_EXCEPTIONS}.types.error.AuxiliaryError": "core.AuxiliaryError",
    f"{_EXCEPTIONS}.types.error.Unsupported": "core.Unsupported",
    f"{_EXCEPTIONS}.types.error.HttpInvalid": "core.HttpInvalid",
    f"{_EXCEPTIONS}.types.error.HttpUser": "core.HttpUser",
    f"{_EXCEPTIONS}.types.error.HttpIncomplete": "core.HttpIncomplete",
    f"{_EXCEPTIONS}.types.error.CannotRead": "core.CannotRead",
    f"{_EXCEPTIONS}.types.error.HttpHeadTooLarge": "core.HttpHeadTooLarge",
    f"{_EXCEPTIONS}.types.error.HttpInvalidStatus": "core.HttpInvalidStatus",
    f"{_EXCEPTIONS}.types.error.LimitExceeded": "core.LimitExceeded",
    f"{_EXCEPTIONS}.types.error.BufferLen": "core.BufferTooSmall",
    f"{_EXCEPTIONS}.types.open_error.OpenError": "core.HostError",
    f"{_EXCEPTIONS}.types.open_error.InvalidSyntax": "core.InvalidSyntax",
    f"{_EXCEPTIONS}.types.open_error.NameTooLong": "core.NameTooLong",
    f"{_EXCEPTIONS}.types.open_error.Reserved": "core.NameReserved",
    f"{_EXCEPTIONS}.types.open_error.NotFound": "core.NotFound",
    f"{_EXCEPTIONS}.types.open_error.Unsupported": "core.Unsupported",
    f"{_EXCEPTIONS}.types.open_error.LimitExceeded": "core.LimitExceeded",
    f"{_EXCEPTIONS}.types.open_error.GenericError": "core.HostError",
    f"{_EXCEPTIONS}.acl.acl_error.AclError": "acl.AclError",
    f"{_EXCEPTIONS}.acl.acl_error.TooManyRequests": "acl.AclTooManyRequests",
    f"{_EXCEPTIONS}.acl.acl_error.GenericError": "acl.AclCallFailed",
    f"{_EXCEPTIONS}.kv_store.kv_error.KvError": "kv_store.KVStoreError",
    f"{_EXCEPTIONS}.kv_store.kv_error.BadRequest": "kv_store.KVBadRequest",
    f"{_EXCEPTIONS}.kv_store.kv_error.PreconditionFailed": "kv_store.KVPreconditionFailed",
    f"{_EXCEPTIONS}.kv_store.kv_error.PayloadTooLarge": "kv_store.KVValueTooLarge",
    f"{_EXCEPTIONS}.kv_store.kv_error.InternalError": "kv_store.KVInternalError",
    f"{_EXCEPTIONS}.kv_store.kv_error.TooManyRequests": "kv_store.KVTooManyRequests",
    f"{_EXCEPTIONS}.kv_store.kv_error.GenericError": "kv_store.KVCallFailed",
    f"{_EXCEPTIONS}.kv_store.kv_error.Extra": "kv_store.KVCallFailed",
    f"{_EXCEPTIONS}.http_body.trailer_error.TrailerError": "http.BodyError",
    f"{_EXCEPTIONS}.http_body.trailer_error.NotAvailableYet": "http.BodyNotRead",
    f"{_EXCEPTIONS}.http_body.trailer_error.Error": "http.BodyError",
    f"{_EXCEPTIONS}.http_req.ErrorWithDetail": "http.SendError",
}
"""Names of upstream, and where each is here, below ``fastly_compute``."""

_FIXTURES = (
    "the fixtures compute_host and compute_client of fastly-compute-testing, which need no import"
)
REPLACED = {
    _EXCEPTIONS: "the errors of fastly_compute.core, or of the package that raises them",
    "fastly_compute.requests.timeout": "fastly_compute.requests",
    "fastly_compute.requests.response": "fastly_compute.requests",
    "fastly_compute.requests.backend": "fastly_compute.backend",
    "fastly_compute.utils": "read the body of a request or response of fastly_compute.http",
    "fastly_compute.runtime_patching": "nothing: importing a package patches nothing",
    "fastly_compute.fastly_compute_py": "the command fastly-compute build",
    "fastly_compute.pytest_plugin": "nothing: pytest loads fastly-compute-testing by itself",
    "fastly_compute.testing.viceroy": _FIXTURES,
    "fastly_compute.testing.mock_http_server": _FIXTURES,
    "fastly_compute.testing.AutoViceroyTestBase": _FIXTURES,
    "fastly_compute.testing.MockHttpServer": _FIXTURES,
    "fastly_compute.testing.ViceroyException": _FIXTURES,
    "fastly_compute.testing.ViceroyReturn": _FIXTURES,
    "fastly_compute.testing.ViceroyServer": _FIXTURES,
    "fastly_compute.testing.ViceroyTestBase": _FIXTURES,
    "fastly_compute.testing.make_test_request_handler": _FIXTURES,
    "fastly_compute.testing.on_viceroy": _FIXTURES,
}
"""Modules of upstream without a counterpart of that name, and what to write instead."""

WRAPPED = {
    "acl": "acl",
    "async_io": "http",
    "backend": "backend",
    "cache": "cache",
    "compute_runtime": "runtime",
    "config_store": "config_store",
    "device_detection": "device_detection",
    "dictionary": "config_store",
    "erl": "erl",
    "geo": "geo",
    "http_body": "http",
    "http_cache": "http",
    "http_downstream": "http",
    "http_req": "http",
    "http_resp": "http",
    "image_optimizer": "image_optimizer",
    "kv_store": "kv_store",
    "log": "log",
    "purge": "cache",
    "secret_store": "secret_store",
    "security": "security",
    "shielding": "shielding",
}
"""The raw bindings below ``wit_world.imports``, and the package that checks and wraps each."""


@dataclass(frozen=True, slots=True)
class UpstreamUse:
    """A line that was written for upstream's SDK.

    Attributes:
        file: The file, relative to the app's folder.
        line: Its line, from 1.
        name: What the line takes from upstream.
        instead: What to write.
        works: Whether it does without a change.
    """

    file: Path
    line: int
    name: str
    instead: str
    works: bool = False


def find_upstream_uses(folder: Path) -> Iterator[UpstreamUse]:
    """Find what an app, its tests and its fastly.toml have of upstream's SDK.

    Args:
        folder: The app's folder. Hidden folders, environments and what a build writes are left out,
            and so is a file that is not Python for this interpreter.
    """
    for name, file in all_files(folder, skip=is_foreign):
        if name == "fastly.toml":
            yield from _commands(file)
        if file.suffix != ".py":
            continue
        try:
            tree = parse(file.read_bytes())
        except (SyntaxError, ValueError):  # a template, or a test's sample
            continue
        for line, module in imported(tree):
            found = _replacement(module)
            if found is not None:
                yield UpstreamUse(Path(name), line, module, *found)


def requires_upstream(requirements: list[str]) -> bool:
    """Tell whether upstream's SDK is among requirements."""
    names = (re.match(r"[\w.-]+", requirement) for requirement in requirements)
    return any(re.sub("[-_.]+", "-", found[0]) == "fastly-compute" for found in names if found)


def _commands(manifest: Path) -> Iterator[UpstreamUse]:
    lines = manifest.read_text(encoding="utf-8", errors="replace").splitlines()
    for number, line in enumerate(lines, 1):
        if _COMMAND in line.partition("#")[0]:
            yield UpstreamUse(Path(manifest.name), number, _COMMAND, "fastly-compute")


def _replacement(name: str) -> tuple[str, bool] | None:
    if name in RENAMED:
        module, _, renamed = f"{_HERE}.{RENAMED[name]}".rpartition(".")
        return f"from {module} import {renamed}", False
    if name.startswith(_BINDINGS):
        package = WRAPPED.get(name.removeprefix(_BINDINGS).partition(".")[0])
        return (f"{_HERE}.{package}", True) if package else None
    head = name
    while head and head not in REPLACED:
        head = head.rpartition(".")[0]
    return (REPLACED[head], False) if head else None
