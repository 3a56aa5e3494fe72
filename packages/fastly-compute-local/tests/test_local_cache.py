"""`cache` as seen by guest code in this process."""

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from componentize_py_types import Err
from wit_world.imports import async_io, cache, http_body, http_req
from wit_world.imports.cache import (
    GetBodyOptions,
    LookupOptions,
    LookupState,
    ReplaceOptions,
    ReplaceStrategy,
    WriteOptions,
)

from fastly_compute.local import Host, Trap

LARGE = 1 << 20
SECOND = 10**9
MINUTE = 60 * SECOND
NONE = LookupState(0)
FRESH = LookupState.FOUND | LookupState.USABLE
STALE = FRESH | LookupState.STALE
MUST = LookupState.MUST_INSERT_OR_UPDATE
WHOLE = GetBodyOptions(from_=None, to=None, extra=None)


@pytest.fixture
def lines() -> list[str]:
    return []


@pytest.fixture
def host(lines: list[str]) -> Iterator[Host]:
    with Host(output=lines.append) as host:
        yield host


@pytest.fixture
def sandbox(host: Host) -> Iterator[None]:
    with host.guest_context():
        yield


def request(**headers: bytes) -> http_req.Request:
    made = http_req.Request.new()
    for name, value in headers.items():
        made.append_header(name, value)
    return made


def asking(headers=None, ranged=False) -> LookupOptions:
    return LookupOptions(request_headers=headers, always_use_requested_range=ranged, extra=None)


def writing(max_age_ns=MINUTE, **chosen) -> WriteOptions:
    options = {
        "request_headers": None,
        "vary_rule": None,
        "initial_age_ns": None,
        "stale_while_revalidate_ns": None,
        "surrogate_keys": None,
        "length": None,
        "user_metadata": None,
        "edge_max_age_ns": None,
        "sensitive_data": False,
        "extra": None,
    }
    return WriteOptions(max_age_ns=max_age_ns, **{**options, **chosen})


def replacing(strategy=None, headers=None) -> ReplaceOptions:
    return ReplaceOptions(
        request_headers=headers,
        replace_strategy=strategy,
        always_use_requested_range=False,
        extra=None,
    )


def fill(body, content: bytes) -> None:
    http_body.write(body, content)
    http_body.close(body)


def put(content: bytes, key: bytes = b"key", **chosen) -> None:
    fill(cache.insert(key, writing(**chosen)), content)


def lookup(key: bytes = b"key", headers=None, ranged=False) -> cache.Entry:
    return cache.Entry.lookup(key, asking(headers, ranged))


def begin(key: bytes = b"key") -> cache.Entry:
    return cache.Entry.transaction_lookup(key, asking())


def content(body) -> bytes:
    parts = []
    while part := http_body.read(body, LARGE):
        parts.append(part)
    body.drop()
    return b"".join(parts)


def error_of(call, *arguments) -> str:
    with pytest.raises(Err) as caught:
        call(*arguments)
    return repr(caught.value.value)


def elsewhere(host: Host, work: Callable[[], object]) -> object:
    """Run a function in another sandbox, which then ends."""

    def run() -> object:
        with host.guest_context():
            return work()

    with ThreadPoolExecutor() as pool:
        return pool.submit(run).result(timeout=30)


# Lookup and insert


def test_an_inserted_object_is_found(sandbox) -> None:
    put(b"content")
    found = lookup()

    assert found.get_state() == FRESH
    assert content(found.get_body(WHOLE)) == b"content"


def test_a_missing_object_has_no_data(sandbox) -> None:
    missing = lookup()

    assert missing.get_state() == NONE
    assert [
        missing.get_length(),
        missing.get_age_ns(),
        missing.get_max_age_ns(),
        missing.get_stale_while_revalidate_ns(),
        missing.get_hits(),
        missing.step(),
    ] == [None] * 6
    assert error_of(missing.get_body, WHOLE) == "Error_CannotRead()"
    assert error_of(missing.get_user_metadata, LARGE) == "Error_CannotRead()"


def test_one_sandbox_finds_what_another_inserted(host: Host, sandbox) -> None:
    elsewhere(host, lambda: put(b"content"))

    assert content(lookup().get_body(WHOLE)) == b"content"


def test_metadata_and_times_are_returned(host: Host, sandbox) -> None:
    put(
        b"12345",
        user_metadata=b"beside",
        initial_age_ns=10 * SECOND,
        stale_while_revalidate_ns=7 * SECOND,
        edge_max_age_ns=SECOND,
        sensitive_data=True,
    )
    host.clock.advance(5)
    found = lookup()

    assert [found.get_user_metadata(6), found.get_user_metadata(LARGE)] == [b"beside"] * 2
    assert error_of(found.get_user_metadata, 5) == "Error_BufferLen(value=6)"
    assert found.get_length() == 5
    assert found.get_max_age_ns() == MINUTE
    assert found.get_stale_while_revalidate_ns() == 7 * SECOND
    assert 15 * SECOND <= found.get_age_ns() < 45 * SECOND


def test_metadata_is_empty_by_default(sandbox) -> None:
    put(b"")

    assert lookup().get_user_metadata(0) == b""


def test_hits_count_the_lookups(sandbox) -> None:
    put(b"")

    assert [lookup().get_hits(), begin().get_hits(), lookup().get_hits()] == [1, 2, 3]


def test_an_object_becomes_stale_and_expires(host: Host, sandbox) -> None:
    put(b"", stale_while_revalidate_ns=MINUTE)
    entry = lookup()
    states = [entry.get_state()]
    for _ in range(2):
        host.clock.advance(60)
        states.append(entry.get_state())

    assert states == [FRESH, STALE, NONE]
    assert lookup().get_length() is None


def test_variants_are_found_by_their_headers(sandbox) -> None:
    english, danish = request(lang=b"en"), request(lang=b"da")
    fill(cache.insert(b"key", writing(request_headers=english, vary_rule="Lang")), b"english")
    fill(cache.insert(b"key", writing(request_headers=danish, vary_rule="lang")), b"danish")

    assert content(lookup(headers=english).get_body(WHOLE)) == b"english"
    assert content(lookup(headers=danish).get_body(WHOLE)) == b"danish"
    assert lookup().get_state() == NONE


def test_headers_of_a_closed_request_trap(sandbox) -> None:
    gone = request()
    http_req.close(gone)

    with pytest.raises(Trap, match="is closed"):
        lookup(headers=gone)


def test_an_object_is_read_while_it_is_written(host: Host, sandbox) -> None:
    body = cache.insert(b"key", writing())
    http_body.write(body, b"one")
    reader = lookup().get_body(WHOLE)
    first = http_body.read(reader, LARGE)
    ready = async_io.select_with_timeout([reader], 0)
    http_body.write(body, b"two")
    late = async_io.select([reader])
    second = http_body.read(reader, LARGE)
    http_body.close(body)

    assert (first, ready, late, second) == (b"one", None, 0, b"two")
    assert http_body.read(reader, LARGE) == b""


def test_a_body_can_be_moved_into_the_cache(sandbox) -> None:
    source = http_body.new()
    http_body.write(source, b"moved")
    body = cache.insert(b"key", writing())
    http_body.append(body, source)
    http_body.close(body)

    assert content(lookup().get_body(WHOLE)) == b"moved"


def test_a_dropped_insert_is_never_complete(sandbox) -> None:
    body = cache.insert(b"key", writing())
    http_body.write(body, b"half")
    reader = lookup().get_body(WHOLE)
    body.drop()  # type: ignore[attr-defined]

    assert http_body.read(reader, LARGE) == b"half"
    assert error_of(http_body.read, reader, LARGE) == "Error_GenericError()"
    assert lookup().get_state() == NONE


def test_an_insert_left_open_by_its_sandbox_is_aborted(host: Host, sandbox) -> None:
    kept = []
    elsewhere(host, lambda: kept.append(cache.insert(b"key", writing())))

    assert lookup().get_state() == NONE


def test_an_announced_length_is_known_early_and_enforced(sandbox) -> None:
    body = cache.insert(b"key", writing(length=3))
    early = lookup()
    reader = early.get_body(WHOLE)

    assert (early.get_length(), http_body.get_known_length(reader)) == (3, 3)
    assert error_of(http_body.write, body, b"1234") == "Error_GenericError()"
    assert error_of(http_body.read, reader, 1) == "Error_GenericError()"


def test_the_length_is_as_known_at_the_lookup(sandbox) -> None:
    body = cache.insert(b"key", writing())
    early = lookup()
    fill(body, b"12345")

    assert (early.get_length(), lookup().get_length()) == (None, 5)


# Invalid arguments


@pytest.mark.parametrize("call", ["insert", "lookup", "transaction", "async", "replace"])
def test_a_key_that_is_too_long_is_refused(sandbox, lines, call) -> None:
    key, longest = b"k" * 4097, b"k" * 4096
    calls = {
        "insert": lambda key: cache.insert(key, writing()),
        "lookup": lookup,
        "transaction": begin,
        "async": lambda key: cache.Entry.transaction_lookup_async(key, asking()),
        "replace": lambda key: cache.ReplaceEntry.replace(key, replacing()),
    }

    assert error_of(calls[call], key) == "Error_BufferLen(value=4096)"
    assert lines == ["cache: the key has 4097 bytes; at most 4096 are allowed"]
    calls[call](longest)


@pytest.mark.parametrize(
    ("chosen", "error", "said"),
    [
        ({"edge_max_age_ns": MINUTE + 1}, "Error_InvalidArgument()", "is more than max_age"),
        ({"surrogate_keys": "a" * 1025}, "Error_InvalidArgument()", "has 1025 bytes"),
        ({"surrogate_keys": "a " * 8193}, "Error_InvalidArgument()", "16384 bytes together"),
        ({"surrogate_keys": "ab\u00e9"}, "Error_InvalidArgument()", "not visible ASCII"),
        ({"vary_rule": ""}, "Error_GenericError()", "not a header name"),
        ({"vary_rule": "a  b"}, "Error_GenericError()", "not a header name"),
    ],
)
def test_invalid_options_are_refused(sandbox, lines, chosen, error, said) -> None:
    entry = begin()
    replacement = cache.ReplaceEntry.replace(b"other", replacing())
    calls = [
        lambda: cache.insert(b"key", writing(**chosen)),
        lambda: entry.transaction_insert(writing(**chosen)),
        lambda: entry.transaction_insert_and_stream_back(writing(**chosen)),
        lambda: entry.transaction_update(writing(**chosen)),
        lambda: cache.replace_insert(replacement, writing(**chosen)),
    ]

    assert [error_of(call) for call in calls] == [error] * 5
    assert all(said in line for line in lines)
    assert entry.get_state() == MUST


def test_a_transaction_uses_the_headers_of_its_lookup(sandbox, lines) -> None:
    entry = begin()
    options = writing(request_headers=request())
    calls = (
        entry.transaction_insert,
        entry.transaction_insert_and_stream_back,
        entry.transaction_update,
    )

    assert [error_of(call, options) for call in calls] == ["Error_InvalidArgument()"] * 3
    assert lines[0] == "cache.transaction-insert: request headers cannot be set; the lookup's apply"


def test_writing_without_an_obligation_is_refused(sandbox, lines) -> None:
    put(b"")
    for entry in (lookup(), begin()):
        assert error_of(entry.transaction_insert, writing()) == "Error_AuxiliaryError()"
        assert error_of(entry.transaction_update, writing()) == "Error_AuxiliaryError()"
        assert error_of(entry.transaction_cancel) == "Error_AuxiliaryError()"
    assert "cache.transaction-cancel: this entry has no obligation to insert or update" in lines


def test_an_obligation_is_met_once(sandbox) -> None:
    entry = begin()
    entry.transaction_insert(writing())

    assert error_of(entry.transaction_insert, writing()) == "Error_AuxiliaryError()"
    assert entry.get_state() == NONE


def test_a_second_body_needs_the_first_to_be_closed(sandbox) -> None:
    put(b"content")
    entry = lookup()
    first = entry.get_body(WHOLE)
    refused = error_of(entry.get_body, WHOLE)
    http_body.close(first)

    assert refused == "Error_AuxiliaryError()"
    assert content(entry.get_body(WHOLE)) == b"content"
    assert content(entry.get_body(WHOLE)) == b"content"


def test_another_entry_has_its_own_body(sandbox) -> None:
    put(b"content")
    first, second = lookup().get_body(WHOLE), lookup().get_body(WHOLE)

    assert content(first) == content(second) == b"content"


# Ranges


@pytest.mark.parametrize(
    ("first", "last", "expected"),
    [
        (2, 4, b"234"),
        (2, None, b"23456789"),
        (None, 3, b"789"),
        (0, 0, b"0"),
        (9, 9, b"9"),
        (None, 10, b"0123456789"),
        # An invalid range is the whole.
        (None, 0, b"0123456789"),
        (None, 11, b"0123456789"),
        (10, None, b"0123456789"),
        (4, 2, b"0123456789"),
        (4, 10, b"0123456789"),
    ],
)
@pytest.mark.parametrize("ranged", [False, True])
def test_a_part_of_a_body_is_read(sandbox, first, last, expected, ranged) -> None:
    put(b"0123456789")
    body = lookup(ranged=ranged).get_body(GetBodyOptions(from_=first, to=last, extra=None))

    assert http_body.get_known_length(body) == len(expected)
    assert content(body) == expected


@pytest.mark.parametrize(("first", "last", "ranged"), [(1, 2, False), (3, 1, True)])
def test_a_range_of_an_unknown_length_is_the_whole(sandbox, first, last, ranged) -> None:
    body = cache.insert(b"key", writing())
    part = lookup(ranged=ranged).get_body(GetBodyOptions(from_=first, to=last, extra=None))
    fill(body, b"0123")

    assert content(part) == b"0123"


@pytest.mark.parametrize(
    ("first", "last", "expected"),
    [
        (1, 2, b"12"),
        (1, None, b"123"),
        (None, 2, b"23"),
        (None, 9, b"0123"),
        # Out of range: the start or the end never arrives.
        (4, None, "Error_GenericError()"),
        (2, 9, "Error_GenericError()"),
    ],
)
def test_a_range_of_an_unknown_length_is_awaited_on_request(
    host: Host, monkeypatch, first, last, expected
) -> None:
    waits, read, background = threading.Event(), [], host.background

    def seen(work):
        waits.set()
        return background(work)

    monkeypatch.setattr(host, "background", seen)

    def reading() -> None:
        with host.guest_context():
            entry = lookup(ranged=True)
            try:
                part = entry.get_body(GetBodyOptions(from_=first, to=last, extra=None))
                read.append(content(part))
            except Err as err:
                read.append(repr(err.value))

    with host.guest_context():
        body = cache.insert(b"key", writing())
        with ThreadPoolExecutor() as pool:
            reader = pool.submit(reading)
            assert waits.wait(30)
            fill(body, b"0123")
            reader.result(timeout=30)

    assert read == [expected]


def test_a_range_uses_the_length_known_when_it_is_read(sandbox) -> None:
    body = cache.insert(b"key", writing())
    entry = lookup()
    fill(body, b"0123")

    assert content(entry.get_body(GetBodyOptions(from_=1, to=2, extra=None))) == b"12"
    assert content(entry.get_body(GetBodyOptions(from_=4, to=None, extra=None))) == b"0123"


# Transactions


def test_a_missing_object_comes_with_an_obligation(sandbox) -> None:
    entry = begin()
    state = entry.get_state()
    fill(entry.transaction_insert(writing()), b"content")

    assert state == MUST
    assert begin().get_state() == FRESH


def test_an_object_streams_back(sandbox) -> None:
    body, back = begin().transaction_insert_and_stream_back(writing())
    fill(body, b"content")

    assert (back.get_state(), back.get_hits()) == (FRESH, 0)
    assert content(back.get_body(WHOLE)) == b"content"


def test_a_stale_object_comes_with_an_obligation_to_update(host: Host, sandbox) -> None:
    put(b"content", stale_while_revalidate_ns=MINUTE, user_metadata=b"old")
    host.clock.advance(60)
    entry = begin()
    state = entry.get_state()
    entry.transaction_update(writing(user_metadata=b"new"))
    renewed = begin()

    assert state == STALE | MUST
    assert (entry.get_state(), entry.get_user_metadata(LARGE)) == (STALE, b"old")
    assert (renewed.get_state(), renewed.get_user_metadata(LARGE)) == (FRESH, b"new")
    assert content(renewed.get_body(WHOLE)) == b"content"


def test_a_missing_object_cannot_be_updated(host: Host, sandbox, lines) -> None:
    put(b"")
    host.clock.advance(60)
    entry = begin()

    assert error_of(entry.transaction_update, writing()) == "Error_AuxiliaryError()"
    assert lines == ["cache.transaction-update: no object was found to update"]
    assert entry.get_state() == MUST


def test_another_sandbox_waits_for_an_insert(host: Host) -> None:
    asked, states = threading.Event(), []

    def follow() -> None:
        with host.guest_context():
            pending = cache.Entry.transaction_lookup_async(b"key", asking())
            states.append(pending.is_ready())
            asked.set()
            index = async_io.select([pending])
            states.append((index, cache.await_entry(pending).get_state()))

    with host.guest_context():
        leader = begin()
        with ThreadPoolExecutor() as pool:
            following = pool.submit(follow)
            asked.wait(30)
            leader.transaction_insert(writing())
            following.result(timeout=30)

    assert states == [False, (0, FRESH)]


@pytest.mark.parametrize(
    "give_up", [cache.Entry.transaction_cancel, lambda entry: cache.close_entry(entry)]
)
def test_an_obligation_that_is_given_up_passes_to_the_next(sandbox, give_up) -> None:
    leader = begin()
    pending = cache.Entry.transaction_lookup_async(b"key", asking())
    before = pending.is_ready()
    give_up(leader)

    assert (before, pending.is_ready()) == (False, True)
    assert cache.await_entry(pending).get_state() == MUST


def test_a_dropped_entry_keeps_its_obligation(sandbox) -> None:
    with begin():
        pass
    pending = cache.Entry.transaction_lookup_async(b"key", asking())

    assert not pending.is_ready()


def test_the_end_of_a_sandbox_frees_its_obligations(host: Host, sandbox) -> None:
    kept = []
    elsewhere(host, lambda: kept.append(begin()))
    elsewhere(host, lambda: kept.append(cache.Entry.transaction_lookup_async(b"key", asking())))
    wait = replacing(ReplaceStrategy.WAIT)
    elsewhere(host, lambda: kept.append(cache.ReplaceEntry.replace(b"key", wait)))

    assert begin().get_state() == MUST


def test_a_closed_pending_entry_leaves_the_queue(sandbox) -> None:
    leader = begin()
    first, second = (cache.Entry.transaction_lookup_async(b"key", asking()) for _ in range(2))
    cache.close_pending_entry(first)
    cache.close_entry(leader)

    assert cache.await_entry(second).get_state() == MUST


def test_a_closed_pending_entry_gives_up_its_obligation(sandbox) -> None:
    cache.close_pending_entry(cache.Entry.transaction_lookup_async(b"key", asking()))

    assert begin().get_state() == MUST


def test_waiting_for_ones_own_obligation_traps(sandbox) -> None:
    leader = begin()

    with pytest.raises(Trap, match=r"cache\.transaction-lookup would wait forever"):
        begin()
    assert leader.get_state() == MUST


def test_awaiting_another_kind_of_handle_traps(sandbox) -> None:
    pending = cache.Entry.transaction_lookup_async(b"key", asking())
    cache.await_entry(pending)

    with pytest.raises(Trap, match="was already awaited"):
        cache.await_entry(pending)
    for call in (cache.await_entry, cache.close_pending_entry):
        with pytest.raises(Trap, match="was given something other than a pending entry"):
            call(http_body.new())


# Replacing


def test_a_replacement_sees_what_it_replaces(sandbox) -> None:
    put(b"old", user_metadata=b"beside", stale_while_revalidate_ns=1)
    lookup()
    replacement = cache.ReplaceEntry.replace(b"key", replacing())

    assert replacement.step() is None
    assert replacement.get_state() == FRESH
    assert replacement.get_user_metadata(LARGE) == b"beside"
    assert (replacement.get_length(), replacement.get_hits()) == (3, 1)
    assert replacement.get_max_age_ns() == MINUTE
    assert replacement.get_stale_while_revalidate_ns() == 1
    assert replacement.get_age_ns() < MINUTE
    assert content(replacement.get_body(WHOLE)) == b"old"
    fill(cache.replace_insert(replacement, writing()), b"new")
    assert content(lookup().get_body(WHOLE)) == b"new"


@pytest.mark.parametrize("strategy", [None, *ReplaceStrategy])
def test_a_missing_object_can_be_replaced(sandbox, strategy) -> None:
    replacement = cache.ReplaceEntry.replace(b"key", replacing(strategy))

    assert [
        replacement.get_state(),
        replacement.get_user_metadata(LARGE),
        replacement.get_body(WHOLE),
        replacement.get_length(),
        replacement.get_max_age_ns(),
        replacement.get_stale_while_revalidate_ns(),
        replacement.get_age_ns(),
        replacement.get_hits(),
    ] == [None] * 8
    fill(cache.replace_insert(replacement, writing()), b"new")
    assert content(lookup().get_body(WHOLE)) == b"new"


def test_a_replacement_is_used_once(sandbox) -> None:
    replacement = cache.ReplaceEntry.replace(b"key", replacing())
    cache.replace_insert(replacement, writing())

    with pytest.raises(Trap, match="was used to insert the new object"):
        cache.replace_insert(replacement, writing())


def test_a_forced_miss_lasts_until_the_new_object_is_stored(sandbox) -> None:
    put(b"old")
    replacement = cache.ReplaceEntry.replace(
        b"key", replacing(ReplaceStrategy.IMMEDIATE_FORCE_MISS)
    )
    state = lookup().get_state()
    pending = cache.Entry.transaction_lookup_async(b"key", asking())
    before = pending.is_ready()
    fill(cache.replace_insert(replacement, writing()), b"new")

    assert (state, before) == (NONE, False)
    assert content(cache.await_entry(pending).get_body(WHOLE)) == b"new"


def test_a_waiting_replacement_waits_for_others(sandbox) -> None:
    leader = begin()
    replacement = cache.ReplaceEntry.replace(b"key", replacing(ReplaceStrategy.WAIT))
    step = replacement.step()
    before = step.is_ready()
    fill(leader.transaction_insert(writing()), b"first")

    assert (before, step.is_ready(), replacement.step()) == (False, True, None)
    assert content(replacement.get_body(WHOLE)) == b"first"


def test_a_replacement_that_waits_for_its_own_sandbox_traps(sandbox) -> None:
    leader = begin()
    replacement = cache.ReplaceEntry.replace(b"key", replacing(ReplaceStrategy.WAIT))

    with pytest.raises(Trap, match=r"cache\.replace would wait forever"):
        replacement.get_state()
    assert leader.get_state() == MUST


def test_closing_a_replacement_releases_others(sandbox) -> None:
    replacement = cache.ReplaceEntry.replace(b"key", replacing(ReplaceStrategy.WAIT))
    pending = cache.Entry.transaction_lookup_async(b"key", asking())
    cache.close_replace_entry(replacement)

    assert cache.await_entry(pending).get_state() == MUST


def test_a_replacement_is_for_its_own_headers(sandbox) -> None:
    english, danish = request(lang=b"en"), request(lang=b"da")
    for given in (None, danish):
        replacement = cache.ReplaceEntry.replace(b"key", replacing(headers=english))
        options = writing(request_headers=given, vary_rule="lang")
        fill(cache.replace_insert(replacement, options), b"danish" if given else b"english")

    assert content(lookup(headers=english).get_body(WHOLE)) == b"english"
    assert content(lookup(headers=danish).get_body(WHOLE)) == b"danish"


def test_extra_options_can_be_created(sandbox) -> None:
    extra = cache.ExtraLookupOptions()
    cache.ExtraWriteOptions()
    cache.ExtraReplaceOptions()

    assert cache.Entry.lookup(b"key", LookupOptions(None, False, extra)).get_state() == NONE
