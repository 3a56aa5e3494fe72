"""The options for storing an object."""

from datetime import timedelta

import pytest

from fastly_compute import cache
from fastly_compute.cache import InvalidCacheOption, WriteOptions
from fastly_compute.cache.options import nanoseconds
from fastly_compute.http import Headers


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (0, 0),
        (1, 10**9),
        (0.5, 5 * 10**8),
        (1e-6, 1000),
        (timedelta(microseconds=1), 1000),
        (timedelta(days=10000), 10000 * 86400 * 10**9),
        (1.001, 1_001_000_000),
    ],
)
def test_a_duration_becomes_nanoseconds(value, expected) -> None:
    assert nanoseconds(value, option="x") == expected


@pytest.mark.parametrize("option", ["max_age", "initial_age", "stale_while_revalidate"])
@pytest.mark.parametrize(
    "value", [-1, -0.5, timedelta(-1), float("inf"), float("nan"), 2**64, 1e300, timedelta.max]
)
def test_an_invalid_duration_is_refused(option, value) -> None:
    with pytest.raises(InvalidCacheOption, match=f"{option}: ") as refused:
        WriteOptions(**{"max_age": 60, option: value})

    assert refused.value.option == option


@pytest.mark.parametrize("value", ["60", None, True, b"1"])
def test_a_duration_of_another_type_is_refused(value) -> None:
    with pytest.raises(TypeError, match="max_age must be a timedelta or a number of seconds"):
        WriteOptions(max_age=value)


@pytest.mark.parametrize(
    ("options", "error"),
    [
        ({"edge_max_age": 61}, InvalidCacheOption),
        ({"vary": ["two words"]}, InvalidCacheOption),
        ({"vary": [""]}, InvalidCacheOption),
        ({"vary": "accept"}, TypeError),
        ({"length": -1}, InvalidCacheOption),
        ({"length": 2**64}, InvalidCacheOption),
        ({"length": 1.0}, TypeError),
        ({"length": True}, TypeError),
        ({"user_metadata": "text"}, TypeError),
        ({"sensitive_data": 1}, TypeError),
        ({"surrogate_keys": [7]}, TypeError),
        ({"ttl": 60}, TypeError),
    ],
)
def test_an_invalid_option_is_refused(options, error) -> None:
    with pytest.raises(error):
        WriteOptions(**{"max_age": 60, **options})


def test_no_repr_shows_metadata() -> None:
    options = WriteOptions(max_age=60, user_metadata=b"a secret")

    assert "secret" not in repr(options)
    assert options == WriteOptions(max_age=60, user_metadata=b"a secret")
    assert options != WriteOptions(max_age=60)


def stored(key="key", *, content=b"content", headers=None, **options) -> None:
    with cache.insert(key, WriteOptions(**{"max_age": 60, **options}), headers=headers) as body:
        body.write(content)


def test_an_object_reports_its_options(host) -> None:
    stored(
        max_age=timedelta(minutes=1),
        initial_age=10,
        stale_while_revalidate=30,
        user_metadata=b"beside",
        length=7,
        edge_max_age=50,
        sensitive_data=True,
    )
    host.clock.advance(5)
    with cache.lookup("key") as entry:
        assert entry.max_age == timedelta(minutes=1)
        assert timedelta(seconds=15) <= entry.age < timedelta(seconds=16)
        assert entry.stale_while_revalidate == timedelta(seconds=30)
        assert (entry.user_metadata, entry.length, entry.hits) == (b"beside", 7, 1)


def test_metadata_of_any_size_is_read(host) -> None:
    stored(user_metadata=bytes(100_000))

    assert cache.lookup("key").user_metadata == bytes(100_000)


def test_an_object_depends_on_the_headers_that_it_names(host) -> None:
    for language in ("da", "en"):
        headers = {"Accept-Language": language, "Other": language}
        stored(content=language.encode(), headers=headers, vary=["accept-language"])

    assert cache.lookup("key", headers=Headers({"accept-language": "en"})).body().read() == b"en"
    assert cache.lookup("key", headers={"Accept-Language": "da"}).body().read() == b"da"
    assert not cache.lookup("key", headers={"Accept-Language": "no"}).found
    assert not cache.lookup("key").found


def test_an_object_with_the_wrong_length_is_discarded(host) -> None:
    stored(content=b"short", length=6)

    assert not cache.lookup("key").found
