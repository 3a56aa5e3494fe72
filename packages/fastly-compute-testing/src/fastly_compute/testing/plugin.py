"""The pytest plugin: its fixtures, its options, and what it says about a test.

Loaded in every pytest run, so that a host is imported only where a fixture makes one.
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

from fastly_compute.testing import hosts

if TYPE_CHECKING:
    from fastly_compute.testing.client import ComputeClient
    from fastly_compute.testing.host import ComputeHost
    from fastly_compute.testing.served import ComputeServer
    from fastly_compute.testing.servers import ComputeServers

_HOST = pytest.StashKey["ComputeHost"]()
_SERVER = pytest.StashKey[tuple["ComputeServer", int]]()


def pytest_addoption(parser: pytest.Parser) -> None:
    """Take the options of `compute_server`."""
    group = parser.getgroup("fastly-compute", "tests of Fastly Compute apps")
    group.addoption(
        "--compute-runtime",
        type=hosts.parse,
        default=["native"],
        metavar="RUNTIME,...",
        help="Runtimes for the tests of compute_server: native, wasm and viceroy, separated by "
        "commas. Each test runs once on each. Default: native.",
    )
    parser.addini(
        "compute_entry",
        "The module of the app under test that has HttpIncoming, for compute_server. By default "
        "the setting entry of [tool.fastly-compute], or main.",
        default="",
    )
    parser.addini(
        "compute_config",
        "The file with the [local_server] that compute_server runs with. By default fastly.toml.",
        default="",
    )
    parser.addini(
        "compute_unavailable",
        "What happens when the app, on the native runtime, does what no sandbox can, such as "
        "opening a socket: error, warn or allow. By default error.",
        default="error",
    )


def pytest_configure(config: pytest.Config) -> None:
    """Make the mark known, and check the configuration."""
    unavailable = config.getini("compute_unavailable")
    if unavailable not in hosts.UNAVAILABLE:
        raise pytest.UsageError(
            f"compute_unavailable = {unavailable!r}: must be one of {', '.join(hosts.UNAVAILABLE)}"
        )
    config.addinivalue_line(
        "markers",
        f"{hosts.MARK}(skip={{host: reason}}): where a test of compute_server cannot run, and why",
    )


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run each test of `compute_server` once on each host."""
    if hosts.SERVER in metafunc.fixturenames:
        metafunc.parametrize(hosts.SERVER, hosts.parameters(metafunc), indirect=True)


@pytest.fixture
def compute_host(request: pytest.FixtureRequest) -> "Iterator[ComputeHost]":
    """A fresh host, without a network, that the code of the test runs in as a guest."""
    from fastly_compute.testing.host import ComputeHost

    with ComputeHost(unavailable=request.config.getini("compute_unavailable")) as host:
        request.node.stash[_HOST] = host
        yield host
    host.check()


@pytest.fixture
def compute_app() -> object:
    """The app under test, for you to override: what its entry module calls ``HttpIncoming``."""
    pytest.fail(
        "compute_client needs the app under test: define a fixture named compute_app, in this "
        "file or in conftest.py, that returns what the app's module calls HttpIncoming",
        pytrace=False,
    )


@pytest.fixture
def compute_client(compute_host: "ComputeHost", compute_app: object) -> "ComputeClient":
    """A client of the app under test, which it runs in this process."""
    from fastly_compute.local import NativeApp
    from fastly_compute.testing.client import ComputeClient

    return ComputeClient(compute_host.host, NativeApp(compute_app))


@pytest.fixture(scope="session")
def _compute_servers(pytestconfig: pytest.Config) -> "Iterator[ComputeServers]":
    from fastly_compute.testing.servers import ComputeServers

    with ComputeServers(
        pytestconfig.rootpath,
        entry=pytestconfig.getini("compute_entry"),
        config=pytestconfig.getini("compute_config"),
        strict=pytestconfig.getini("compute_unavailable") == "error",
    ) as servers:
        yield servers


@pytest.fixture
def compute_server(
    request: pytest.FixtureRequest, _compute_servers: "ComputeServers"
) -> "ComputeServer":
    """The app under test, served by the real command on a host that `--compute-runtime` names.

    It is built and started once in a run for each host, and stopped at its end.
    """
    hosts.require(request.param)
    server = _compute_servers.get(request.param)
    request.node.stash[_SERVER] = server, len(server.logs)
    return server


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Iterator[None]:
    """Fail a test at its end, rather than its teardown, and show what its hosts had to say."""
    problems: list[str] = []
    passed = False
    try:
        yield
        passed = True
    finally:
        host = item.stash.get(_HOST, None)
        if host is not None:
            problems = [*host.take_problems(), *host.take_unused()]
            if host.output:
                item.add_report_section("call", "compute_host output", "\n".join(host.output))
            if problems and not passed:
                item.add_report_section("call", "compute_host problems", "\n\n".join(problems))
        served = item.stash.get(_SERVER, None)
        if served is not None:
            server, before = served
            if not passed:
                # Its output about the failure is about to arrive.
                server.settle()
            said = "\n".join(server.logs[before:])
            item.add_report_section("call", f"compute_server log ({server.host})", said)
    if problems:
        pytest.fail("\n\n".join(problems), pytrace=False)
