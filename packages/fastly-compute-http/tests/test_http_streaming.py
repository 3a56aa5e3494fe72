import gc
import hashlib
import json
import threading
from collections.abc import Iterator

import pytest

from fastly_compute.core import HandleClosed
from fastly_compute.http import (
    Body,
    BodyError,
    BodyWriteStalled,
    InvalidHeader,
    Request,
    SendError,
    StreamingBody,
)

pytestmark = pytest.mark.usefixtures("sandbox")
END = b"0\r\n\r\n"


def upload(backend: str = "talk", url: str = "http://site.example/up", **options: object):
    return Request("POST", url, **options).send_streaming(backend)


def test_written_data_arrives_before_the_end(talk):
    body, pending = upload()
    body.write(b"first")
    head = talk.until(b"5\r\nfirst\r\n")
    body.write(bytearray(b"second"))
    body.write(memoryview(b"third"))
    body.write(b"")
    body.finish()
    talk.until(END)
    talk.answer("201 Created")

    assert b"transfer-encoding: chunked\r\n" in head.lower()
    assert talk.got.endswith(b"6\r\nsecond\r\n5\r\nthird\r\n" + END)
    assert pending.wait().status == 201
    assert body.closed


def test_the_body_of_the_request_comes_first(talk):
    body, pending = upload(body=b"before ")
    with body:
        body.write(b"after")
    talk.until(END)
    talk.answer("200 OK")

    assert talk.got.index(b"before ") < talk.got.index(b"after")
    assert pending.wait().status == 200


def test_leaving_the_with_finishes_once(talk):
    body, pending = upload()
    with body:
        body.write(b"x")
        body.finish()
    talk.until(END)
    talk.answer("200 OK")

    assert pending.wait().status == 200


def test_an_exception_aborts_the_upload(talk):
    def fail() -> None:
        with body:
            body.write(b"half")
            talk.until(b"half")
            raise RuntimeError("half-way")

    body, pending = upload()
    with pytest.raises(RuntimeError, match="half-way"):
        fail()
    assert END not in talk.to_the_end()
    with pytest.raises(SendError):
        pending.wait()


def test_a_closed_upload_is_aborted(talk):
    body, pending = upload()
    body.write(b"half")
    talk.until(b"half")
    body.close()

    assert END not in talk.to_the_end()
    with pytest.raises(SendError):
        pending.wait()


def test_a_lost_upload_is_aborted(talk):
    body, pending = upload()
    body.write(b"half")
    talk.until(b"half")
    del body
    gc.collect()

    assert END not in talk.to_the_end()
    with pytest.raises(SendError):
        pending.wait()


@pytest.mark.parametrize("ending", [StreamingBody.finish, StreamingBody.close])
def test_a_streaming_body_accepts_nothing_after_its_end(talk, ending):
    body, pending = upload()
    ending(body)
    pending.close()

    uses = [
        lambda: body.write(b"x"),
        lambda: body.append(Body(b"x")),
        lambda: body.add_trailer("a", "b"),
        body.finish,
    ]
    for use in uses:
        with pytest.raises(HandleClosed, match="this StreamingBody"):
            use()
    body.close()


@pytest.mark.parametrize("data", ["text", 5, None, [b"x"]])
def test_only_bytes_are_written(talk, data):
    body, pending = upload()
    with pytest.raises(TypeError, match=f"must be bytes, not {type(data).__name__}"):
        body.write(data)
    with pytest.raises(TypeError, match=f"append takes a Body, not {type(data).__name__}"):
        body.append(data)
    body.close()
    pending.close()


def test_a_streaming_body_cannot_be_created_directly():
    with pytest.raises(TypeError, match=r"use Request\.send_streaming"):
        StreamingBody()


def test_a_received_body_is_appended_unread(origin, talk, calls):
    received = Request("POST", f"{origin}/echo", body=b"through").send("origin").body
    body, pending = upload()
    calls.clear()
    with body:
        body.append(received)
    talk.until(END)
    talk.answer("200 OK")

    assert calls == ["http-body.append", "http-body.close"]
    assert b"through" in talk.got
    assert pending.wait().status == 200
    with pytest.raises(HandleClosed, match="was already sent"):
        received.read()


def test_the_rest_of_a_received_body_is_appended(origin, talk):
    received = Request("POST", f"{origin}/echo", body=b"read\nleft").send("origin").body
    next(received.iter_lines())
    body, pending = upload()
    with body:
        body.append(Body(b"in memory, "))
        body.append(received)
    talk.until(END)
    talk.answer("200 OK")

    assert talk.got.endswith(b"b\r\nin memory, \r\n4\r\nleft\r\n" + END)
    assert pending.wait().status == 200


def test_an_appended_iterable_is_sent_as_it_is_produced(talk):
    def produce() -> Iterator[bytes]:
        yield b"one"
        talk.until(b"one")
        yield b"two"

    body, pending = upload()
    pieces = Body(produce())
    with body:
        body.append(pieces)
    talk.until(END)
    talk.answer("200 OK")

    assert talk.got.endswith(b"3\r\none\r\n3\r\ntwo\r\n" + END)
    assert pending.wait().status == 200
    with pytest.raises(HandleClosed, match="was already sent"):
        pieces.read()


def test_an_appended_body_that_fails_aborts_the_upload(origin, talk):
    broken = Request("GET", f"{origin}/broken").send("origin").body
    body, pending = upload()
    with pytest.raises(BodyError), body:
        body.append(broken)

    assert END not in talk.to_the_end()
    pending.close()


def test_short_writes_are_continued(talk, limit_writes):
    limit_writes(3)
    body, pending = upload()
    with body:
        body.write(b"0123456789")
    talk.until(END)
    talk.answer("200 OK")

    assert talk.got.endswith(b"3\r\n012\r\n3\r\n345\r\n3\r\n678\r\n1\r\n9\r\n" + END)
    assert pending.wait().status == 200


def test_a_host_that_takes_no_bytes_aborts_the_upload(talk, limit_writes):
    limit_writes(0)
    body, pending = upload()
    with pytest.raises(BodyWriteStalled), body:
        body.write(b"x")

    assert END not in talk.to_the_end()
    pending.close()


def test_a_trailer_that_cannot_be_sent_is_refused_here(talk, calls):
    body, pending = upload()
    calls.clear()

    with pytest.raises(InvalidHeader):
        body.add_trailer("X-Sum", "a\nb")
    assert calls == []
    body.close()
    pending.close()


def test_an_unknown_backend_leaves_nothing_open(host):
    class Failing(Exception):
        pass

    def fail(label, function, args):
        if label == "http-req.send_async_streaming":
            bodies.append(args[1])
            raise Failing
        return function(*args)

    bodies = []
    host.interpose = fail
    with pytest.raises(Failing):
        upload("origin")

    assert bodies[0].gone


# A file or iterable as the body of a request


def test_pieces_are_sent_as_they_are_produced(talk):
    def produce() -> Iterator[bytes]:
        yield b"one"
        talk.until(b"3\r\none\r\n")
        yield b""
        yield b"two"

    def answer() -> None:
        talk.until(END)
        talk.answer("200 OK", b"done")

    answering = threading.Thread(target=answer)
    sent = Request("PUT", "http://site.example/", body=produce()).send_async("talk")
    answering.start()
    response = sent.wait()
    answering.join()

    assert response.body.read() == b"done"


def test_an_iterable_that_raises_aborts_the_request(talk):
    ended = []

    def produce() -> Iterator[bytes]:
        try:
            yield b"half"
            talk.until(b"half")
            raise RuntimeError("half-way")
        finally:
            ended.append(True)

    request = Request("PUT", "http://site.example/", body=produce())
    with pytest.raises(RuntimeError, match="half-way"):
        request.send("talk")

    assert END not in talk.to_the_end()
    assert ended == [True]
    with pytest.raises(HandleClosed, match="was sent in part"):
        request.send("talk")


def test_a_response_that_fails_while_it_is_passed_on_aborts_the_request(origin, talk):
    broken = Request("GET", f"{origin}/broken").send("origin")
    request = Request("PUT", "http://site.example/", body=broken.body.iter_bytes())

    with pytest.raises(BodyError):
        request.send("talk")
    assert END not in talk.to_the_end()


def test_a_piece_that_is_not_bytes_aborts_the_request(talk):
    request = Request("PUT", "http://site.example/", body=iter([b"half", "text"]))

    with pytest.raises(TypeError, match="must be bytes, not str"):
        request.send("talk")
    assert END not in talk.to_the_end()


@pytest.mark.parametrize("send", [Request.send, lambda *args: Request.send_async(*args).wait()])
def test_an_early_response_is_returned_and_stops_the_iterable(talk, send):
    ended = []

    def produce() -> Iterator[bytes]:
        try:
            while True:
                yield b"x" * 65536
        finally:
            ended.append(True)

    def refuse() -> None:
        talk.until(b"\r\n\r\n")
        talk.answer("413 Content Too Large", b"too much")
        talk.close()

    refusing = threading.Thread(target=refuse)
    refusing.start()
    response = send(Request("PUT", "http://site.example/", body=produce()), "talk")
    refusing.join()

    assert (response.status, response.body.read()) == (413, b"too much")
    assert ended == [True]


def test_an_unreachable_backend_is_reported_and_closes_the_iterable():
    ended = []

    def produce() -> Iterator[bytes]:
        try:
            while True:
                yield b"x" * 65536
        finally:
            ended.append(True)

    with pytest.raises(SendError) as caught:
        Request("PUT", "http://site.example/", body=produce()).send("unreachable")
    assert caught.value.detail == "connection-refused"
    assert ended == [True]


def test_an_iterable_that_was_read_to_its_end_is_not_sent_as_an_empty_one(calls):
    body = Body(iter([b"all"]))
    body.read(10)

    with pytest.raises(HandleClosed, match="already read to its end"):
        Request("PUT", "http://site.example/", body=body).send("talk")
    assert "http-req.send_async_streaming" not in calls


def test_the_part_of_an_iterable_that_was_read_is_not_sent(origin):
    body = Body(iter([b"0123", b"456789"]))
    body.read(2)

    echoed = Request("POST", f"{origin}/echo", body=body).send("origin")
    assert echoed.body.read() == b"23456789"


def test_an_unknown_backend_leaves_an_iterable_to_be_sent_elsewhere(origin):
    request = Request("POST", f"{origin}/echo", body=iter([b"later"]))
    with pytest.raises(LookupError):
        request.send("nowhere")

    assert request.send("origin").body.read() == b"later"


def test_a_large_body_is_sent_without_being_held_in_memory(origin):
    piece = bytes(range(256)) * 4096
    response = Request("POST", f"{origin}/x", body=(piece for _ in range(20))).send("origin")
    seen = json.loads(response.body.read())

    assert seen["size"] == 20 * len(piece)
    assert seen["sha256"] == hashlib.sha256(piece * 20).hexdigest()


def test_a_file_is_sent_in_pieces(origin, tmp_path, calls):
    (tmp_path / "file").write_bytes(b"x" * 150_000)
    with (tmp_path / "file").open("rb") as file:
        response = Request("POST", f"{origin}/echo", body=file).send("origin")

    assert calls.count("http-body.write") == 3
    assert response.body.read() == b"x" * 150_000
