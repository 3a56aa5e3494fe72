"""Takes gzip off a body while it is read."""

import zlib

from fastly_compute.local.downstream import BodySource
from fastly_compute.local.origin import BodyFailure

_GZIP = 16 + zlib.MAX_WBITS


class Gunzipped:
    """A body source whose bytes are those of another, decompressed."""

    def __init__(self, source: BodySource) -> None:
        self._source = source
        self._gzip = zlib.decompressobj(_GZIP)

    def read_chunk(self) -> bytes:
        """Return the next bytes, or b"" at the end."""
        while not self._gzip.eof:
            data = self._source.read_chunk()
            try:
                plain = self._gzip.decompress(data) if data else self._gzip.flush()
            except zlib.error as error:
                raise BodyFailure("generic-error", f"the body is not gzip: {error}") from error
            if plain:
                return plain
            if not data:
                raise BodyFailure("http-incomplete", "the gzip data break off")
        return b""

    def close(self) -> None:
        """Let go of the rest."""
        self._source.close()
