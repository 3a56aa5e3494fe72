"""Defects of what we build on, each with a small case: what we do about it works."""

import pytest
from tests.upstream.wasmtime_borrows.reproduce import call
from wasmtime import Store

from fastly_compute.local.runtime.wasm.engine import make_engine


@pytest.mark.parametrize(("function", "given"), [("one", [1]), ("two", [1, 2])])
def test_borrowed_resources_reach_the_host(function: str, given: list[int]) -> None:
    engine = make_engine()
    store = Store(engine)
    store.set_epoch_deadline(1)

    assert call(engine, store, function) == given
