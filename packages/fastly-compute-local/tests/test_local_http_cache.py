"""The interface `http-cache`: what a guest sees that calls it without the packages."""

import pytest
from componentize_py_types import Err
from wit_world.imports import http_body, http_cache, http_req, http_resp
from wit_world.imports.cache import LookupState
from wit_world.imports.http_cache import Entry, LookupOptions, StorageAction, WriteOptions
from wit_world.imports.types import (
    Error_AuxiliaryError,
    Error_BufferLen,
    Error_InvalidArgument,
)

from fastly_compute.local import Host, HostConfig
from fastly_compute.local.runtime.trap import Trap

SECOND = 10**9
OBLIGED = LookupState.MUST_INSERT_OR_UPDATE
KEY = bytes(range(32))
DROP = Entry.drop  # type: ignore[attr-defined]


@pytest.fixture
def host():
    with Host(HostConfig()) as host, host.guest_context():
        yield host


def request(method="GET", uri="http://site.example/page", **headers) -> http_req.Request:
    made = http_req.Request.new()
    made.set_method(method)
    made.set_uri(uri)
    for name, value in headers.items():
        made.append_header(name.replace("_", "-"), value.encode())
    return made


def response(status=200, **headers) -> http_resp.Response:
    made = http_resp.Response.new()
    made.set_status(status)
    for name, value in headers.items():
        made.append_header(name.replace("_", "-"), value.encode())
    return made


def lookup(made=None, key=None) -> Entry:
    return Entry.transaction_lookup(made or request(), LookupOptions(key, None, None))


def options(max_age=10, **chosen) -> WriteOptions:
    base = {
        "max_age_ns": max_age * SECOND,
        "vary_rule": None,
        "initial_age_ns": None,
        "stale_while_revalidate_ns": None,
        "stale_if_error_ns": None,
        "surrogate_keys": None,
        "length": None,
        "sensitive_data": False,
        "extra": None,
    }
    return WriteOptions(**{**base, **chosen})


def store(content=b"content", made=None, head=None, **chosen) -> None:
    body = lookup(made).transaction_insert(head or response(), options(**chosen))
    http_body.write(body, content)
    http_body.close(body)


def found(entry: Entry, transform=1) -> tuple[int, bytes]:
    head, body = entry.get_found_response(transform)
    content = b"".join(iter(lambda: http_body.read(body, 100), b""))
    return head.get_status(), content


def error_of(call, *arguments) -> object:
    with pytest.raises(Err) as caught:
        call(*arguments)
    return caught.value.value


def test_a_response_is_stored_and_found(host) -> None:
    missing = lookup()
    assert missing.get_state() == OBLIGED
    assert missing.get_found_response(1) is None
    assert missing.step() is None
    body, readable = missing.transaction_insert_and_stream_back(response(203), options())
    http_body.write(body, b"con")
    http_body.write(body, b"tent")
    http_body.close(body)

    assert found(readable) == (203, b"content")
    assert missing.get_state() == LookupState(0)
    present = lookup()
    assert present.get_state() == LookupState.FOUND | LookupState.USABLE
    assert found(present) == (203, b"content")


def test_the_facts_about_a_found_response(host) -> None:
    store(
        initial_age_ns=2 * SECOND,
        stale_while_revalidate_ns=3 * SECOND,
        stale_if_error_ns=4 * SECOND,
        surrogate_keys="two one",
        vary_rule="accept x-plan",
        length=7,
        sensitive_data=True,
    )
    entry = lookup()
    host.clock.advance(1)

    assert entry.get_max_age_ns() == 10 * SECOND
    assert entry.get_age_ns() == pytest.approx(3 * SECOND, abs=SECOND / 2)
    assert entry.get_stale_while_revalidate_ns() == 3 * SECOND
    assert entry.get_stale_if_error_ns() == 4 * SECOND
    assert entry.get_hits() == 1
    assert entry.get_length() == 7
    assert entry.get_sensitive_data() is True
    assert entry.get_surrogate_keys(100) == "one two"
    assert entry.get_vary_rule(100) == "accept x-plan"
    assert error_of(entry.get_surrogate_keys, 3) == Error_BufferLen(7)
    assert entry.get_found_response(0)[0].get_header_value("content-length", 9) == b"7"


@pytest.mark.parametrize(
    "fact",
    ["length", "max_age_ns", "stale_while_revalidate_ns", "stale_if_error_ns", "age_ns", "hits"],
)
def test_there_are_no_facts_about_nothing(host, fact) -> None:
    assert getattr(lookup(), f"get_{fact}")() is None


def test_there_are_no_texts_about_nothing(host) -> None:
    entry = lookup()
    facts = entry.get_sensitive_data(), entry.get_surrogate_keys(9), entry.get_vary_rule(9)

    assert facts == (None, None, None)


def test_only_get_and_head_are_cacheable(host) -> None:
    cacheable = {
        method: http_cache.is_request_cacheable(request(method))
        for method in ("GET", "HEAD", "POST", "PURGE")
    }
    assert cacheable == {"GET": True, "HEAD": True, "POST": False, "PURGE": False}
    host.caching = False
    assert not http_cache.is_request_cacheable(request())


def test_the_suggested_key_is_that_of_the_url(host) -> None:
    key = http_cache.get_suggested_cache_key(request(), 32)
    store()

    assert len(key) == 32
    assert http_cache.get_suggested_cache_key(request(Host="site.example", uri="/page"), 32) == key
    assert http_cache.get_suggested_cache_key(request(uri="http://site.example/"), 32) != key
    assert error_of(http_cache.get_suggested_cache_key, request(), 31) == Error_BufferLen(32)
    assert found(lookup(request(uri="/elsewhere"), key))[1] == b"content"
    assert lookup(request(), KEY).get_found_response(1) is None


@pytest.mark.parametrize("key", [b"", bytes(31), bytes(33)])
def test_a_key_has_32_bytes(host, key) -> None:
    assert error_of(lookup, request(), key) == Error_InvalidArgument()


@pytest.mark.parametrize("uri", ["/page", "ftp://site.example/"])
def test_a_request_that_cannot_be_sent_has_no_key(host, uri) -> None:
    assert error_of(lookup, request(uri=uri)) == Error_InvalidArgument()


def test_the_suggested_request_is_for_the_whole(host) -> None:
    made = request("HEAD", Range="bytes=0-1", If_None_Match='"1"', X_Other="kept")
    suggested = lookup(made).get_suggested_backend_request()

    assert suggested.get_method(9) == "GET"
    assert suggested.get_uri(99) == "http://site.example/page"
    assert suggested.get_header_names(99, 0) == ("x-other\0", None)


def test_the_suggested_request_revalidates_a_stale_response(host) -> None:
    store(head=response(ETag='"1"', Last_Modified="Mon, 01 Jan 2024 00:00:00 GMT"))
    host.clock.advance(11)
    entry = lookup()
    suggested = entry.get_suggested_backend_request()

    assert entry.get_state() == OBLIGED | LookupState.FOUND | LookupState.STALE
    assert suggested.get_header_value("if-none-match", 9) == b'"1"'
    assert suggested.get_header_value("if-modified-since", 99).startswith(b"Mon, 01 Jan")


@pytest.mark.parametrize(
    ("status", "headers", "action"),
    [
        (200, {}, StorageAction.INSERT),
        (404, {}, StorageAction.INSERT),
        (500, {}, StorageAction.DO_NOT_STORE),
        (304, {}, StorageAction.DO_NOT_STORE),
        (200, {"Cache_Control": "private"}, StorageAction.RECORD_UNCACHEABLE),
        (200, {"Set_Cookie": "a=1"}, StorageAction.RECORD_UNCACHEABLE),
    ],
)
def test_a_response_is_prepared_for_storage(host, status, headers, action) -> None:
    made = response(status, Connection="x-one", X_One="1", X_Two="2", **headers)
    said, prepared = lookup().prepare_response_for_storage(made)

    assert said is action
    assert prepared.get_status() == status
    assert prepared.get_header_value("x-two", 9) == b"2"
    assert prepared.get_header_value("x-one", 9) is None
    assert made.get_header_value("x-one", 9) == b"1"


def test_a_304_renews_what_is_stored(host) -> None:
    store(head=response(ETag='"1"', X_Kept="yes"))
    host.clock.advance(11)
    entry = lookup()
    action, prepared = entry.prepare_response_for_storage(response(304, ETag='"1"', X_New="yes"))
    assert action is StorageAction.UPDATE
    fresh = entry.transaction_update_and_return_fresh(prepared, options())

    assert found(fresh) == (200, b"content")
    head, _ = lookup().get_found_response(1)
    assert (head.get_header_value("x-kept", 9), head.get_header_value("x-new", 9)) == (b"yes",) * 2


def test_the_suggested_options_follow_the_headers(host) -> None:
    made = response(
        Cache_Control="max-age=5, stale-while-revalidate=6",
        Surrogate_Control="stale-if-error=7",
        Age="1",
        Vary="Accept, X-Plan",
        Surrogate_Key="one two",
        Content_Length="9",
    )
    suggested = lookup().get_suggested_write_options(made)

    assert suggested.get_max_age_ns() == 5 * SECOND
    assert suggested.get_initial_age_ns() == SECOND
    assert suggested.get_stale_while_revalidate_ns() == 6 * SECOND
    assert suggested.get_stale_if_error_ns() == 7 * SECOND
    assert suggested.get_vary_rule(99) == "accept x-plan"
    assert suggested.get_surrogate_keys(99) == "one two"
    assert suggested.get_length() == 9
    assert suggested.get_sensitive_data() is False
    assert error_of(suggested.get_vary_rule, 5) == Error_BufferLen(13)


def test_surrogate_control_takes_precedence_for_stale_if_error(host) -> None:
    made = response(Surrogate_Control="stale-if-error=0", Cache_Control="stale-if-error=7")

    assert lookup().get_suggested_write_options(made).get_stale_if_error_ns() == 0


def test_a_stale_response_is_chosen_after_an_error(host) -> None:
    store(stale_if_error_ns=5 * SECOND)
    host.clock.advance(11)
    entry = lookup()
    stale = LookupState.FOUND | LookupState.STALE | LookupState.USABLE_IF_ERROR
    assert entry.get_state() == stale | OBLIGED
    assert entry.get_found_response(1) is None
    entry.transaction_choose_stale()

    assert entry.get_state() == stale | LookupState.USABLE
    assert found(entry) == (200, b"content")
    assert lookup().get_state() == stale | OBLIGED  # the next one tries again


def test_nothing_is_chosen_that_is_too_old(host) -> None:
    store(stale_if_error_ns=5 * SECOND)
    host.clock.advance(16)

    assert error_of(lookup().transaction_choose_stale) == Error_AuxiliaryError()


def test_a_record_lets_lookups_pass(host) -> None:
    lookup().transaction_record_not_cacheable(options(max_age=5))
    assert lookup().get_state() == LookupState(0)
    host.clock.advance(6)
    assert lookup().get_state() == OBLIGED


def test_a_record_may_depend_on_request_headers(host) -> None:
    lookup(request(X_Plan="a")).transaction_record_not_cacheable(options(vary_rule="x-plan"))

    assert lookup(request(X_Plan="a")).get_state() == LookupState(0)
    assert lookup(request(X_Plan="b")).get_state() == OBLIGED


def test_a_record_with_a_wrong_rule_is_refused(host) -> None:
    entry = lookup()
    wrong = options(vary_rule="two  spaces")

    assert error_of(entry.transaction_record_not_cacheable, wrong) == Error_InvalidArgument()
    assert entry.get_state() == OBLIGED


@pytest.mark.parametrize("give_up", [Entry.transaction_abandon, http_cache.close_entry, DROP])
def test_an_obligation_that_is_given_up_goes_to_the_next(host, give_up) -> None:
    first, second = lookup(), lookup()
    step = second.step()
    assert not step.is_ready()
    give_up(first)

    assert step.is_ready()
    assert second.get_state() == OBLIGED


def test_a_guest_that_would_wait_for_itself_traps(host) -> None:
    held, second = lookup(), lookup()

    with pytest.raises(Trap, match="would wait forever"):
        second.get_state()
    assert held.get_state() == OBLIGED


def test_what_needs_an_obligation_says_so(host) -> None:
    store()
    entry = lookup()

    assert error_of(entry.transaction_insert, response(), options()) == Error_AuxiliaryError()
    assert error_of(entry.transaction_update, response(), options()) == Error_AuxiliaryError()
    assert error_of(entry.transaction_abandon) == Error_AuxiliaryError()
    assert error_of(entry.transaction_choose_stale) == Error_AuxiliaryError()
    assert error_of(entry.transaction_record_not_cacheable, options()) == Error_AuxiliaryError()


def test_nothing_is_updated_if_nothing_was_found(host) -> None:
    assert error_of(lookup().transaction_update, response(), options()) == Error_AuxiliaryError()


@pytest.mark.parametrize("wrong", [{"vary_rule": "two  spaces"}, {"surrogate_keys": "x" * 1025}])
def test_wrong_options_are_refused_and_keep_the_obligation(host, wrong) -> None:
    entry = lookup()

    assert error_of(entry.transaction_insert, response(), options(**wrong)) == (
        Error_InvalidArgument()
    )
    assert entry.get_state() == OBLIGED


def test_an_appended_body_is_followed_by_what_is_written(host) -> None:
    body = lookup().transaction_insert(response(), options())
    more = http_body.new()
    http_body.write(more, b"appended ")
    http_body.append(body, more)
    http_body.write(body, b"written")
    http_body.close(body)

    assert found(lookup()) == (200, b"appended written")


def test_an_unfinished_body_is_not_kept(host) -> None:
    body = lookup().transaction_insert(response(), options())
    http_body.write(body, b"half")
    body.drop()  # type: ignore[attr-defined]

    assert lookup().get_state() == OBLIGED


def test_a_sandbox_that_ends_frees_the_others(host) -> None:
    with host.guest_context():
        lookup()
        lookup(key=KEY).transaction_insert(response(), options())

    assert lookup().get_state() == lookup(key=KEY).get_state() == OBLIGED
