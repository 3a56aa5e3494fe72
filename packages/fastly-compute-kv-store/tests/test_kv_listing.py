"""Keys, page by page."""

import json

import pytest

from fastly_compute.kv_store import InvalidListing, KeyPage, KVBadRequest, KVStore


def answers(host, monkeypatch, *pages) -> list[str | None]:
    """Have the host answer with these pages, and record the cursors that it receives."""
    cursors: list[str | None] = []
    left = list(pages)

    def list_keys(store, *, prefix, limit, cursor):
        cursors.append(cursor)
        page = left.pop(0)
        return page if isinstance(page, bytes) else json.dumps(page).encode()

    monkeypatch.setattr(host.kv, "list", list_keys)
    return cursors


def test_all_keys_of_many_pages(host, store) -> None:
    names = [f"key/{number:05}" for number in range(10_000)]
    for name in names:
        store.put(name, b"")

    assert list(store.keys(prefix="key/")) == names
    assert list(store.keys(prefix="key/0000", limit=3, consistency="eventual")) == names[:10]


def test_one_page_and_the_next(store) -> None:
    for name in "abc":
        store.put(name, b"")
    first = store.page(limit=3)
    second = store.page(limit=3, cursor=first.cursor)

    assert (first.keys, second) == (("a", "b", "c"), KeyPage(keys=("seed",)))


def test_an_empty_store(host) -> None:
    with KVStore.open("empty") as store:
        assert list(store.keys()) == []
        assert store.page() == KeyPage(keys=())


def test_an_empty_page_is_not_the_end(host, store, monkeypatch) -> None:
    cursors = answers(
        host,
        monkeypatch,
        {"data": ["a"], "meta": {"next_cursor": "1"}},
        {"data": [], "meta": {"next_cursor": "2"}},
        {"data": ["b"], "meta": {"next_cursor": ""}},
    )

    assert list(store.keys()) == ["a", "b"]
    assert cursors == [None, "1", "2"]


@pytest.mark.parametrize("page", [{"data": ["a"]}, {"data": ["a"], "meta": None}])
def test_an_answer_without_metadata_is_the_last_page(host, store, monkeypatch, page) -> None:
    answers(host, monkeypatch, page)

    assert store.page() == KeyPage(keys=("a",))


@pytest.mark.parametrize(
    "page",
    [
        b"",
        b"{",
        b"\xff",
        b"[" * 100_000,
        [],
        "keys",
        None,
        {},
        {"data": None},
        {"data": "abc"},
        {"data": [1]},
        {"data": [], "meta": {"next_cursor": 3}},
        {"data": [], "meta": "next"},
    ],
)
def test_an_answer_that_is_not_a_list_of_keys(host, store, monkeypatch, page) -> None:
    answers(host, monkeypatch, page)
    with pytest.raises(InvalidListing, match="of store 'shelf' is not as documented"):
        store.page()


def test_a_list_that_does_not_advance_ends(host, store, monkeypatch) -> None:
    page = {"data": ["a"], "meta": {"next_cursor": "1"}}
    answers(host, monkeypatch, page, page)

    with pytest.raises(InvalidListing, match="does not advance"):
        list(store.keys())


def test_a_page_is_asked_for_when_it_is_needed(host, store, monkeypatch) -> None:
    cursors = answers(host, monkeypatch, {"data": ["a", "b"], "meta": {"next_cursor": "1"}})
    keys = store.keys()

    assert [next(keys), next(keys)] == ["a", "b"]
    assert cursors == [None]


def test_a_cursor_that_is_not_the_hosts(store) -> None:
    with pytest.raises(KVBadRequest):
        store.page(cursor="?")
