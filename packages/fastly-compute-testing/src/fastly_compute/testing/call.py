"""A request that the app under test sent to a backend."""

from dataclasses import dataclass, field
from json import loads
from typing import Any

from fastly_compute.local import BackendConfig
from fastly_compute.testing.headers import MessageHeaders, text_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One request to a backend, as the guest sent it.

    It lacks what a real connection adds, such as a Host header that the guest did not set.

    Attributes:
        backend: The backend's name; a dynamic one has the name that the guest gave it.
        config: What the backend is: its target, timeouts, TLS and so on.
        method: Such as ``GET``.
        path: The path as sent, still percent-encoded, without the backend's own prefix.
        query: What follows the ``?``, empty where nothing does.
        headers: The header fields.
        body: All of the body.

    Example:
        >>> from fastly_compute.local import BackendConfig
        >>> from fastly_compute.testing import Call, MessageHeaders
        >>> call = Call(
        ...     backend="origin",
        ...     config=BackendConfig(url="http://origin.example"),
        ...     method="POST",
        ...     path="/users",
        ...     query="",
        ...     headers=MessageHeaders(),
        ...     body=b'{"name": "Ada"}',
        ... )
        >>> call.json()["name"]
        'Ada'
    """

    backend: str
    config: BackendConfig = field(repr=False)
    method: str
    path: str
    query: str
    headers: MessageHeaders
    body: bytes = field(repr=False)

    @property
    def text(self) -> str:
        """The body as text, by the charset of its Content-Type, by default UTF-8."""
        return text_of(self.headers, self.body)

    def json(self) -> Any:
        """Decode the body as JSON. Raises `ValueError` if it is not JSON."""
        return loads(self.body)

    def __str__(self) -> str:
        target = f"{self.path}?{self.query}" if self.query else self.path
        return f"{self.method} {target} to backend {self.backend!r} ({self.config.authority})"
