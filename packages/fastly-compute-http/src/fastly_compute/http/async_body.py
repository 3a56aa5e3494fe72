"""Bodies in coroutines: reading one without blocking, and async iterables as bodies."""

from collections.abc import AsyncGenerator, AsyncIterable, Iterator
from typing import TYPE_CHECKING, NoReturn

from fastly_compute.http import _wit_body
from fastly_compute.http.pieces import checked_piece

if TYPE_CHECKING:
    from fastly_compute.http.body import Body

READ = "was already read to its end"


class AsyncPieces(Iterator[bytes]):
    """An async iterable where a body has an iterator; reading it without ``await`` is refused."""

    def __init__(self, source: AsyncIterable[bytes]) -> None:
        self._source = source

    def __next__(self) -> NoReturn:
        raise TypeError(
            "this body is an async iterable: return it from the handler, or read it with async for"
        )

    async def produced(self, body: "Body") -> AsyncGenerator[bytes, None]:
        """Yield the pieces, empty ones included, and close an async generator in the end."""
        body._check_unread()
        try:
            async for piece in self._source:
                yield checked_piece(piece)
        except BaseException:
            # The rest must not be sent as if it were the whole.
            body._release("was sent in part")
            raise
        finally:
            close = getattr(self._source, "aclose", None)
            if close is not None:
                await close()
        body._release("was already sent")


async def received(body: "Body") -> AsyncGenerator[bytes, None]:
    """Yield the pieces of any other body; other tasks run while the next one has not arrived."""
    while piece := await next_piece(body):
        yield piece


async def next_piece(body: "Body") -> bytes:
    """Wait for the next piece of a received body, while other tasks run.

    Cancelling it loses nothing.

    Returns:
        The piece; ``b""`` once, at the end.

    Raises:
        HandleClosed: The body was read to its end, sent or closed before.
        BodyError: Reading failed.
        RuntimeError: Another task waits for the body.
    """
    if body._waitable() is not None:
        # An app without coroutines must not pay for asyncio.
        from fastly_compute.http.event_loop import until_ready

        await until_ready(body)
    piece = body._pull(_wit_body.LARGEST)
    if not piece:
        body._release(READ)
    return piece
