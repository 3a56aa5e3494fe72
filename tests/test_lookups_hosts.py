"""Lookups by address and user agent as an app sees them, on every host; see tests/lookups_app."""

import json
from contextlib import closing
from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import urlsplit

import pytest

pytestmark = pytest.mark.xdist_group("lookups")

APP = Path(__file__).parent / "lookups_app"


@pytest.fixture
def ask(servers, host):
    """Has the app call one of its functions, and returns what that returned."""
    app = servers.get(host, APP, "lookups_app")

    def ask(do, **arguments):
        with closing(HTTPConnection(urlsplit(app.url).netloc, timeout=30)) as connection:
            connection.request("POST", "/", body=json.dumps({"do": do, **arguments}))
            answer = connection.getresponse()
            content = answer.read()
        assert answer.status == 200, content.decode()
        return json.loads(content)

    return ask


def test_a_call_at_import_is_an_error_that_says_where_it_belongs(ask) -> None:
    early = ask("too_early")

    assert list(early) == ask("not_too_early")
    for message in early.values():
        assert message.endswith("Move the call into the handler.")


def test_a_place_is_what_the_configuration_says(ask) -> None:
    assert ask("where", address="192.0.2.1") == {"as_number": 64496, "city": "Oslo"}
    assert ask("where", address="::ffff:192.0.2.1") == {"as_number": 64496, "city": "Oslo"}


def test_an_address_that_nobody_knows_is_nowhere(ask) -> None:
    assert ask("where", address="203.0.113.1") is None
    assert ask("where", address="2001:db8::1") is None


@pytest.mark.parametrize("address", ["127.0.0.1", "::1"])
def test_a_loopback_address_is_where_every_local_host_says(ask, address) -> None:
    assert ask("where", address=address) == {
        "as_name": "Fastly, Inc",
        "as_number": 54113,
        "area_code": 415,
        "city": "San Francisco",
        "region": "CA",
        "postal_code": "94107",
        "conn_speed": "broadband",
        "conn_type": "wired",
        "continent": "NA",
        "country_code": "US",
        "country_code3": "USA",
        "country_name": "United States of America",
        "latitude": 37.77869,
        "longitude": -122.39557,
        "utc_offset": "-1 day, 17:00:00",
    }


def test_a_list_says_what_to_do_with_an_address(ask) -> None:
    blocked, allowed = ["10.0.0.0/8", "BLOCK", True], ["10.1.0.0/16", "ALLOW", True]
    found = {
        "10.0.0.1": blocked,
        "10.1.0.1": allowed,
        "::ffff:10.0.0.1": blocked,
        "2001:db8::1": ["2001:db8::/32", "BLOCK", True],
        "192.0.2.1": None,
        "::1": None,
    }

    assert ask("matches", addresses=list(found)) == list(found.values())


def test_a_list_that_is_not_there(ask) -> None:
    assert ask("missing_list") == "not-found"


def test_a_device_is_what_the_configuration_says(ask) -> None:
    assert ask("brand", user_agent="Agent/1.0") == ["Example", None, None]


@pytest.mark.parametrize("user_agent", ["", "Agent/2.0", "Ä" * 5000])
def test_a_user_agent_that_nobody_knows(ask, user_agent) -> None:
    assert ask("brand", user_agent=user_agent) is None


@pytest.fixture
def counts(host) -> bool:
    """Whether the host counts: Viceroy has the functions, counts nothing and knows no penalty."""
    return host != "viceroy"


def test_events_are_counted(ask, counts) -> None:
    assert ask("counted", entry="client") == ([120, 2] if counts else [0, 0])


def test_an_entry_stays_in_the_penalty_box(ask, counts) -> None:
    assert ask("penalized", entry="offender") == [False, counts]
    assert ask("penalized", entry="offender") == [counts, counts]


def test_who_exceeds_the_limit_is_penalized(ask, counts) -> None:
    assert ask("limited", entry="fast") == [False, counts, counts]
    assert ask("limited", entry="fast") == [counts] * 3


def test_what_is_not_an_address_is_refused(ask) -> None:
    assert ask("refused", address="192.0.2.256").startswith("invalid IP address: '192.0.2.256'")
