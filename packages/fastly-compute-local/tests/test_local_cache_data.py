"""The cache's data, without any interface."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from fastly_compute.local.clock import Clock
from fastly_compute.local.server.downstream import ClientGone
from fastly_compute.local.state import (
    CacheData,
    CachedObject,
    ObligationGone,
    StoredBody,
    VaryRule,
    WriteOptions,
)
from fastly_compute.local.state.cached_object import SECOND
from fastly_compute.local.state.surrogate_keys import header_keys, surrogate_keys
from fastly_compute.local.transport import BodyFailure

MINUTE = 60 * SECOND
ENGLISH = [("Accept-Language", b"en")]
DANISH = [("accept-language", b"da")]
BY_LANGUAGE = VaryRule.parse("Accept-Language")


@pytest.fixture
def clock() -> Clock:
    return Clock(lambda: 1000.0)


@pytest.fixture
def data(clock: Clock) -> CacheData:
    return CacheData(clock)


def options(max_age=MINUTE, **chosen) -> WriteOptions:
    return WriteOptions(max_age=max_age, **chosen)


def write(stored: CachedObject, content: bytes) -> None:
    stored.body.write(content)
    stored.body.finish(())


def content(stored: CachedObject) -> bytes:
    reader = stored.body.reader()
    return b"".join(iter(reader.read_chunk, b""))


def put(data: CacheData, text: bytes, key="key", headers=(), **chosen) -> CachedObject:
    stored = data.insert(key, headers, options(**chosen))
    write(stored, text)
    return stored


def obligation_of(transaction):
    assert transaction.waiting() is None
    return transaction.outcome.obligation


# Objects


def test_an_inserted_object_is_found_until_it_expires(data, clock) -> None:
    put(data, b"content")
    before = data.lookup("key", ())
    clock.advance(59)
    late = data.lookup("key", ())
    clock.advance(1)

    assert content(before.object) == content(late.object) == b"content"
    assert data.lookup("key", ()) is None
    assert data.lookup("another", ()) is None


def test_an_object_can_have_an_initial_age(data, clock) -> None:
    stored = put(data, b"", initial_age=50 * SECOND)
    clock.advance(9)

    assert stored.age(data.now()) == 59 * SECOND
    assert data.lookup("key", ()) is not None
    clock.advance(1)
    assert data.lookup("key", ()) is None


def test_a_stale_object_is_found_while_it_may_be_used(data, clock) -> None:
    stored = put(data, b"", stale_while_revalidate=MINUTE)
    clock.advance(119)

    assert data.lookup("key", ()).object is stored
    assert not stored.fresh(data.now())
    clock.advance(1)
    assert data.lookup("key", ()) is None


def test_the_last_one_inserted_is_found(data) -> None:
    put(data, b"first")
    put(data, b"second")

    assert content(data.lookup("key", ()).object) == b"second"


def test_a_fresh_variant_is_preferred_to_a_stale_one(data, clock) -> None:
    put(data, b"fresh", headers=ENGLISH, vary=BY_LANGUAGE, max_age=10 * MINUTE)
    put(data, b"stale", stale_while_revalidate=10 * MINUTE)
    clock.advance(90)

    assert content(data.lookup("key", ENGLISH).object) == b"fresh"
    assert content(data.lookup("key", DANISH).object) == b"stale"


def test_hits_are_counted_at_each_lookup(data) -> None:
    put(data, b"")
    found = [data.lookup("key", ()) for _ in range(3)]

    assert [item.hits for item in found] == [1, 2, 3]


def test_options_are_kept_and_checked() -> None:
    kept = options(user_metadata=b"beside", sensitive=True, edge_max_age=MINUTE)

    assert (kept.user_metadata, kept.sensitive, kept.edge_max_age) == (b"beside", True, MINUTE)
    with pytest.raises(ValueError, match="edge_max_age 2 ns is more than max_age 1 ns"):
        WriteOptions(max_age=1, edge_max_age=2)


# Vary


def test_variants_are_separate(data) -> None:
    put(data, b"english", headers=ENGLISH, vary=BY_LANGUAGE)
    put(data, b"danish", headers=DANISH, vary=BY_LANGUAGE)

    assert content(data.lookup("key", [("ACCEPT-LANGUAGE", b"en")]).object) == b"english"
    assert content(data.lookup("key", DANISH).object) == b"danish"
    assert data.lookup("key", ()) is None
    assert data.lookup("key", [*ENGLISH, *DANISH]) is None


def test_rules_are_the_same_in_any_order_and_case() -> None:
    assert VaryRule.parse("b A b") == VaryRule.parse("a B")
    assert VaryRule.parse("a b").names == ("a", "b")


@pytest.mark.parametrize("text", ["", "a  b", "a,b", "a:"])
def test_an_invalid_rule_is_refused(text) -> None:
    with pytest.raises(ValueError, match="is not a header name"):
        VaryRule.parse(text)


@given(
    first=st.lists(st.tuples(st.sampled_from(["A", "a", "b"]), st.binary(max_size=2))),
    second=st.lists(st.tuples(st.sampled_from(["A", "a", "b"]), st.binary(max_size=2))),
)
def test_requests_match_if_their_values_do(first, second) -> None:
    rule_of = VaryRule.parse("a")

    def seen(headers):
        return [value for name, value in headers if name.lower() == "a"]

    alike = rule_of.variant(first) == rule_of.variant(second)
    assert alike == (seen(first) == seen(second))


# Bodies


def test_a_body_is_read_while_it_is_written(data) -> None:
    stored = data.insert("key", (), options())
    reader = data.lookup("key", ()).object.body.reader()
    stored.body.write(b"one")
    first = reader.read_chunk()
    with ThreadPoolExecutor() as pool:
        waiting = pool.submit(reader.read_chunk)
        stored.body.write(b"two")
        second = waiting.result(timeout=30)
    stored.body.finish(())

    assert (first, second, reader.read_chunk()) == (b"one", b"two", b"")


def test_an_aborted_insert_is_never_complete(data) -> None:
    stored = data.insert("key", (), options())
    stored.body.write(b"half")
    early = data.lookup("key", ())
    stored.body.abort()
    reader = early.object.body.reader()

    assert reader.read_chunk() == b"half"
    with pytest.raises(BodyFailure, match="was not written to the end"):
        reader.read_chunk()
    assert data.lookup("key", ()) is None
    assert not stored.body.complete


def test_a_waiting_reader_sees_the_end() -> None:
    body = StoredBody()
    with ThreadPoolExecutor() as pool:
        waiting = pool.submit(body.reader().read_chunk)
        body.fail(LookupError("gone"))

        with pytest.raises(LookupError, match="gone"):
            waiting.result(timeout=30)


def test_a_complete_body_cannot_be_aborted_or_extended() -> None:
    body = StoredBody()
    body.write(b"all")
    body.finish(())
    body.abort()

    assert body.complete
    assert body.reader().read_chunk() == b"all"
    with pytest.raises(ClientGone):
        body.write(b"more")


@pytest.mark.parametrize(("parts", "how"), [((b"12", b"34"), "longer"), ((b"12",), "shorter")])
def test_a_body_must_have_the_announced_length(data, parts, how) -> None:
    stored = data.insert("key", (), options(length=3))
    found = data.lookup("key", ())
    reader = stored.body.reader()
    stored.body.write(parts[0])
    for part in parts[1:]:
        with pytest.raises(ClientGone):
            stored.body.write(part)
    stored.body.finish(())

    assert (found.length, reader.read_chunk()) == (3, b"12")
    with pytest.raises(BodyFailure, match=f"is {how} than the 3 bytes announced"):
        reader.read_chunk()


def test_a_length_is_known_at_the_end() -> None:
    body = StoredBody()
    body.write(b"12345")
    before = body.length
    body.finish(())

    assert (before, body.length) == (None, 5)


@given(st.binary(max_size=50), st.integers(0, 60), st.integers(0, 60), st.lists(st.integers(1, 20)))
def test_a_part_equals_a_slice(whole, start, end, sizes) -> None:
    body, at = StoredBody(), 0
    for size in sizes:
        body.write(whole[at : at + size])
        at += size
    body.write(whole[at:])
    body.finish(())
    reader, parts = body.reader(start, end), b""
    try:
        parts = b"".join(iter(reader.read_chunk, b""))
    except BodyFailure:
        assert end > len(whole)
        assert start < end
    else:
        assert parts == whole[start:end]


def test_a_large_body_is_read_in_parts() -> None:
    body = StoredBody()
    body.write(bytes(200_000))
    body.finish(())
    parts = list(iter(body.reader().read_chunk, b""))

    assert sum(map(len, parts)) == 200_000
    assert max(map(len, parts)) <= 1 << 16


def test_waiting_for_bytes_that_never_arrive_fails() -> None:
    body = StoredBody()
    body.write(b"12")
    body.wait_for(2)
    body.finish(())
    body.wait_for(None)

    with pytest.raises(BodyFailure, match="ended before the requested byte 3"):
        body.wait_for(3)


# Transactions


def test_a_missing_object_obliges_one_lookup(data) -> None:
    first, second = data.begin("key", ()), data.begin("key", ())
    stored = obligation_of(first).insert(options())
    write(stored, b"content")

    assert first.outcome.found is None
    assert second.result().obligation is None
    assert content(second.result().found.object) == b"content"
    assert second.waiting() is None


def test_a_waiter_is_woken_from_another_thread(data) -> None:
    leader, follower = data.begin("key", ()), data.begin("key", ())
    with ThreadPoolExecutor() as pool:
        waiting = pool.submit(follower.result)
        obligation_of(leader).insert(options())

        assert waiting.result(timeout=30).found is not None


def test_a_cancelled_obligation_goes_to_the_next_in_the_queue(data) -> None:
    lookups = [data.begin("key", ()) for _ in range(3)]
    cancelled = [obligation_of(lookups[0]).cancel(), obligation_of(lookups[0]).cancel()]

    assert cancelled == [True, False]
    assert obligation_of(lookups[1]) is not None
    assert lookups[2].waiting() is not None


def test_an_obligation_is_met_once(data) -> None:
    obligation = obligation_of(data.begin("key", ()))
    obligation.insert(options())

    with pytest.raises(ObligationGone):
        obligation.insert(options())


def test_a_closed_lookup_leaves_the_queue(data) -> None:
    leader, second, third = (data.begin("key", ()) for _ in range(3))
    second.close()
    leader.close()
    leader.close()

    assert obligation_of(third) is not None
    with pytest.raises(ObligationGone, match="cancelled while it waited"):
        second.result()


def test_releasing_an_obligation_releases_all_that_wait(data) -> None:
    leader, *rest = (data.begin("key", ()) for _ in range(3))
    obligation_of(leader).cancel(release=True)

    assert [(lookup.outcome.passes, lookup.outcome.obligation) for lookup in rest] == [
        (True, None)
    ] * 2
    assert obligation_of(data.begin("key", ())) is not None


def test_a_release_affects_only_lookups_that_waited_for_it(data) -> None:
    put(data, b"", headers=ENGLISH, vary=BY_LANGUAGE, max_age=0)
    english, danish = data.begin("key", ENGLISH), data.begin("key", DANISH)
    waiting = data.begin("key", DANISH)
    obligation_of(english).cancel(release=True)

    assert waiting.waiting() is not None
    assert obligation_of(danish).cancel(release=True)
    assert waiting.outcome.passes


def test_passing_lasts_as_long_as_requested(data, clock) -> None:
    leader, follower = data.begin("key", ()), data.begin("key", ())
    obligation_of(leader).pass_for(60)
    clock.advance(59)
    during = data.begin("key", ())
    clock.advance(1)

    assert follower.outcome.passes
    assert during.outcome.passes
    assert obligation_of(data.begin("key", ())) is not None


def test_an_insert_ends_passing(data) -> None:
    obligation_of(data.begin("key", ())).pass_for(60)
    put(data, b"")

    assert data.begin("key", ()).outcome.found is not None


def test_a_stale_object_is_used_while_it_is_renewed(data, clock) -> None:
    stored = put(data, b"old", stale_while_revalidate=MINUTE)
    clock.advance(60)
    first, second = data.begin("key", ()), data.begin("key", ())

    assert first.outcome.found.object is second.outcome.found.object is stored
    assert obligation_of(second) is None
    assert obligation_of(first).stale is stored


def test_an_expired_object_can_be_renewed(data, clock) -> None:
    stored = put(data, b"old")
    clock.advance(3600)
    lookup = data.begin("key", ())

    assert lookup.outcome.found is None
    assert obligation_of(lookup).stale is stored


def test_an_expired_object_is_renewed_despite_a_later_vary_rule(data, clock) -> None:
    stored = put(data, b"old")
    put(data, b"english", headers=ENGLISH, vary=BY_LANGUAGE)
    clock.advance(3600)

    assert obligation_of(data.begin("key", DANISH)).stale is stored


def test_an_update_keeps_the_body_and_the_hits(data, clock) -> None:
    put(data, b"same", stale_while_revalidate=MINUTE, user_metadata=b"old")
    clock.advance(60)
    renewed = obligation_of(data.begin("key", ())).update(options(user_metadata=b"new"))
    found = data.lookup("key", ())

    assert found.object is renewed
    assert (content(renewed), renewed.options.user_metadata, found.hits) == (b"same", b"new", 2)
    assert renewed.age(data.now()) == 0


def test_a_missing_object_cannot_be_updated(data) -> None:
    obligation = obligation_of(data.begin("key", ()))

    with pytest.raises(ObligationGone, match="no object to update"):
        obligation.update(options())
    assert obligation.cancel()


def test_known_variants_have_separate_obligations(data) -> None:
    put(data, b"", headers=ENGLISH, vary=BY_LANGUAGE)
    danish, again = data.begin("key", DANISH), data.begin("key", DANISH)
    other = data.begin("key", [("accept-language", b"fr")])

    assert obligation_of(danish) is not None
    assert obligation_of(other) is not None
    assert again.waiting() is not None


def test_lookups_of_other_variants_are_obliged_when_the_response_varies(data) -> None:
    english, danish, also = data.begin("key", ENGLISH), data.begin("key", DANISH), None
    also = data.begin("key", DANISH)
    write(obligation_of(english).insert(options(vary=BY_LANGUAGE)), b"english")

    assert obligation_of(danish) is not None
    assert also.waiting() is not None


def test_an_insert_without_obligation_wakes_the_queue(data) -> None:
    leader, follower = data.begin("key", ()), data.begin("key", ())
    put(data, b"other")

    assert content(follower.result().found.object) == b"other"
    assert obligation_of(leader).cancel()


def test_queued_threads_are_obliged_one_at_a_time(data) -> None:
    lock, barrier, turns, at_once = threading.Lock(), threading.Barrier(8), [], []

    def work() -> CachedObject:
        barrier.wait()
        while True:
            outcome = data.begin("key", ()).result()
            if outcome.obligation is None:
                return outcome.found.object
            at_once.append(lock.acquire(blocking=False))
            turns.append(outcome.obligation)
            lock.release()
            if len(turns) == 30:
                return outcome.obligation.insert(options())
            outcome.obligation.cancel()

    with ThreadPoolExecutor(8) as pool:
        results = [pool.submit(work) for _ in range(8)]
        stored = {id(result.result(timeout=60)) for result in results}

    assert at_once == [True] * 30
    assert len(stored) == 1


def test_a_lookup_that_waits_for_its_own_holder_is_detected(data) -> None:
    me, other = object(), object()
    data.begin("key", (), holder=me)
    mine, foreign = data.begin("key", (), holder=me), data.begin("key", (), holder=other)

    assert data.blocked(mine)
    assert not data.blocked(foreign)


# Replacing


def test_an_immediate_replacement_does_not_wait(data) -> None:
    put(data, b"old")
    replacement = data.replace("key", (), "immediate")

    assert content(replacement.result().found.object) == b"old"
    assert replacement.outcome.obligation is None
    assert data.lookup("key", ()).hits == 1


def test_a_forced_miss_makes_lookups_wait(data) -> None:
    old = put(data, b"old")
    leader = data.begin("other", ())
    replacement = data.replace("key", (), "immediate-force-miss")
    missed, follower = data.lookup("key", ()), data.begin("key", ())
    new = obligation_of(replacement).insert(options())

    assert replacement.outcome.found.object is old
    assert missed is None
    assert follower.result().found.object is new
    assert obligation_of(leader) is not None


def test_a_forced_miss_races_an_earlier_obligation(data) -> None:
    leader = data.begin("key", ())
    replacement = data.replace("key", (), "immediate-force-miss")
    follower = data.begin("key", ())
    first = obligation_of(leader).insert(options())
    second = obligation_of(replacement).insert(options())

    assert follower.result().found.object is first
    assert data.lookup("key", ()).object is second


def test_an_earlier_obligation_does_not_end_a_forced_miss(data) -> None:
    leader = data.begin("key", ())
    replacement = data.replace("key", (), "immediate-force-miss")
    follower = data.begin("key", ())
    cancelled = obligation_of(leader).cancel()

    assert cancelled
    assert follower.waiting() is not None
    assert obligation_of(replacement).cancel()
    assert obligation_of(follower) is not None


def test_a_waiting_replacement_queues(data) -> None:
    leader = data.begin("key", ())
    replacement, follower = data.replace("key", (), "wait"), data.begin("key", ())
    before = replacement.waiting()
    stored = obligation_of(leader).insert(options())

    assert before is not None
    assert replacement.result().found.object is stored
    assert obligation_of(replacement) is not None
    assert follower.result().found.object is stored


# Purging


def test_a_purge_removes_objects_with_the_key(data) -> None:
    put(data, b"1", key="1", surrogate_keys=frozenset({"a", "b"}))
    put(data, b"2", key="2", surrogate_keys=frozenset({"b"}))
    purged = data.purge("a", soft=False), data.purge("c", soft=False)

    assert purged == (1, 0)
    assert data.lookup("1", ()) is None
    assert data.lookup("2", ()) is not None


def test_a_soft_purge_marks_objects_stale(data) -> None:
    stored = put(data, b"", surrogate_keys=frozenset({"a"}))
    purged = data.purge("a", soft=True)
    first, second = data.begin("key", ()), data.begin("key", ())

    assert purged == 1
    assert not stored.fresh(data.now())
    assert first.outcome.found.object is second.outcome.found.object is stored
    assert obligation_of(first) is not None


def test_a_purge_leaves_obligations(data) -> None:
    put(data, b"", stale_while_revalidate=MINUTE, surrogate_keys=frozenset({"a"}), max_age=0)
    renewing = data.begin("key", ())
    data.purge("a", soft=False)
    follower = data.begin("key", ())
    stored = obligation_of(renewing).insert(options())

    assert follower.result().found.object is stored


def test_a_key_is_purged_with_all_its_variants(data) -> None:
    for headers in (ENGLISH, DANISH):
        put(data, b"", headers=headers, vary=BY_LANGUAGE)
    obligation_of(data.begin("key", ())).pass_for(60)

    assert data.purge_key("key", soft=False) == 2
    assert data.purge_key("nowhere", soft=False) == 0
    assert obligation_of(data.begin("key", ())) is not None


def test_surrogate_keys_are_limited() -> None:
    most = " ".join(f"{number:01023}" for number in range(16))

    assert surrogate_keys("one  two one ") == {"one", "two"}
    assert len(surrogate_keys(most)) == 16
    for text in (most + " a", "a" * 1025, "é", "a\tb"):
        with pytest.raises(ValueError, match="surrogate key"):
            surrogate_keys(text)


def test_invalid_keys_of_a_header_are_left_out() -> None:
    cut = "a" * 1000 + " "

    assert header_keys(f"one {'x' * 1025} two\té") == {"one", "two"}
    assert header_keys(cut * 16 + "b" * 367 + " c") == {"a" * 1000, "b" * 367}
    assert header_keys(cut * 16 + "b" * 369 + " c") == {"a" * 1000}


class Line(RuleBasedStateMachine):
    """Lookups of one key in any order: a waiting lookup always waits for an obligation."""

    def __init__(self) -> None:
        super().__init__()
        self.clock = Clock(lambda: 1000.0)
        self.data = CacheData(self.clock)
        self.lookups = []
        self.known = set()

    def held(self):
        outcomes = [lookup.outcome for lookup in self.lookups if lookup.outcome is not None]
        tasks = [outcome.obligation for outcome in outcomes if outcome.obligation is not None]
        return [task for task in tasks if task.held]

    @rule()
    def look(self) -> None:
        self.lookups.append(self.data.begin("key", ()))

    @precondition(lambda self: self.held())
    @rule(
        age=st.sampled_from([0, MINUTE]), stale=st.sampled_from([0, MINUTE]), release=st.booleans()
    )
    def insert(self, age, stale, release) -> None:
        chosen = options(age, stale_while_revalidate=stale, surrogate_keys=frozenset({"a"}))
        write(self.held()[0].insert(chosen, release=release), b"")

    @precondition(lambda self: self.held())
    @rule()
    def abort(self) -> None:
        self.held()[0].insert(options()).body.abort()

    @precondition(lambda self: self.held() and self.held()[0].stale is not None)
    @rule()
    def update(self) -> None:
        self.held()[0].update(options(surrogate_keys=frozenset({"a"})))

    @precondition(lambda self: self.held())
    @rule(release=st.booleans())
    def cancel(self, release) -> None:
        self.held()[0].cancel(release=release)

    @precondition(lambda self: self.held())
    @rule()
    def pass_on(self) -> None:
        self.held()[0].pass_for(30)

    @precondition(lambda self: self.lookups)
    @rule(number=st.integers(0))
    def close(self, number) -> None:
        self.lookups.pop(number % len(self.lookups)).close()

    @rule(seconds=st.sampled_from([20, 60]))
    def let_time_pass(self, seconds) -> None:
        self.clock.advance(seconds)

    @rule(soft=st.booleans())
    def purge(self, soft) -> None:
        self.data.purge("a", soft=soft)

    @invariant()
    def one_is_obliged_at_most(self) -> None:
        assert len(self.held()) <= 1

    @invariant()
    def who_waits_waits_for_somebody(self) -> None:
        waiting = [lookup for lookup in self.lookups if lookup.waiting() is not None]
        assert not waiting or self.held()

    @invariant()
    def what_came_of_a_lookup_makes_sense(self) -> None:
        for lookup in self.lookups:
            if lookup.outcome is None:
                continue
            outcome = lookup.outcome
            assert outcome.passes != bool(outcome.found or outcome.obligation)


TestLine = Line.TestCase
