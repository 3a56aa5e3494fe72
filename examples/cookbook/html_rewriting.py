"""HTML rewriting: images of a page get loading="lazy" while it streams through."""

import codecs
from collections.abc import Iterable, Iterator
from html.parser import HTMLParser

from fastly_compute.http import IncomingRequest, Request, Response, SendError, service

LARGEST_PENDING = 1_000_000
# They are about the bytes that the origin has sent.
OUTDATED = ("Accept-Ranges", "Content-Length", "ETag", "Transfer-Encoding")


class LazyImages(HTMLParser):
    """Changes the tags of images, and keeps all other text as it is, down to the last byte."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=False)
        self._text = ""  # not yet passed on
        self._start = self.getpos()
        self._done: list[str] = []

    def rewrite(self, text: str) -> str:
        """Parse more of the page, and return what is complete of it."""
        self._text += text
        self.feed(text)
        self._take(self._pending_index())
        if len(self._text) > LARGEST_PENDING:
            raise ValueError("a tag or comment of the page is too long")
        return self._flush()

    def finish(self) -> str:
        """Return the rest, also if the page ends within a tag."""
        self._take(len(self._text))
        return self._flush()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "img" and "loading" not in dict(attrs):
            self._take(self._pending_index() + len("<img"))
            self._done.append(' loading="lazy"')
            self._start = (self._start[0], self._start[1] + len("<img"))

    def _pending_index(self) -> int:
        """Return where in the pending text the parser is."""
        (line, column), (first, offset) = self.getpos(), self._start
        if line == first:
            return column - offset
        index = 0
        for _ in range(line - first):
            index = self._text.index("\n", index) + 1
        return index + column

    def _take(self, size: int) -> None:
        self._done.append(self._text[:size])
        self._text = self._text[size:]
        self._start = self.getpos()

    def _flush(self) -> str:
        text = "".join(self._done)
        self._done.clear()
        return text


def lazily(pieces: Iterable[bytes]) -> Iterator[bytes]:
    # Bytes that are not UTF-8 go through as they are.
    decoder = codecs.getincrementaldecoder("utf-8")("surrogateescape")
    parser = LazyImages()
    for piece in pieces:
        yield parser.rewrite(decoder.decode(piece)).encode("utf-8", "surrogateescape")
    rest = parser.rewrite(decoder.decode(b"", final=True)) + parser.finish()
    yield rest.encode("utf-8", "surrogateescape")


def handle(request: IncomingRequest) -> Response:
    if request.method not in {"GET", "HEAD"}:
        return Response.text("GET only\n", status=405, headers={"Allow": "GET, HEAD"})
    try:
        page = Request(request.method, request.url).send("origin")
    except SendError as error:
        print(error)
        return Response.text("the origin is not available\n", status=502)
    kind = (page.headers.get("Content-Type") or "").lower()
    if not kind.startswith("text/html") or "Content-Encoding" in page.headers:
        return page
    rewritten = Response(page.status, page.headers, body=lazily(page.body.iter_bytes()))
    for name in OUTDATED:
        if name in rewritten.headers:
            del rewritten.headers[name]
    return rewritten


HttpIncoming = service(handle)
