"""Values refused before the host is called, and the exceptions for the host's refusals."""

import pickle
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st
from wit_world.imports import kv_store as wit
from wit_world.imports import types

from fastly_compute import kv_store
from fastly_compute.core import case_of, host_error
from fastly_compute.kv_store import (
    InvalidKey,
    InvalidKVOption,
    KVCallFailed,
    KVStore,
    KVStoreError,
)
from fastly_compute.kv_store.errors import CLASSES
from fastly_compute.kv_store.keys import checked_key
from fastly_compute.kv_store.options import put_options
from fastly_compute.local.config.kv import kv_key_problem

PUT = {
    "ttl": None,
    "metadata": None,
    "mode": "overwrite",
    "if_generation": None,
    "background_fetch": False,
}
MODES = get_args(kv_store.Mode)
KEYS = ["", ".", "..", "a/../b", "../a", "a/..", "a/.", "a#", "a\nb", " ", "é" * 513, "\ud800"]


@given(st.one_of(st.text(), st.text("./#;?^| \r\n\0a", max_size=6)))
def test_the_keys_refused_are_those_that_the_host_refuses(key) -> None:
    if kv_key_problem(key):
        with pytest.raises(InvalidKey):
            checked_key(key)
    else:
        assert checked_key(key) == key


@pytest.mark.parametrize("key", KEYS)
@pytest.mark.parametrize("do", ["get", "get_async", "put", "put_async", "delete", "delete_async"])
def test_a_key_that_cannot_exist_is_refused(store, key, do) -> None:
    value = iter([b"value"])
    arguments = [value] if do.startswith("put") else []

    with pytest.raises(InvalidKey, match=r"^a key must"):
        getattr(store, do)(key, *arguments)
    with pytest.raises(TypeError, match=r"^a key must be a str, not bytes$"):
        getattr(store, do)(b"key", *arguments)
    assert list(value) == [b"value"]


@pytest.mark.parametrize("name", ["", "x" * 256, "\ud800"])
def test_a_store_name_that_cannot_exist_is_refused(host, name) -> None:
    with pytest.raises(InvalidKVOption, match=r"^name must have 1 to 255"):
        KVStore.open(name)
    with pytest.raises(TypeError, match="not int"):
        KVStore.open(7)


@given(
    st.one_of(
        st.fixed_dictionaries({"ttl": st.one_of(st.floats(max_value=0.99), st.just(2**32))}),
        st.fixed_dictionaries({"ttl": st.sampled_from([0, 1.5, float("inf"), float("nan")])}),
        st.fixed_dictionaries({"mode": st.text().filter(lambda mode: mode not in MODES)}),
        st.fixed_dictionaries({"if_generation": st.integers(max_value=-1)}),
        st.fixed_dictionaries({"if_generation": st.integers(min_value=2**64)}),
        st.fixed_dictionaries({"metadata": st.sampled_from(["x" * 2001, "é" * 1001, "\ud800"])}),
        st.just({"mode": "add", "if_generation": 1}),
    )
)
def test_an_option_out_of_range_is_refused(options) -> None:
    with pytest.raises(InvalidKVOption) as caught:
        put_options(**{**PUT, **options})
    assert caught.value.option in options
    assert str(caught.value).startswith(caught.value.option)


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("ttl", "60"),
        ("ttl", True),
        ("metadata", b"text"),
        ("if_generation", 1.0),
        ("if_generation", True),
        ("background_fetch", 1),
    ],
)
def test_an_option_of_another_type_is_refused(store, option, value) -> None:
    with pytest.raises(TypeError, match=option):
        store.put("seed", b"", **{option: value})
    assert store.get("seed").text() == "planted"


def test_the_largest_options_are_stored(store) -> None:
    store.put("most", b"", ttl=2**32 - 1, metadata="é" * 1000, background_fetch=True)

    assert store.get("most").metadata == "é" * 1000


@pytest.mark.parametrize(
    ("options", "error"),
    [
        ({"prefix": "x" * 1025}, InvalidKVOption),
        ({"prefix": "\ud800"}, InvalidKVOption),
        ({"prefix": b"a"}, TypeError),
        ({"consistency": "none"}, InvalidKVOption),
        ({"limit": 0}, InvalidKVOption),
        ({"limit": 2**32}, InvalidKVOption),
        ({"limit": "7"}, TypeError),
    ],
)
def test_a_listing_out_of_range_is_refused_at_once(store, options, error) -> None:
    with pytest.raises(error, match=next(iter(options))):
        store.keys(**options)
    with pytest.raises(error, match=next(iter(options))):
        store.page(**options)
    with pytest.raises(TypeError, match="cursor"):
        store.page(cursor=7)


CASES = [
    *(kind() for kind in get_args(wit.KvError) if kind is not wit.KvError_Extra),
    *types.OpenError,
    types.Error_GenericError(),
]


@pytest.mark.parametrize("value", CASES, ids=case_of)
def test_each_case_of_the_wit_has_a_class(value) -> None:
    error = host_error(value, "kv-store.store.lookup-async", subject="shelf/lamp", classes=CLASSES)

    assert type(error) is CLASSES[case_of(value)]
    assert isinstance(error, KVCallFailed | KVStoreError)
    assert "'shelf/lamp'" in str(error)
    assert str(pickle.loads(pickle.dumps(error))) == str(error)


def test_a_long_key_is_not_shown_whole() -> None:
    with pytest.raises(InvalidKey) as caught:
        checked_key("x" * 2000)
    assert str(caught.value) == (
        "a key must have 1 to 1024 bytes in UTF-8: got one of 2000 characters"
    )
