"""Which hosts the tests of `compute_server` run on, and which tests cannot run on which.

Loaded in every pytest run: it imports nothing but pytest.
"""

import argparse
import importlib.util
import os

import pytest

HOSTS = ("native", "wasm", "viceroy")
MARK = "compute_runtime"
SERVER = "compute_server"
UNAVAILABLE = ("error", "warn", "allow")
"""The values of `fastly_compute.local.Unavailable`, which is not imported here."""


def parse(text: str) -> list[str]:
    """Read what `--compute-runtime` is given.

    Raises:
        argparse.ArgumentTypeError: It is not a list of hosts.
    """
    hosts = list(dict.fromkeys(part.strip() for part in text.split(",")))
    unknown = [host for host in hosts if host not in HOSTS]
    if unknown:
        raise argparse.ArgumentTypeError(
            f"{unknown[0]!r} is not a host; give one or more of {', '.join(HOSTS)}, with commas"
        )
    return hosts


def skips(item: pytest.Item | pytest.Function) -> dict[str, str]:
    """Read why a test cannot run on some hosts, by host, from its marks.

    Raises:
        pytest.UsageError: A mark is not ``compute_runtime(skip={runtime: reason})``.
    """
    reasons: dict[str, str] = {}
    for mark in item.iter_markers(MARK):
        skip = mark.kwargs.get("skip")
        if mark.args or set(mark.kwargs) != {"skip"} or not isinstance(skip, dict):
            raise pytest.UsageError(
                f'{item.nodeid}: write {MARK}(skip={{"viceroy": "the reason"}})'
            )
        for host, reason in skip.items():
            if host not in HOSTS or not isinstance(reason, str) or not reason:
                raise pytest.UsageError(
                    f"{item.nodeid}: {MARK}(skip={{{host!r}: {reason!r}}}) must be a host, one of "
                    f"{', '.join(HOSTS)}, and a reason"
                )
            reasons.setdefault(host, reason)
    return reasons


def parameters(metafunc: pytest.Metafunc) -> list[object]:
    """Make the parameters of `compute_server` for a test."""
    reasons = skips(metafunc.definition)
    return [
        pytest.param(host, marks=pytest.mark.skip(reason=reasons[host]))
        if host in reasons
        else pytest.param(host)
        for host in metafunc.config.getoption("compute_runtime")
    ]


def require(host: str) -> None:
    """Skip or fail a test whose host is not installed here."""
    if importlib.util.find_spec("fastly_compute.cli") is None:
        pytest.fail(
            f"{SERVER} serves the app with the command fastly-compute, which is not installed: "
            "pip install fastly-compute-cli",
            pytrace=False,
        )
    if host != "viceroy":
        return
    from fastly_compute.cli.commands.viceroy import INSTALL, find_viceroy

    if find_viceroy() is not None:
        return
    missing = f"viceroy is not on PATH or in $VICEROY; install it: {INSTALL}"
    if os.environ.get("CI") == "true":
        pytest.fail(missing, pytrace=False)
    pytest.skip(missing)
