"""The package covers the WIT."""

import re
from pathlib import Path

import pytest
from componentize_py_types import Err
from wit_world.imports import cache as wit
from wit_world.imports import purge, types

import fastly_compute.cache
import fastly_compute.local
from fastly_compute import cache
from fastly_compute.cache import CacheCallFailed, CacheUnsupported
from fastly_compute.cache.errors import CLASSES
from fastly_compute.core import Unsupported, case_of

PACKAGE = Path(fastly_compute.cache.__file__).parent
BINDINGS = Path(fastly_compute.local.__file__).parent / "bindings"
# Lookups that were not waited for are pollables already, and `extra-…` have nothing in them.
LEFT_OUT = {"step"}


def functions(module: str) -> set[str]:
    text = (BINDINGS / f"wit_world/imports/{module}.py").read_text()
    return {name for name in re.findall(r"^ *def (\w+)\(", text, re.MULTILINE) if name[0] != "_"}


@pytest.mark.parametrize("module", ["cache", "purge"])
def test_every_function_of_the_interface_is_used(module) -> None:
    used = (PACKAGE / "_wit.py").read_text() + (PACKAGE / "found.py").read_text()
    missing = {name for name in functions(module) if not re.search(rf"\b{name}\b", used)}

    assert missing == (LEFT_OUT if module == "cache" else set())


def test_every_option_of_the_interface_is_offered() -> None:
    offered = set(cache.WriteOptions.__dataclass_fields__)
    written = {name.removesuffix("_ns") for name in wit.WriteOptions.__dataclass_fields__}

    # The headers are an argument of insert and lookup.
    assert written - {"request_headers", "extra", "vary_rule"} == offered - {"vary"}
    assert set(purge.PurgeOptions.__dataclass_fields__) == {"soft_purge", "extra"}


def test_every_state_of_the_interface_is_offered() -> None:
    states = {str(flag.name).lower() for flag in wit.LookupState}

    assert all(hasattr(cache.Entry, state) for state in states)


def test_every_strategy_of_the_interface_is_offered() -> None:
    strategies = {member.name.lower() for member in wit.ReplaceStrategy}

    assert strategies == {"immediate", "immediate_force_miss", "wait"}


def test_every_error_of_the_interface_has_a_class() -> None:
    cases = {
        case_of(kind.__new__(kind))
        for name, kind in vars(types).items()
        if name.startswith("Error_") and isinstance(kind, type)
    }

    assert cases <= set(CLASSES)


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (types.Error_Unsupported(), CacheUnsupported),
        (types.Error_GenericError(), CacheCallFailed),
        (types.Error_LimitExceeded(), CacheCallFailed),
    ],
)
def test_each_error_of_the_host_has_its_exception(host, error, kind) -> None:
    def refuse(name, function, args):
        raise Err(error)

    host.interpose = refuse
    calls = [
        lambda: cache.get("key"),
        lambda: cache.set("key", b"", ttl=1),
        lambda: cache.get_or_set("key", pytest.fail, ttl=1),
        lambda: cache.transaction_async("key"),
        lambda: cache.replace("key"),
        lambda: cache.purge("key"),
        lambda: cache.purge_surrogate_key_verbose("key"),
    ]
    for call in calls:
        with pytest.raises(kind) as failed:
            call()

        assert failed.value.case == case_of(error)
        assert isinstance(failed.value, Unsupported) == (kind is CacheUnsupported)


def test_unsupported_numbers_are_distinguished_from_missing_ones(host) -> None:
    with cache.insert("key", cache.WriteOptions(max_age=60)) as body:
        body.write(b"content")
    entry = cache.lookup("key")

    def lacks(name, function, args):
        if name in {"cache.Entry.get_hits", "cache.Entry.get_stale_while_revalidate_ns"}:
            raise Err(types.Error_Unsupported())
        return function(*args)

    host.interpose = lacks
    with pytest.raises(CacheUnsupported, match="this host does not offer it"):
        _ = entry.hits
    with pytest.raises(CacheUnsupported):
        _ = entry.stale_while_revalidate

    assert entry.body().read() == b"content"
