"""Functions whose results are cached."""

from datetime import timedelta

import pytest

from fastly_compute import cache
from fastly_compute.cache import InvalidCacheOption, InvalidKey, NotCacheable


class Counted:
    def __init__(self) -> None:
        self.calls = []

    def __call__(self, *args, **kwargs):
        self.calls.append((args, kwargs))
        return len(self.calls)


@pytest.fixture
def counted():
    return Counted()


def test_a_function_runs_once_for_each_key(host, counted) -> None:
    @cache.cached(ttl=timedelta(minutes=1), key=lambda city, unit="C": f"{city} {unit}")
    def weather(city: str, unit: str = "C") -> int:
        return counted(city, unit)

    assert [weather("oslo"), weather("oslo", "C"), weather(city="oslo"), weather("rome")] == [
        1,
        1,
        1,
        2,
    ]
    host.clock.advance(60)

    assert weather("oslo") == 3


def test_by_default_the_key_is_the_function_and_its_arguments(host, counted) -> None:
    @cache.cached(ttl=60)
    def one(*args, **kwargs):
        return counted("one", *args, **kwargs)

    @cache.cached(ttl=60)
    def other(*args, **kwargs):
        return counted("other", *args, **kwargs)

    different = [
        one(),
        other(),
        one(1),
        one(1.0),
        one("1"),
        one(True),
        one(None),
        one(a=1),
        one(1, a=1),
        one("a", 1),
    ]

    assert different == list(range(1, 11))
    assert one(a=1, b=2) == one(b=2, a=1)
    assert one(1) == 3


@pytest.mark.parametrize(
    "result",
    [
        b"",
        b"\0\xff",
        "",
        "größe",
        None,
        True,
        0,
        -1.5,
        [],
        {"a": [1, None, {"b": "c"}], "": ""},
        "\ud800".encode("utf-8", "surrogatepass"),
    ],
)
def test_a_result_keeps_its_type(host, result) -> None:
    @cache.cached(ttl=60, key=lambda: "key")
    def made():
        return result

    first, second = made(), made()

    assert first == second == result
    assert type(second) is type(result)


@pytest.mark.parametrize(
    "result", [object(), {1, 2}, (1, 2), {1: 2}, float("nan"), [float("inf")], {"a": (1,)}]
)
def test_a_result_that_would_change_is_refused(host, counted, result) -> None:
    @cache.cached(ttl=60)
    def made():
        counted()
        return result

    for _ in range(2):
        with pytest.raises(NotCacheable, match=r"the result of .*made"):
            made()

    assert len(counted.calls) == 2


def test_arguments_that_cannot_be_part_of_the_default_key_are_refused(host, counted) -> None:
    @cache.cached(ttl=60)
    def made(items):
        return counted(items)

    with pytest.raises(NotCacheable, match=r"made got a list argument.* pass key= to cached\(\)"):
        made([1])
    with pytest.raises(NotCacheable):
        made(items=object())

    assert counted.calls == []


def test_the_key_of_a_method_includes_its_object(host, counted) -> None:
    class City:
        def __init__(self, name: str) -> None:
            self.name = name

        @cache.cached(ttl=60, key=lambda self, unit: f"{self.name} {unit}")
        def weather(self, unit: str) -> int:
            return counted(self.name, unit)

        @cache.cached(ttl=60)
        def forgotten(self) -> int:
            return counted()

    oslo, rome = City("oslo"), City("rome")

    assert [oslo.weather("C"), rome.weather("C"), City("oslo").weather(unit="C")] == [1, 2, 1]
    with pytest.raises(NotCacheable, match="got a City"):
        oslo.forgotten()


def test_a_static_method_needs_nothing_more(host, counted) -> None:
    class City:
        @staticmethod
        @cache.cached(ttl=60)
        def weather(name: str) -> int:
            return counted(name)

    assert [City.weather("oslo"), City().weather("oslo")] == [1, 1]


def test_a_key_can_be_purged(host, counted) -> None:
    @cache.cached(ttl=60, key=lambda city: city.encode())
    def weather(city: str) -> int:
        return counted(city)

    weather("oslo")
    cache.purge("oslo")

    assert weather("oslo") == 2


def test_a_call_that_raises_leaves_nothing_behind(host, counted) -> None:
    @cache.cached(ttl=60)
    def fails_at_first() -> float:
        return 1 / (counted() - 1)

    with pytest.raises(ZeroDivisionError):
        fails_at_first()

    assert [fails_at_first(), fails_at_first()] == [1.0, 1.0]


def test_a_function_keeps_its_name_and_docstring() -> None:
    @cache.cached(ttl=60)
    def weather(city: str) -> str:
        """Tells the weather."""
        return city

    assert (weather.__name__, weather.__doc__) == ("weather", "Tells the weather.")


def test_an_invalid_time_is_refused_when_it_is_given() -> None:
    with pytest.raises(InvalidCacheOption):
        cache.cached(ttl=-1)


def test_an_invalid_key_is_refused_on_the_call(host, counted) -> None:
    @cache.cached(ttl=60)
    def made(text: str) -> int:
        return counted(text)

    with pytest.raises(InvalidKey):
        made("x" * 5000)

    assert counted.calls == []
