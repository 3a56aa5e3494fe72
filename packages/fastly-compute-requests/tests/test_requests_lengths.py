"""The length of a body: what Content-Length says is what is sent."""

import array
import io
import mmap
from contextlib import closing

import pytest

from fastly_compute import requests
from fastly_compute.requests.utils import super_len

pytestmark = pytest.mark.usefixtures("guest")


class Sized(io.BytesIO):
    """A file that knows its length."""

    def __len__(self):
        return len(self.getvalue())


class Attributed(io.BytesIO):
    """A file that has its length as an attribute, as the encoder of requests-toolbelt does."""

    @property
    def len(self):
        return len(self.getvalue())


class Lost(Sized):
    """A file that cannot tell where it is."""

    def tell(self):
        raise OSError


def mapped(content):
    memory = mmap.mmap(-1, len(content))
    memory[:] = content
    return memory


FILES = {"file": io.BytesIO, "mmap": mapped, "sized": Sized, "attributed": Attributed}


@pytest.mark.parametrize("kind", FILES)
@pytest.mark.parametrize("at", [0, 4, 10])
@pytest.mark.parametrize("auth", [None, ("user", "pass")])
def test_a_file_is_sent_from_where_it_stands(echo, kind, at, auth):
    with closing(FILES[kind](b"0123456789")) as file:
        file.seek(at)
        assert super_len(file) == 10 - at

        seen = requests.post(echo.url, data=file, auth=auth).json()

    assert seen["body"] == "0123456789"[at:]
    assert seen["headers"].get("content-length", "0") in {str(10 - at), "0"}
    assert ("transfer-encoding" in seen["headers"]) == (at == 10)


def test_a_file_that_cannot_tell_where_it_is_has_no_known_length(echo):
    with Lost(b"0123456789") as file:
        file.seek(4)
        assert super_len(file) == 0

        seen = requests.post(echo.url, data=file).json()

    assert (seen["body"], seen["headers"]["transfer-encoding"]) == ("456789", "chunked")


@pytest.mark.parametrize("auth", [None, ("user", "pass")])
@pytest.mark.parametrize(
    ("body", "sent"),
    [
        (bytearray(b"0123"), "0123"),
        (memoryview(b"0123"), "0123"),
        (memoryview(array.array("H", [0x3030, 0x3131])), "0011"),
        (memoryview(b"0123").cast("B", (2, 2)), "0123"),
        ("\xe9\u20ac", "\xe9\u20ac".encode().decode("latin-1")),
        ({b"one"}, "one"),
        (io.StringIO("\xe9\u20ac"), "\xe9\u20ac".encode().decode("latin-1")),
    ],
    ids=lambda value: type(value).__name__,
)
def test_what_is_sent_is_as_long_as_it_says(echo, body, sent, auth):
    if isinstance(body, io.StringIO):
        body = io.StringIO(body.getvalue())
    prepared = requests.Request("POST", echo.url, data=body, auth=auth).prepare()
    seen = requests.Session().send(prepared).json()

    assert seen["body"] == sent
    assert prepared.headers.get("Content-Length") in {None, str(len(sent))}
    assert seen["headers"].get("content-length") in {None, str(len(sent))}
    assert ("Content-Length" in prepared.headers) != ("Transfer-Encoding" in prepared.headers)
