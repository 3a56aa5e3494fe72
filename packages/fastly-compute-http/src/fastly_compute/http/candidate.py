"""A backend's response before it is stored in the cache."""

from collections.abc import Callable, Sequence
from datetime import timedelta
from types import TracebackType
from typing import TYPE_CHECKING, Self, TypeAlias

from fastly_compute.core import Duration, nanoseconds, timedelta_of
from fastly_compute.http import _wit_cache
from fastly_compute.http.body import Body, BodyLike
from fastly_compute.http.errors import HttpError
from fastly_compute.http.headers import Headers, HeadersLike, checked_field
from fastly_compute.http.response import Response
from fastly_compute.http.surrogate_keys import joined_keys

if TYPE_CHECKING:
    from wit_world.imports import async_io, http_cache, http_resp

    from fastly_compute.http.cache_options import CacheOptions

BodyTransform: TypeAlias = Callable[[Body], BodyLike]
"""A function from the backend's body to the one to store."""

_SECOND = 1_000_000_000


class CandidateResponse:
    """A backend's response that may be stored: the argument of `CacheOptions.after_send`.

    The options of the request decide how it is stored; its headers decide the rest. A change to
    `headers` or `status` changes the durations, `vary` and `surrogate_keys`, except those that were
    set here.

    After a 304 to a revalidation, it has the stored response's status and headers, renewed by those
    of the 304 (RFC 9111, section 4.3.4), and keeps the stored body.

    Attributes:
        is_stale: Whether the cache has a stale response that this one replaces or renews.
        stale_if_error_available: Whether that one may be used instead: see `use_stale`.

    Example:
        >>> from fastly_compute.http import CacheOptions, CandidateResponse, Request, Response
        >>> def after_send(candidate: CandidateResponse) -> None:
        ...     if candidate.status >= 500 and candidate.stale_if_error_available:
        ...         candidate.use_stale()
        ...     elif candidate.headers.get("x-draft") == "yes":
        ...         candidate.set_uncacheable(hit_for_pass=True)
        ...     else:
        ...         candidate.ttl = 3600
        ...         candidate.transform_body(lambda body: body.read().replace(b"http:", b"https:"))
        >>> def page() -> Response:
        ...     options = CacheOptions(after_send=after_send)
        ...     return Request("GET", "https://news.example/", cache=options).send("news")
    """

    __slots__ = (
        "_action",
        "_entry",
        "_extra_keys",
        "_pci",
        "_response",
        "_stale_if_error",
        "_stale_while_revalidate",
        "_suggested",
        "_suggested_action",
        "_surrogate_keys",
        "_transform",
        "_ttl",
        "_vary",
        "is_stale",
        "stale_if_error_available",
    )

    is_stale: bool
    stale_if_error_available: bool

    _action: str
    _entry: "http_cache.Entry"
    _extra_keys: str | None
    _pci: bool | None
    _response: Response
    _stale_if_error: int | None
    _stale_while_revalidate: int | None
    _suggested: _wit_cache.Lifetime | None
    _suggested_action: str
    _surrogate_keys: str | None
    _transform: BodyTransform | None
    _ttl: int | None
    _vary: str | None

    def __init__(self) -> None:
        raise TypeError("CandidateResponse cannot be created directly: after_send gets one")

    @classmethod
    def _of(
        cls,
        entry: "http_cache.Entry",
        received: "tuple[http_resp.Response, async_io.Pollable]",
        found: _wit_cache.Found,
        options: "CacheOptions",
    ) -> Self:
        candidate = cls.__new__(cls)
        original, pollable = received
        body = Body._received(pollable)
        try:
            with original:
                action, prepared = _wit_cache.prepare(entry, original)
        except BaseException:
            body.close()
            raise
        candidate._response = Response._received(prepared, body)
        if action != "DO_NOT_STORE" and candidate._response.header_values("set-cookie"):
            action = "RECORD_UNCACHEABLE"
        candidate._action = candidate._suggested_action = action
        candidate._entry = entry
        candidate._extra_keys = options.surrogate_keys
        candidate._pci = options.pci or None
        candidate._stale_if_error = _ns(options.stale_if_error_s)
        candidate._stale_while_revalidate = _ns(options.stale_while_revalidate_s)
        candidate._suggested = None
        candidate._surrogate_keys = None
        candidate._transform = None
        candidate._ttl = _ns(options.ttl_s)
        candidate._vary = None
        candidate.is_stale = found.stale
        candidate.stale_if_error_available = found.usable_if_error
        return candidate

    @property
    def status(self) -> int:
        """The status, which can be set to 100 to 599."""
        return self._response.status

    @status.setter
    def status(self, status: int) -> None:
        self._response.status = status

    @property
    def headers(self) -> Headers:
        """The headers, which can be changed and replaced."""
        return self._response.headers

    @headers.setter
    def headers(self, headers: HeadersLike) -> None:
        self._response.headers = headers

    @property
    def ttl(self) -> timedelta:
        """How long the response is fresh from now on.

        It can be set to a `datetime.timedelta` or a number of seconds, at least 0 and less than
        2^32 s.
        """
        if self._ttl is not None:
            return timedelta_of(nanoseconds=self._ttl)
        suggested = self._suggest()
        return timedelta_of(nanoseconds=max(0, suggested.max_age - suggested.initial_age))

    @ttl.setter
    def ttl(self, ttl: Duration) -> None:
        self._ttl = nanoseconds(ttl, field="ttl")

    @property
    def age(self) -> timedelta:
        """The age that the response had on arrival (its Age header)."""
        return timedelta_of(nanoseconds=self._suggest().initial_age)

    @property
    def stale_while_revalidate(self) -> timedelta:
        """How long the response may be served stale while it is revalidated; set as `ttl` is."""
        return timedelta_of(nanoseconds=self._lifetime().stale_while_revalidate)

    @stale_while_revalidate.setter
    def stale_while_revalidate(self, duration: Duration) -> None:
        self._stale_while_revalidate = nanoseconds(duration, field="stale_while_revalidate")

    @property
    def stale_if_error(self) -> timedelta:
        """How long the response may be served stale if revalidating it fails; set as `ttl` is."""
        return timedelta_of(nanoseconds=self._lifetime().stale_if_error)

    @stale_if_error.setter
    def stale_if_error(self, duration: Duration) -> None:
        self._stale_if_error = nanoseconds(duration, field="stale_if_error")

    @property
    def vary(self) -> tuple[str, ...]:
        """The names of the request headers that the response depends on.

        They can be set to any sequence of header names.
        """
        return tuple(self._lifetime().vary.split())

    @vary.setter
    def vary(self, names: Sequence[str]) -> None:
        if isinstance(names, str):
            raise TypeError("vary must be a sequence of header names, not a str")
        self._vary = " ".join(checked_field(name, "")[0].lower() for name in names)

    @property
    def surrogate_keys(self) -> tuple[str, ...]:
        """The keys to purge the response by.

        They can be set to text with spaces between keys, or a sequence of keys: each is visible
        ASCII of up to 1024 characters, all of them together up to 16 KiB.
        """
        return tuple(self._lifetime().surrogate_keys.split())

    @surrogate_keys.setter
    def surrogate_keys(self, keys: str | Sequence[str]) -> None:
        self._surrogate_keys = joined_keys(keys, field="surrogate_keys") if keys else ""

    @property
    def pci(self) -> bool:
        """Whether the response must be stored as the PCI and HIPAA rules require."""
        return self._lifetime().sensitive

    @pci.setter
    def pci(self, pci: bool) -> None:
        if not isinstance(pci, bool):
            raise TypeError(f"pci must be True or False, not {pci!r}")
        self._pci = pci

    @property
    def is_cacheable(self) -> bool:
        """Whether the response will be stored."""
        return self._action in {"INSERT", "UPDATE"}

    def set_cacheable(self) -> None:
        """Store the response, even if its status or headers forbid it."""
        self._action = "UPDATE" if self._is_revalidated else "INSERT"

    def set_uncacheable(self, *, hit_for_pass: bool = False) -> None:
        """Do not store the response.

        After a 304, which has no body, the stored response is served, and is then stale.

        Args:
            hit_for_pass: Whether to store a record, for the time `ttl`, that lets further requests
                go to the backend at once. Without it, they wait for one another. A stored response
                that a 304 has renewed is not replaced by the record.
        """
        self._action = "RECORD_UNCACHEABLE" if hit_for_pass else "DO_NOT_STORE"

    def use_stale(self) -> None:
        """Discard this response, and serve the stale one of the cache instead.

        Requests that wait for this one get it as well. The next request tries the backend again.

        Raises:
            HttpError: There is no stale response that may be used: see `stale_if_error_available`.
        """
        if not self.stale_if_error_available:
            raise HttpError(
                "there is no stale response to use: the cache has none, or its stale_if_error is "
                "over (see stale_if_error_available)"
            )
        self._action = "CHOOSE_STALE"

    def transform_body(self, transform: BodyTransform) -> None:
        """Change the body before it is stored.

        The function is called with the backend's `Body`, after the hook. It returns what replaces
        it: bytes, text, a binary file, a `Body`, or an iterable of bytes such as a generator, which
        is stored piece by piece. It is not called after a 304, which has no body. Content-Length is
        dropped. The response is available when the whole body is transformed.

        Args:
            transform: The function; it replaces an earlier one.

        Raises:
            TypeError: It is not a function.
        """
        if not callable(transform):
            raise TypeError(f"transform must be a function, not {type(transform).__name__}")
        self._transform = transform

    def _suggest(self) -> _wit_cache.Lifetime:
        """Return the lifetime that the present status and headers request."""
        resource, changed = self._response._sync()
        if changed or self._suggested is None:
            suggested = _wit_cache.suggested(self._entry, resource)
            own = " ".join(self._response.header_values("surrogate-key")).split()
            keys = [*suggested.surrogate_keys.split(), *(self._extra_keys or "").split(), *own]
            suggested.surrogate_keys = " ".join(dict.fromkeys(keys))
            self._suggested = suggested
        return self._suggested

    def _lifetime(self) -> _wit_cache.Lifetime:
        """Return how the response is to be stored."""
        asked = self._suggest()

        def chosen(own: int | None, suggested: int) -> int:
            return suggested if own is None else own

        return _wit_cache.Lifetime(
            max_age=asked.max_age if self._ttl is None else self._ttl + asked.initial_age,
            initial_age=asked.initial_age,
            stale_while_revalidate=chosen(
                self._stale_while_revalidate, asked.stale_while_revalidate
            ),
            stale_if_error=chosen(self._stale_if_error, asked.stale_if_error),
            vary=asked.vary if self._vary is None else self._vary,
            surrogate_keys=(
                asked.surrogate_keys if self._surrogate_keys is None else self._surrogate_keys
            ),
            sensitive=asked.sensitive if self._pci is None else self._pci,
            length=asked.length if self._transform is None else None,
        )

    @property
    def _is_revalidated(self) -> bool:
        """Whether it has no body, because the stored one is still valid."""
        return self._suggested_action == "UPDATE"

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc_value: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._response.close()

    def __repr__(self) -> str:
        return repr(self._response).replace("Response", "CandidateResponse")


def _ns(seconds: int | None) -> int | None:
    return None if seconds is None else seconds * _SECOND
