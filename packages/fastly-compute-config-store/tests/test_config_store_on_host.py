import copy
import pickle
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fastly_compute.config_store import (
    ConfigKeyNotFound,
    ConfigKeyRefused,
    ConfigStore,
    ConfigStoreCallFailed,
    ConfigStoreError,
    ConfigStoreNameRefused,
    ConfigStoreNotFound,
    ConfigStoreUnsupported,
    InvalidConfigName,
)
from fastly_compute.core import HandleClosed, HostUnavailable, NotFound
from fastly_compute.testing import ComputeHost

VALUES = {
    "greeting": "hello",
    "empty": "",
    "lines": "one\r\ntwo\n",
    "größe 🎈/": "größe 🎈",
    "long": "x" * 8000,
    "longest": "🎈" * 8000,
    "k" * 256: "long key",
}


@pytest.fixture
def store(compute_host):
    compute_host.config_stores["settings"] = VALUES
    with ConfigStore.open("settings") as store:
        yield store


@pytest.fixture
def calls(compute_host):
    """The host calls of the test, each by its name."""
    made = []
    inner = compute_host.host.interpose

    def count(label, function, args):
        made.append(label)
        return inner(label, function, args)

    compute_host.host.interpose = count
    return made


@pytest.mark.parametrize("key", VALUES)
def test_a_value_is_read_as_it_was_stored_with_one_call(store, calls, key) -> None:
    assert store.get(key) == VALUES[key]
    assert calls == ["config-store.Store.get"]
    assert store[key] == VALUES[key]
    assert key in store


def test_a_missing_key(store) -> None:
    assert store.get("missing") is None
    assert store.get("missing", "default") == "default"
    assert store.get("missing", 5) == 5
    assert store.get("greeting", "default") == "hello"
    assert store.get("empty", "default") == ""
    assert "missing" not in store
    with pytest.raises(ConfigKeyNotFound) as caught:
        store["missing"]
    assert isinstance(caught.value, KeyError)
    assert (caught.value.store, caught.value.key) == ("settings", "missing")
    assert str(caught.value) == "config store 'settings' has no key 'missing'"


@pytest.mark.parametrize("look_up", ["get", "__getitem__", "__contains__"])
def test_a_key_that_cannot_exist_is_refused_before_the_host_is_called(
    store, calls, look_up
) -> None:
    for key in ("", "k" * 257, "\udc80"):
        with pytest.raises(InvalidConfigName, match=r"^a key "):
            getattr(store, look_up)(key)
    with pytest.raises(TypeError, match=r"^a key must be a str, not int$"):
        getattr(store, look_up)(0)
    assert calls == []


def test_a_store_cannot_be_iterated(store) -> None:
    with pytest.raises(TypeError, match="'ConfigStore' object is not iterable"):
        list(store)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=50)
@given(
    items=st.dictionaries(
        st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=256),
        st.text(st.characters(exclude_categories=["Cs"]), max_size=500),
    ),
    other=st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=256),
)
def test_a_store_reads_like_the_dict_that_it_was_made_of(compute_host, items, other) -> None:
    compute_host.config_stores["any"] = items
    with ConfigStore.open("any") as store:
        assert {key: store[key] for key in items} == items
        assert store.get(other, "?") == items.get(other, "?")
        assert (other in store) == (other in items)


def test_a_host_with_a_small_buffer_is_asked_again(compute_host, store) -> None:
    compute_host.tiny_buffers()

    assert store["longest"] == VALUES["longest"]
    assert store.get("missing") is None


def test_a_missing_store(compute_host) -> None:
    with pytest.raises(ConfigStoreNotFound) as caught:
        ConfigStore.open("missing")
    assert isinstance(caught.value, NotFound)
    assert isinstance(caught.value, LookupError)
    assert isinstance(caught.value, ConfigStoreError)
    assert str(caught.value) == (
        "config-store.store.open on 'missing' failed: the config store does not exist, or is not "
        "linked to this version of the service (not-found)"
    )


@pytest.mark.parametrize(
    ("case", "kind"),
    [
        ("invalid-syntax", ConfigStoreNameRefused),
        ("name-too-long", ConfigStoreNameRefused),
        ("reserved", ConfigStoreNameRefused),
        ("unsupported", ConfigStoreUnsupported),
        ("limit-exceeded", ConfigStoreCallFailed),
        ("generic-error", ConfigStoreCallFailed),
    ],
)
def test_each_error_of_opening_has_its_exception(compute_host, calls, case, kind) -> None:
    compute_host.config_stores["settings"] = VALUES
    compute_host.fail("config-store", "store.open", case)

    with pytest.raises(kind) as caught:
        ConfigStore.open("settings")
    assert type(caught.value) is kind
    assert (caught.value.case, caught.value.subject) == (case, "settings")
    assert calls == ["config-store.Store.open"]  # no dictionary hides what failed


@pytest.mark.parametrize(
    ("case", "kind"),
    [
        ("invalid-argument", ConfigKeyRefused),
        ("unsupported", ConfigKeyRefused),
        ("limit-exceeded", ConfigStoreCallFailed),
        ("generic-error", ConfigStoreCallFailed),
    ],
)
def test_each_error_of_a_lookup_has_its_exception(compute_host, store, case, kind) -> None:
    compute_host.fail("config-store", "store.get", case)

    for look_up in (store.get, store.__getitem__, store.__contains__):
        with pytest.raises(kind) as caught:
            look_up("greeting")
        assert type(caught.value) is kind
        assert (caught.value.case, caught.value.subject) == (case, "settings/greeting")
        assert caught.value.operation == "config-store.store.get"


@pytest.fixture
def legacy(compute_host):
    """A service whose dictionary is not a config store."""
    compute_host.config_stores["settings"] = VALUES
    compute_host.fail("config-store", "store.open", "not-found")
    with ConfigStore.open("settings") as store:
        yield store


def test_a_dictionary_opens_as_a_config_store(legacy, calls) -> None:
    assert legacy.name == "settings"
    assert (legacy["longest"], legacy.get("missing"), "greeting" in legacy) == (
        VALUES["longest"],
        None,
        True,
    )
    assert calls == ["dictionary.Dictionary.lookup"] * 3


def test_an_error_of_a_dictionary_names_the_dictionary(compute_host, legacy) -> None:
    compute_host.fail("dictionary", "dictionary.lookup", "limit-exceeded")
    with pytest.raises(ConfigStoreCallFailed) as caught:
        legacy.get("greeting")
    assert caught.value.operation == "dictionary.dictionary.lookup"


@pytest.mark.parametrize(
    ("case", "operation"),
    [
        ("not-found", "config-store.store.open"),
        ("unsupported", "config-store.store.open"),
        ("generic-error", "dictionary.dictionary.open"),
    ],
)
def test_a_dictionary_that_cannot_be_opened(compute_host, case, operation) -> None:
    compute_host.fail("config-store", "store.open", "not-found")
    compute_host.fail("dictionary", "dictionary.open", case)
    with pytest.raises(ConfigStoreCallFailed) as caught:
        ConfigStore.open("settings")
    assert caught.value.operation == operation


def test_nothing_is_opened_while_no_request_is_being_handled() -> None:
    with pytest.raises(HostUnavailable), ComputeHost().host:
        ConfigStore.open("settings")


def test_a_closed_store_is_not_read(store) -> None:
    store.close()

    with pytest.raises(HandleClosed, match=r"^this ConfigStore is closed$"):
        store.get("greeting")
    assert store.name == "settings"
    assert repr(store) == "<ConfigStore 'settings'>"


@pytest.mark.parametrize("duplicate", [copy.copy, copy.deepcopy, pickle.dumps])
def test_stores_are_neither_copied_nor_pickled(store, duplicate) -> None:
    with pytest.raises(TypeError, match="cannot be copied or pickled"):
        duplicate(store)


def test_the_example_of_the_readme_runs(capsys) -> None:
    readme = (Path(__file__).parents[1] / "README.md").read_text(encoding="utf-8")
    example = readme.partition("```python\n")[2].partition("```")[0]

    exec(compile(example, "README.md", "exec"), {"__name__": "readme"})
    assert capsys.readouterr().out == "hei hello\n"
