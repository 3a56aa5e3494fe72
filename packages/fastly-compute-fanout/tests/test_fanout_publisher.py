"""Items, and publishing them."""

import json
import pickle

import pytest

from fastly_compute.fanout import FanoutError, InvalidGrip, Item, Publisher, PublishFailed
from fastly_compute.http import InvalidUrl, Response, SendError
from fastly_compute.secret_store import Secret

URL = "https://api.fastly.com/service/SERVICE_ID"
TOKEN = b"a token that must not be shown"


@pytest.mark.parametrize(
    ("item", "formats"),
    [
        ({"http_stream": "größe\n"}, {"http-stream": {"content": "größe\n"}}),
        ({"http_stream": b"\xff"}, {"http-stream": {"content-bin": "/w=="}}),
        ({"ws_message": "hi"}, {"ws-message": {"content": "hi"}}),
        ({"ws_message": b"hi"}, {"ws-message": {"content-bin": "aGk="}}),
        (
            {"http_response": Response.text("hi", status=201)},
            {
                "http-response": {
                    "code": 201,
                    "headers": [["Content-Type", "text/plain; charset=utf-8"]],
                    "body": "hi",
                }
            },
        ),
        (
            {"http_response": Response(body=b"\xff")},
            {"http-response": {"code": 200, "body-bin": "/w=="}},
        ),
    ],
)
def test_a_format_is_encoded_as_fanout_expects(item, formats) -> None:
    assert Item(channel="news", **item).export() == [{"channel": "news", "formats": formats}]


def test_an_item_exports_all_its_attributes() -> None:
    item = Item(
        channel="news", ws_message="hi", id="2", prev_id="1", meta={"sender": "a"}, close=True
    )

    assert item.export() == [
        {
            "channel": "news",
            "id": "2",
            "prev-id": "1",
            "formats": {"ws-message": {"content": "hi"}},
            "meta": {"sender": "a"},
        },
        {
            "channel": "news",
            "formats": {"http-stream": {"action": "close"}, "ws-message": {"action": "close"}},
            "meta": {"sender": "a"},
        },
    ]


def test_an_item_can_be_published_more_than_once() -> None:
    item = Item(channel="news", http_response=Response(body=iter([b"a", b"b"])))

    assert item.export() == item.export()
    assert item.export()[0]["formats"]["http-response"]["body"] == "ab"


@pytest.mark.parametrize(
    ("item", "error"),
    [
        ({}, InvalidGrip),
        ({"ws_message": "x", "id": ""}, InvalidGrip),
        ({"ws_message": "x", "prev_id": "1"}, InvalidGrip),
        ({"ws_message": "x", "channel": "two words"}, InvalidGrip),
        ({"ws_message": 7}, TypeError),
        ({"http_stream": bytearray(b"x")}, TypeError),
        ({"http_response": "x"}, TypeError),
        ({"ws_message": "x", "meta": {"a": 1}}, TypeError),
        ({"ws_message": "x", "unknown": 1}, TypeError),
    ],
)
def test_an_invalid_item_is_refused_when_it_is_created(item, error) -> None:
    with pytest.raises(error):
        Item(**{"channel": "news", **item})


def test_items_go_out_in_one_request_that_no_cache_answers(compute_host) -> None:
    compute_host.target("api.fastly.com").add("POST", "/service/SERVICE_ID/publish/", text="ok")
    publisher = Publisher(url=URL + "/", token=Secret.from_bytes(TOKEN))
    for _ in range(2):
        publisher.publish(
            Item(channel="a", ws_message="1"), Item(channel="b", http_stream="2", close=True)
        )
    call, _ = compute_host.calls

    assert call.headers["Content-Type"] == "application/json"
    assert call.headers["Authorization"] == "Bearer " + TOKEN.decode()
    assert [item["channel"] for item in call.json()["items"]] == ["a", "b", "b"]


def test_a_pushpin_needs_no_token(compute_host) -> None:
    compute_host.backend("pushpin").add("POST", "/publish/", text="Published\n")
    publisher = Publisher(url="http://127.0.0.1:5561", backend="pushpin")
    publisher.publish(Item(channel="a", ws_message="1"))

    assert "Authorization" not in compute_host.calls[0].headers


def test_a_refusal_has_the_endpoints_text(compute_host) -> None:
    compute_host.target("api.fastly.com").add(
        "POST", "/service/SERVICE_ID/publish/", status=403, text="no rights " + "x" * 5000
    )
    publisher = Publisher(url=URL, token=Secret.from_bytes(TOKEN))
    with pytest.raises(PublishFailed, match="failed with status 403: no rights") as failed:
        publisher.publish(Item(channel="a", ws_message="1"))
    error = failed.value
    again = pickle.loads(pickle.dumps(error))

    assert isinstance(error, FanoutError | OSError)
    assert (error.status, len(error.text), error.url) == (403, 500, URL + "/publish/")
    assert (str(again), again.status, again.text) == (str(error), 403, error.text)


def test_a_refusal_without_text_is_reported_too(compute_host) -> None:
    compute_host.backend("pushpin").add("POST", "/publish/", status=500)
    publisher = Publisher(url="http://127.0.0.1:5561", backend="pushpin")
    with pytest.raises(PublishFailed, match="status 500: no text"):
        publisher.publish(Item(channel="a", ws_message="1"))


def test_an_unreachable_endpoint_is_a_send_error(compute_host) -> None:
    compute_host.backend("pushpin").error("connection-refused")
    publisher = Publisher(url="http://127.0.0.1:5561", backend="pushpin")
    with pytest.raises(SendError):
        publisher.publish(Item(channel="a", ws_message="1"))


def test_the_token_is_shown_nowhere(compute_host) -> None:
    compute_host.target("api.fastly.com").add("POST", "/service/SERVICE_ID/publish/", status=401)
    publisher = Publisher(url=URL, token=Secret.from_bytes(TOKEN))
    with pytest.raises(PublishFailed) as failed:
        publisher.publish(Item(channel="a", ws_message="1"))

    for shown in (repr(publisher), str(failed.value), repr(failed.value)):
        assert TOKEN.decode() not in shown


def test_a_token_does_not_go_out_unencrypted(compute_host) -> None:
    with pytest.raises(InvalidGrip, match="must be https"):
        Publisher(url="http://api.fastly.com/service/X", token=Secret.from_bytes(TOKEN))


def test_an_invalid_publisher_is_refused_when_it_is_created() -> None:
    with pytest.raises(InvalidUrl):
        Publisher(url="api.fastly.com")
    with pytest.raises(TypeError, match="token must be a Secret, not str"):
        Publisher(url=URL, token="a token")


def test_publishing_no_item_is_refused() -> None:
    with pytest.raises(InvalidGrip, match="at least one"):
        Publisher(url=URL).publish()


def test_what_is_published_is_json(compute_host) -> None:
    compute_host.backend("pushpin").add("POST", "/publish/")
    text = '"\\\n\u2028é\0'
    publisher = Publisher(url="http://127.0.0.1:5561", backend="pushpin")
    publisher.publish(Item(channel="a", ws_message=text))
    (item,) = json.loads(compute_host.calls[0].body)["items"]

    assert item["formats"]["ws-message"]["content"] == text
