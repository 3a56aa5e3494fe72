"""Files and fields as one body (``multipart/form-data``, RFC 7578), as ``requests`` writes it."""

import os
from collections.abc import Iterable, Mapping
from typing import Any, TypeAlias

from fastly_compute.http import Readable
from fastly_compute.requests.urls import Pairs, flattened

_Content: TypeAlias = str | bytes | bytearray | Readable | None
_File: TypeAlias = (
    _Content
    | tuple[str | None, _Content]
    | tuple[str | None, _Content, str | None]
    | tuple[str | None, _Content, str | None, Mapping[str, str]]
)
Files: TypeAlias = Mapping[str, _File] | Iterable[tuple[str, _File]]
"""The types accepted as ``files``: by field, the content, or a tuple of the file's name, the
content, the content type and more headers."""

_FIRST = ("Content-Disposition", "Content-Type", "Content-Location")
_QUOTED = str.maketrans({"\n": "%0A", "\r": "%0D", '"': "%22"})


def _parameter(name: str, value: str | bytes) -> str:
    text = value.decode() if isinstance(value, bytes) else value
    return f'{name}="{text.translate(_QUOTED)}"'


def _part(name: str, filename: str | None, headers: Mapping[str, str | None]) -> str:
    """Write the head of a part."""
    disposition = f"form-data; {_parameter('name', name)}"
    if filename is not None:
        disposition += f"; {_parameter('filename', filename)}"
    every = {**headers, "Content-Disposition": disposition}
    order = [*_FIRST, *(name for name in headers if name not in _FIRST)]
    lines = [f"{header}: {every[header]}" for header in order if every.get(header)]
    return "\r\n".join([*lines, "\r\n"])


def _file_name(file: Any) -> str | None:
    name = getattr(file, "name", None)
    if name and isinstance(name, str | bytes) and name[:1] not in ("<", b"<"):
        return os.path.basename(name)  # type: ignore[return-value]  # noqa: PTH119 - no pathlib in the guest
    return None


def _as_bytes(content: Any) -> bytes:
    if callable(getattr(content, "read", None)):
        content = content.read()
    if isinstance(content, int):
        content = str(content)
    return content.encode() if isinstance(content, str) else bytes(content)


def encode_multipart(files: Files, data: "Pairs | None") -> tuple[bytes, str]:
    """Write a body of fields and files.

    Args:
        files: The files. They are read whole.
        data: The fields, which come first.

    Returns:
        The body, and its content type with the boundary.

    Raises:
        ValueError: The fields do not make a form.
    """
    if isinstance(data, str | bytes):
        raise ValueError("Data must not be a string.")  # noqa: TRY004 - as in requests
    parts: list[tuple[str, bytes]] = []
    for name, value in flattened(data or ()):
        field = name.decode() if isinstance(name, bytes) else str(name)
        content = value if isinstance(value, bytes) else str(value).encode()
        parts.append((_part(field, None, {}), content))
    for name, file in files.items() if isinstance(files, Mapping) else files:
        given = file if isinstance(file, tuple | list) else (_file_name(file) or name, file)
        facts: list[Any] = [*given, None, None]
        filename, what, kind, more = facts[:4]
        if what is not None:
            headers = {**(more or {}), "Content-Type": kind, "Content-Location": None}
            parts.append((_part(name, filename, headers), _as_bytes(what)))
    boundary = os.urandom(16).hex()
    line = b"--" + boundary.encode()
    pieces = [b"".join([line, b"\r\n", head.encode(), content, b"\r\n"]) for head, content in parts]
    body = b"".join([*pieces, line, b"--\r\n"])
    return body, f"multipart/form-data; boundary={boundary}"
