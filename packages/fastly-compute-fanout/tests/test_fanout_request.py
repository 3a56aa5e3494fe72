"""The responses that instruct Fanout."""

import base64
import re
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fastly_compute.fanout import SSE, Channel, InvalidGrip
from fastly_compute.http import Response

WORDS = st.from_regex(r"[!#-+\--:<-\[\]-~]{1,40}", fullmatch=True)


def grip_headers(response: Response) -> dict[str, str]:
    return {
        name: value for name, value in response.headers.items() if name.lower().startswith("grip-")
    }


def test_a_stream_is_held_on_its_channels(verified) -> None:
    channels = ["news", Channel("alerts", prev_id="41", filters=("skip-self", "build-id"))]
    answer = verified(lambda held: held.hold_stream(channels, headers=SSE, body="open\n"))

    assert (answer.status, answer.body.read()) == (200, b"open\n")
    assert answer.headers["content-type"] == "text/event-stream"
    assert grip_headers(answer) == {
        "Grip-Hold": "stream",
        "Grip-Channel": "news, alerts; prev-id=41; filter=skip-self; filter=build-id",
    }


def test_a_response_is_held_for_a_time(verified) -> None:
    answer = verified(
        lambda held: held.hold_response(
            "news", timeout=timedelta(minutes=1), status=404, body="none", meta={"user": "a b"}
        )
    )

    assert (answer.status, answer.body.read()) == (200, b"none")
    assert grip_headers(answer) == {
        "Grip-Status": "404",
        "Grip-Hold": "response",
        "Grip-Channel": "news",
        "Grip-Set-Meta": 'user="a b"',
        "Grip-Timeout": "60",
    }


def test_a_stream_is_kept_alive(verified) -> None:
    answer = verified(lambda held: held.hold_stream("news", keep_alive=b"\n", keep_alive_after=30))

    assert answer.headers["Grip-Keep-Alive"] == "Cg==; format=base64; timeout=30"


@pytest.mark.parametrize(
    "channels",
    [
        "",
        [],
        "two words",
        "a,b",
        "a;b",
        'a"b',
        "a\\b",
        "a\r\nGrip-Hold: stream",
        "größe",
        "\x7f",
        "x" * 1025,
        ["news", ""],
    ],
)
def test_an_invalid_channel_is_refused(verified, channels) -> None:
    with pytest.raises(InvalidGrip):
        verified(lambda held: held.hold_stream(channels))


@pytest.mark.parametrize(
    ("options", "error"),
    [
        ({"keep_alive": b""}, InvalidGrip),
        ({"keep_alive": "\n"}, TypeError),
        ({"keep_alive": b"\n", "keep_alive_after": 0}, InvalidGrip),
        ({"keep_alive": b"\n", "keep_alive_after": 1.5}, ValueError),
        ({"meta": {"user": 'a"b'}}, InvalidGrip),
        ({"meta": {"user": "a\r\nb"}}, InvalidGrip),
        ({"meta": {"us er": "a"}}, InvalidGrip),
        ({"meta": {"us=er": "a"}}, InvalidGrip),
        ({"meta": {"user": 7}}, TypeError),
        ({"status": 99}, ValueError),
        ({"timeout": 1}, TypeError),
    ],
)
def test_invalid_options_of_a_stream_are_refused(verified, options, error) -> None:
    with pytest.raises(error):
        verified(lambda held: held.hold_stream("news", **options))


@pytest.mark.parametrize("timeout", [0, -1, 0.5, float("inf"), 2**32])
def test_an_invalid_time_is_refused(verified, timeout) -> None:
    with pytest.raises(ValueError, match="timeout"):
        verified(lambda held: held.hold_response("news", timeout=timeout))


@pytest.mark.parametrize(
    ("make", "error"),
    [
        (lambda: Channel("news", prev_id=""), InvalidGrip),
        (lambda: Channel("news", prev_id="4;2"), InvalidGrip),
        (lambda: Channel("news", filters=("",)), InvalidGrip),
        (lambda: Channel("news", filters="skip-self"), TypeError),
        (lambda: Channel("news", filters=["skip-self"]), TypeError),
        (lambda: Channel(7), TypeError),
        (lambda: Channel(b"news"), TypeError),
    ],
)
def test_an_invalid_channel_is_refused_when_it_is_created(make, error) -> None:
    with pytest.raises(error):
        make()


CHANNELS = st.builds(Channel, WORDS, st.none() | WORDS, st.lists(WORDS, max_size=3).map(tuple))


def parsed(header: str) -> list[Channel]:
    """Read a Grip-Channel as a proxy does."""
    found = []
    for part in header.split(", "):
        name, *parameters = part.split("; ")
        pairs = [parameter.partition("=")[::2] for parameter in parameters]
        prev_ids = [value for key, value in pairs if key == "prev-id"]
        filters = tuple(value for key, value in pairs if key == "filter")
        found.append(Channel(name, *prev_ids or [None], filters))
    return found


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(CHANNELS, min_size=1, max_size=4))
def test_channels_are_read_as_they_were_written(verified, channels) -> None:
    answer = verified(lambda held: held.hold_stream(channels))

    assert parsed(answer.headers["Grip-Channel"]) == channels


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.text())
def test_arbitrary_text_is_a_channel_or_refused(verified, text) -> None:
    try:
        answer = verified(lambda held: held.hold_stream(text))
    except InvalidGrip:
        return
    assert answer.headers["Grip-Channel"] == text


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.binary(min_size=1, max_size=100), st.integers(1, 10**6))
def test_keep_alive_data_is_read_as_written(verified, data, after) -> None:
    answer = verified(
        lambda held: held.hold_stream("news", keep_alive=data, keep_alive_after=after)
    )
    value, form, timeout = answer.headers["Grip-Keep-Alive"].split("; ")

    assert (base64.b64decode(value), form, timeout) == (data, "format=base64", f"timeout={after}")


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.dictionaries(
        WORDS | st.text(st.characters()),
        st.from_regex(r"[ !#-\[\]-~]*", fullmatch=True) | st.text(st.characters()),
        max_size=3,
    )
)
def test_metadata_of_a_client_is_read_as_written_or_refused(verified, meta) -> None:
    try:
        answer = verified(lambda held: held.hold_stream("news", meta=meta))
    except InvalidGrip:
        return
    written = answer.headers.get("Grip-Set-Meta", "")

    assert dict(re.findall(r'([^=, ]+)="([^"]*)"', written)) == meta


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.text(st.characters()), st.text(st.characters()), st.lists(st.text(), max_size=2))
def test_arbitrary_parameters_of_a_channel_are_written_or_refused(
    verified, name, prev_id, filters
) -> None:
    try:
        channel = Channel(name, prev_id, tuple(filters))
    except InvalidGrip:
        return
    answer = verified(lambda held: held.hold_response(channel))

    assert parsed(answer.headers["Grip-Channel"]) == [channel]


def test_a_verified_request_shows_no_claims(verified) -> None:
    assert verified(repr, uri="http://localhost/news?a=b") == "<GripRequest <IncomingRequest>>"
