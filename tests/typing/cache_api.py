"""The caches as a type checker sees them: checked against the installed wheels, never run."""

from datetime import timedelta
from typing import assert_type

from fastly_compute import cache
from fastly_compute.http import Body, StreamingBody


@cache.cached(ttl=timedelta(minutes=1), key=lambda city, unit="C": f"{city} {unit}")
def weather(city: str, unit: str = "C") -> dict[str, object]:
    return {"city": city, "unit": unit}


class Shop:
    @cache.cached(ttl=60, key=lambda self, number: f"price {number}")
    def price(self, number: int) -> float:
        return number / 2


@cache.cached(ttl=60)
def plain(number: int) -> str:
    return str(number)


def simple() -> None:
    assert_type(weather("oslo", unit="F"), dict[str, object])
    assert_type(Shop().price(7), float)
    assert_type(plain(1), str)
    assert_type(cache.get("key"), Body | None)
    assert_type(cache.get_or_set(b"key", lambda: "value", ttl=1.5), Body)
    cache.set("key", [b"a", b"b"], ttl=0)
    cache.purge("key")
    weather(1)  # type: ignore[arg-type]
    cache.set("key", b"", 60)  # type: ignore[call-arg]


def core() -> None:
    kept = cache.WriteOptions(max_age=60, vary=["accept"], surrogate_keys="a b")
    with cache.transaction("key", headers={"Accept": "x"}) as entry:
        assert_type(entry, cache.Entry)
        assert_type(entry.insert(kept), StreamingBody)
        assert_type(entry.age, timedelta | None)
        into, back = entry.insert_and_stream_back(kept)
        assert_type((into, back), tuple[StreamingBody, cache.Entry])
    with cache.transaction_async("key") as pending:
        assert_type(pending.wait(1), cache.Entry)
    strategy: cache.Strategy = "wait"
    assert_type(cache.replace("key", strategy=strategy), cache.Replacement)
    cache.replace("key", strategy="soon")  # type: ignore[arg-type]
    cache.WriteOptions()  # type: ignore[call-arg]
