"""Decompress a gzip body while it is read."""

import zlib

from fastly_compute.local.server.downstream import BodySource
from fastly_compute.local.transport import BodyFailure

_GZIP = 16 + zlib.MAX_WBITS
# Data can grow a thousandfold when decompressed: limit how much is decompressed at once.
_CHUNK = 2**16


class Gunzipped:
    """A body source that decompresses another one, in chunks of at most 64 KiB.

    As on Viceroy, the body is exactly one gzip member: data after it, even another member or
    zeros, makes reading fail, and so does an empty body.
    """

    def __init__(self, source: BodySource) -> None:
        self._source = source
        self._gzip = zlib.decompressobj(_GZIP)
        self._data = b""

    def read_chunk(self) -> bytes:
        """Return the next bytes, or b"" at the end."""
        while not self._gzip.eof:
            try:
                plain = self._gzip.decompress(self._data, _CHUNK)
            except zlib.error as error:
                raise BodyFailure("generic-error", f"the body is not gzip: {error}") from error
            self._data = self._gzip.unconsumed_tail
            if plain:
                return plain
            if not self._gzip.eof:
                self._data = self._source.read_chunk()
                if not self._data:
                    raise BodyFailure("http-incomplete", "the gzip data is truncated")
        if self._gzip.unused_data or self._source.read_chunk():
            raise BodyFailure("generic-error", "the body has data after the first gzip member")
        return b""

    def close(self) -> None:
        """Discard the rest."""
        self._source.close()
