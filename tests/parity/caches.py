"""The caches as an app meets them: fastly_compute.cache, and what all that is sent goes through."""

from contextlib import suppress

from wit_world.imports import compute_runtime

from fastly_compute import cache
from fastly_compute.http import BodyError, CacheOptions, Request

KEPT = cache.WriteOptions(max_age=60, user_metadata=b"beside")


def own_key(name):
    """A key of this sandbox's own: hosts keep what they cached before."""
    return name + compute_runtime.get_sandbox_id()


def text_of(body):
    return None if body is None else body.read().decode()


def simple_cache(_request, _body):
    key, made = own_key("simple"), []

    def make():
        made.append("made")
        return f"number {len(made)}"

    values = [text_of(cache.get(key))]
    cache.set(key, b"put there", ttl=60)
    values += [text_of(cache.get(key)), text_of(cache.get_or_set(key, make, ttl=60))]
    cache.purge(key)
    values += [text_of(cache.get(key))]
    values += [text_of(cache.get_or_set(key, make, ttl=60)) for _ in range(2)]
    return [values, made]


def simple_cache_failing(_request, _body):
    key = own_key("failing")

    def pieces():
        yield b"a part"
        raise LookupError

    for fail in (lambda: 1 / 0, pieces):
        with suppress(ZeroDivisionError, LookupError):
            cache.get_or_set(key, fail, ttl=60)
    return [text_of(cache.get(key)), text_of(cache.get_or_set(key, lambda: "made", ttl=60))]


def cached_function(_request, _body):
    key, calls = own_key("function"), []

    @cache.cached(ttl=60, key=lambda number: f"{key} {number}")
    def double(number):
        calls.append(number)
        return {"double": 2 * number}

    return [[double(2), double(2), double(3)], calls]


def cache_entries(_request, _body):
    key = own_key("entries")
    with cache.transaction(key) as entry:
        obliged = [entry.found, entry.must_insert_or_update]
    with suppress(ZeroDivisionError), cache.transaction(key) as entry:
        1 / 0  # noqa: B018 - what it raises is what counts
    with cache.transaction_async(key) as pending, pending.wait(20) as entry:
        into, back = entry.insert_and_stream_back(KEPT)
        with back:
            with into:
                into.write(b"content")
            streamed = text_of(back.body())
    with cache.lookup(key) as entry:
        found = [entry.usable, entry.stale, entry.user_metadata.decode(), entry.length]
        return [obliged, streamed, found, text_of(entry.body(2, 4))]


def cache_broken_off(_request, _body):
    key = own_key("broken")
    with suppress(ZeroDivisionError), cache.insert(key, KEPT) as into:
        into.write(b"a part")
        1 / 0  # noqa: B018 - what it raises is what counts
    with cache.lookup(key) as entry:
        if not entry.found:
            return "nothing is there"
        try:
            return text_of(entry.body())
        except BodyError as error:
            return type(error).__name__


def readthrough_cache(_request, _body):
    name = own_key("readthrough")
    answers = []
    for number, tags in enumerate([name, name, None]):
        options = CacheOptions(ttl=60, surrogate_key=tags) if tags else CacheOptions(ttl=60)
        headers = {"X-Number": str(number)}
        url = f"http://example.com/{name}"
        with Request("GET", url, headers=headers, cache=options).send("origin") as answer:
            answers.append(answer.body.read())
    cache.purge_surrogate_key(name)
    with Request("GET", url, headers={"X-Number": "last"}).send("origin") as answer:
        answers.append(answer.body.read())
    return [answer == answers[0] for answer in answers]


SCENARIOS = (
    simple_cache,
    simple_cache_failing,
    cached_function,
    cache_entries,
    cache_broken_off,
    readthrough_cache,
)
