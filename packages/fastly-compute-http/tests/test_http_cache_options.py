from datetime import timedelta

import pytest

from fastly_compute.http import CacheOptions, Request, Response

KEYS = " ".join(["k" * 1023] * 16)


@pytest.mark.parametrize(
    ("options", "seconds", "stale", "keys"),
    [
        ({}, None, None, None),
        ({"ttl": 0}, 0, None, None),
        ({"ttl": 30.0, "stale_while_revalidate": timedelta(minutes=1)}, 30, 60, None),
        ({"ttl": 2**32 - 1}, 2**32 - 1, None, None),
        ({"surrogate_key": "home"}, None, None, "home"),
        ({"surrogate_key": "home news"}, None, None, "home news"),
        ({"surrogate_key": ["home", "news"]}, None, None, "home news"),
        ({"surrogate_key": "k" * 1024}, None, None, "k" * 1024),
        ({"surrogate_key": KEYS}, None, None, KEYS),
        ({"pci": True, "ttl": 1}, 1, None, None),
        ({"pass_through": True}, None, None, None),
    ],
)
def test_options_are_converted_to_the_form_that_is_sent(options, seconds, stale, keys):
    cache = CacheOptions(**options)

    assert (cache.ttl_s, cache.stale_while_revalidate_s, cache.surrogate_keys) == (
        seconds,
        stale,
        keys,
    )


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"ttl": -1}, "ttl must be finite and at least 0"),
        ({"ttl": 0.5}, "ttl must be a whole number of seconds"),
        ({"ttl": 2**32}, r"ttl must be less than 2\^32 s"),
        ({"stale_while_revalidate": float("inf")}, "stale_while_revalidate must be finite"),
        ({"surrogate_key": ""}, "surrogate_key ''"),
        ({"surrogate_key": []}, "surrogate_key must have 1 to 16384 characters in all"),
        ({"surrogate_key": "a  b"}, "surrogate_key ''"),
        ({"surrogate_key": ["a b"]}, "surrogate_key 'a b': a key must be visible ASCII"),
        ({"surrogate_key": "é"}, "visible ASCII"),
        ({"surrogate_key": "a\nb"}, "visible ASCII"),
        ({"surrogate_key": "k" * 1025}, "a key must have at most 1024 characters"),
        ({"surrogate_key": KEYS + " k"}, "1 to 16384 characters"),
        ({"pass_through": True, "ttl": 0}, "pass_through bypasses the cache"),
        ({"pass_through": True, "pci": True}, "pass_through bypasses the cache"),
        ({"pass_through": True, "surrogate_key": "a"}, "pass_through bypasses the cache"),
    ],
)
def test_options_that_break_a_rule_are_refused(options, told):
    with pytest.raises(ValueError, match=told):
        CacheOptions(**options)


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"ttl": "30"}, "ttl must be a timedelta or a number"),
        ({"ttl": True}, "ttl must be a timedelta or a number"),
        ({"pci": 1}, "pci must be True or False, not 1"),
        ({"pass_through": "yes"}, "pass_through must be True or False"),
        ({"surrogate_key": [b"a"]}, "each key in surrogate_key must be a str, not bytes"),
        ({"surrogate_key": 5}, "surrogate_key must be a str or a sequence of str"),
        ({"surrogate_key": b"ab"}, "each key in surrogate_key must be a str, not int"),
        ({"surrogate_key": iter("ab")}, "surrogate_key must be a str or a sequence of str"),
        ({"max_age": 5}, "max_age"),
    ],
)
def test_options_of_the_wrong_type_are_refused(options, told):
    with pytest.raises(TypeError, match=told):
        CacheOptions(**options)


def test_options_are_immutable_and_compared_by_value():
    assert CacheOptions(ttl=30) == CacheOptions(ttl=30)
    assert CacheOptions(ttl=30) != CacheOptions(ttl=31)
    with pytest.raises(AttributeError):
        CacheOptions().ttl = 5


@pytest.mark.parametrize("cache", [30, {"ttl": 30}, "pass"])
def test_a_request_takes_options_only(cache):
    with pytest.raises(TypeError, match="cache must be CacheOptions, not"):
        Request("GET", "http://site.example/", cache=cache)


def test_a_request_has_its_options_as_an_attribute():
    cache = CacheOptions(ttl=1)

    assert Request("GET", "http://site.example/", cache=cache).cache is cache
    assert Request("GET", "http://site.example/").cache is None


# On the host


@pytest.mark.usefixtures("sandbox")
@pytest.mark.parametrize(
    ("options", "sent"),
    [
        ({"pass_through": True}, "CacheOverride_Pass()"),
        (
            {"ttl": 0, "stale_while_revalidate": 5, "pci": True, "surrogate_key": ["a", "b"]},
            {
                "ttl": 0,
                "stale_while_revalidate": 5,
                "pci": True,
                "surrogate_key": "a b",
                "extra": None,
            },
        ),
        (
            {},
            {
                "ttl": None,
                "stale_while_revalidate": None,
                "pci": False,
                "surrogate_key": None,
                "extra": None,
            },
        ),
    ],
)
def test_options_reach_the_host(origin, instead, options, sent):
    got = []

    def note(override, request, given):
        got.append(vars(given.value) if hasattr(given, "value") else repr(given))
        return override(request, given)

    instead("http-req.Request.set_cache_override", note)
    Request("GET", f"{origin}/404", cache=CacheOptions(**options)).send("origin")

    assert got == [sent]


class Site:
    """Send requests to an origin whose responses may be cached for 1000 seconds."""

    def __init__(self, origin: str, server) -> None:
        self._url = f"{origin}/cached"
        self._server = server

    def get(self, **options: object) -> Response:
        cache = CacheOptions(**options) if options else None
        response = Request("GET", self._url, cache=cache).send("origin")
        assert response.body.read() == b"cached"
        return response

    @property
    def hits(self) -> int:
        return self._server.hits["/cached"]


@pytest.fixture
def site(origin, origin_server, sandbox):
    return Site(origin, origin_server)


def test_without_options_the_response_decides(site, host):
    site.get()
    site.get()
    once = site.hits
    host.clock.advance(1001)
    site.get()

    assert (once, site.hits) == (1, 2)


def test_a_time_to_live_takes_precedence_over_the_response(site, host):
    site.get(ttl=30)
    site.get()
    once = site.hits
    host.clock.advance(31)
    site.get()

    assert (once, site.hits) == (1, 2)


def test_a_time_to_live_of_0_stores_nothing_fresh(site):
    site.get(ttl=0)
    site.get()

    assert site.hits == 2


def test_the_cache_can_be_bypassed(site):
    site.get()
    site.get(pass_through=True)
    site.get(pass_through=True)

    assert site.hits == 3


def test_a_response_can_be_purged_by_the_key_of_the_request(site, host):
    site.get(surrogate_key=["home", "news"])
    host.cache.purge("news", soft=False)
    site.get()

    assert site.hits == 2


def test_a_response_is_served_stale_while_it_is_revalidated(site, host):
    site.get(ttl=10, stale_while_revalidate=1000)
    host.clock.advance(11)
    stale = site.get(ttl=10, stale_while_revalidate=1000)

    assert int(stale.headers["age"]) >= 11
