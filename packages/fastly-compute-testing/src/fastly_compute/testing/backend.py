"""A backend that replies what a test tells it to."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from traceback import format_exception
from typing import TypedDict, TypeVar, Unpack
from urllib.parse import parse_qs

from fastly_compute.core import TOKEN
from fastly_compute.local import BackendConfig
from fastly_compute.local.extending import (
    SEND_ERROR_DETAILS,
    HTTPTransport,
    OriginRequest,
    OriginResponse,
    SendFailure,
)
from fastly_compute.testing.call import Call
from fastly_compute.testing.delivery import Delivery
from fastly_compute.testing.durations import Duration, timedelta_of
from fastly_compute.testing.headers import HeadersLike
from fastly_compute.testing.reply import Reply

C = TypeVar("C")
_PATH = re.compile(r"/[\x21-\x7e]*")


class ReplyOptions(TypedDict, total=False):
    """What `FakeBackend.add` and its short forms take besides method and path.

    Example:
        >>> from typing import Unpack
        >>> from fastly_compute.testing import ComputeHost, FakeBackend, ReplyOptions
        >>> def health_page(backend: FakeBackend, **options: Unpack[ReplyOptions]) -> None:
        ...     backend.get("/health", **options)
        >>> with ComputeHost() as compute_host:
        ...     health_page(compute_host.backend("origin"), status=503, latency=2)
    """

    status: int
    headers: HeadersLike | None
    body: bytes
    text: str | None
    json: object
    chunks: Sequence[bytes]
    latency: Duration | None
    between: Duration
    truncate_at: int | None
    query: Mapping[str, str | Sequence[str]] | None


class CallbackFailed(Exception):
    """A callback raised; the exception is its cause."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Rule:
    """Which requests it is for, None standing for any, and what happens to them."""

    method: str | None = None
    path: str | None = None
    query: Mapping[str, list[str]] | None = None
    respond: Callable[[Call, OriginRequest], OriginResponse]

    def mismatch(self, call: Call) -> str | None:
        """Return why a request does not match; None if it does."""
        if self.method not in {None, call.method}:
            return f"the method is {call.method}"
        if self.path not in {None, call.path}:
            return f"the path is {call.path}"
        asked = parse_qs(call.query, keep_blank_values=True)
        if self.query not in (None, asked):
            return f"the query is {asked}"
        return None

    def covers(self, other: "Rule") -> bool:
        """Tell whether it is for every request that another is for."""
        return (
            self.method in {None, other.method}
            and self.path in {None, other.path}
            and self.query in (None, other.query)
        )

    def __str__(self) -> str:
        shown = f"{self.method or 'every method'} {self.path or 'every path'}"
        return shown if self.query is None else f"{shown} with the query {self.query}"


class FakeBackend:
    """A backend whose replies are registered one by one; it has no network.

    A request uses the first reply, in the order of registration, that fits it and was not used yet.
    If all that fit were used, the last of them is used again. So several replies for the same
    request come one after the other, and the last one stays. A request that none fits fails, and
    so does the test.

    A reply that is never used fails the test, too, if a request that it fits used an earlier one
    for the same method, path and query, or for more: the earlier one hides it. A request that the
    cache answers uses none.

    Paths are compared as they are sent, percent-encoded and without the backend's own prefix.

    Example:
        >>> from fastly_compute.testing import ComputeHost
        >>> with ComputeHost() as compute_host:
        ...     origin = compute_host.backend("origin")
        ...     origin.get("/users", json=[{"name": "Ada"}])
        ...     origin.get("/users", status=503)
        ...     origin.post("/users", status=201)
        ...     origin.get("/teams", query={"page": ["2"]}, text="no more")
        ...     origin.get("/slow", latency=20)
    """

    def __init__(self, shown: str, origins: HTTPTransport, delivery: Delivery) -> None:
        self._shown = shown
        self._origins = origins
        self._delivery = delivery
        self._latency = timedelta()
        self._rules: list[Rule] = []
        self._used: set[Rule] = set()
        self._hidden: dict[Rule, tuple[Call, Rule]] = {}

    def add(
        self,
        method: str,
        path: str,
        *,
        status: int = 200,
        headers: HeadersLike | None = None,
        body: bytes = b"",
        text: str | None = None,
        json: object = None,
        chunks: Sequence[bytes] = (),
        latency: Duration | None = None,
        between: Duration = timedelta(),
        truncate_at: int | None = None,
        query: Mapping[str, str | Sequence[str]] | None = None,
    ) -> None:
        """Register a reply.

        Args:
            method: The method it is for, in upper case.
            path: The path it is for, without a query.
            status: Its status, from 200 to 999.
            headers: Its header fields. Content-Length is added, and Content-Type with text and
                json.
            body: Its body.
            text: Its body as text, instead of *body*.
            json: Its body as a value, instead of *body*.
            chunks: Its body in parts, instead of *body*, each read by itself.
            latency: How long it takes until its head comes, in seconds unless it is a timedelta;
                by default what `latency` says. Where it is more than the backend's first-byte
                timeout, the request fails with `http-response-timeout`, at once.
            between: How long it takes from each chunk to the next, likewise. Where it is more than
                the backend's between-bytes timeout, reading the body fails, at once.
            truncate_at: How many bytes of the body come before it is cut off. Reading fails with
                `http-incomplete` then.
            query: The parameters of the query it is for, decoded: all of them, a sequence for one
                that is there more than once. None is for any query, ``{}`` for none at all.

        Raises:
            ValueError: Something of it cannot be sent.
            TypeError: Something is of the wrong type.
        """
        reply = Reply.of(
            status=status,
            headers=headers,
            body=body,
            text=text,
            json=json,
            chunks=chunks,
            latency=latency,
            between=between,
            truncate_at=truncate_at,
        )
        if method == "HEAD" and reply.content:
            raise ValueError("body: the response to HEAD has none")
        self._rules.append(
            Rule(
                method=_method(method),
                path=_path(path),
                query=None if query is None else _query(query),
                respond=lambda call, _request: self._delivery.send(reply, call, self._latency),
            )
        )

    def get(self, path: str, **options: Unpack[ReplyOptions]) -> None:
        """Register a reply to GET, with what `add` takes."""
        self.add("GET", path, **options)

    def head(self, path: str, **options: Unpack[ReplyOptions]) -> None:
        """Register a reply to HEAD, with what `add` takes."""
        self.add("HEAD", path, **options)

    def post(self, path: str, **options: Unpack[ReplyOptions]) -> None:
        """Register a reply to POST, with what `add` takes."""
        self.add("POST", path, **options)

    def put(self, path: str, **options: Unpack[ReplyOptions]) -> None:
        """Register a reply to PUT, with what `add` takes."""
        self.add("PUT", path, **options)

    def patch(self, path: str, **options: Unpack[ReplyOptions]) -> None:
        """Register a reply to PATCH, with what `add` takes."""
        self.add("PATCH", path, **options)

    def delete(self, path: str, **options: Unpack[ReplyOptions]) -> None:
        """Register a reply to DELETE, with what `add` takes."""
        self.add("DELETE", path, **options)

    def options(self, path: str, **options: Unpack[ReplyOptions]) -> None:
        """Register a reply to OPTIONS, with what `add` takes."""
        self.add("OPTIONS", path, **options)

    def error(self, detail: str, *, method: str | None = None, path: str | None = None) -> None:
        """Register a failure: the guest gets no response, for this reason.

        Args:
            detail: A case of `send-error-detail` in the WIT, such as ``dns-timeout``, except
                ``extra``.
            method: The method it is for, by default any.
            path: The path it is for, by default any.

        Raises:
            ValueError: The case is unknown, or the method or path is invalid.
        """
        if detail not in SEND_ERROR_DETAILS:
            known = ", ".join(sorted(SEND_ERROR_DETAILS))
            raise ValueError(f"detail = {detail!r}: must be one of {known}")

        def fail(call: Call, _request: OriginRequest) -> OriginResponse:
            raise SendFailure(detail, f"{call} fails as the test wants it")

        self._rules.append(
            Rule(
                method=None if method is None else _method(method),
                path=None if path is None else _path(path),
                respond=fail,
            )
        )

    def callback(self, method: str, path: str, function: Callable[[Call], Reply]) -> None:
        """Register a function that makes the reply.

        Args:
            method: The method it is for, in upper case.
            path: The path it is for, without a query.
            function: Takes the request and returns the `Reply`. What it raises fails the test; the
                guest gets the error `internal-error`.

        Raises:
            ValueError: The method or path cannot be.
        """

        def respond(call: Call, _request: OriginRequest) -> OriginResponse:
            return self._delivery.send(call_back(function, call), call, self._latency)

        self._rules.append(Rule(method=_method(method), path=_path(path), respond=respond))

    def latency(self, seconds: Duration) -> None:
        """Say how late all replies are that do not say so themselves; failures come at once.

        Args:
            seconds: A number of seconds, or a timedelta.

        Raises:
            ValueError: It is negative or not finite.
            TypeError: It is not a duration.
        """
        self._latency = timedelta_of(seconds, field="latency")

    def passthrough(self, url: str) -> None:
        """Let requests really go out, to this URL and with the backend's other settings.

        Args:
            url: ``http://`` or ``https://``, a host, and optionally a port and a path, which goes
                in front of the requests' own.

        Raises:
            ValueError: It is not such a URL.
        """
        BackendConfig(url=url)

        def respond(call: Call, request: OriginRequest) -> OriginResponse:
            return self._origins.send(replace(call.config, url=url), request)

        self._rules.append(Rule(respond=respond))

    def choose(self, call: Call) -> Rule | None:
        """Choose the reply to a request; None where none fits."""
        fitting = [rule for rule in self._rules if rule.mismatch(call) is None]
        if not fitting:
            return None
        chosen = next((rule for rule in fitting if rule not in self._used), fitting[-1])
        self._used.add(chosen)
        for rule in fitting:
            if rule not in self._used and chosen.covers(rule):
                self._hidden.setdefault(rule, (call, chosen))
        return chosen

    def take_unused(self) -> list[str]:
        """Say which replies were never used because of an earlier one, and forget it."""
        numbers = {rule: number for number, rule in enumerate(self._rules, 1)}
        unused = [
            f"Reply {numbers[rule]} of {self._shown}, {rule}, was never used:\n"
            f"  - {call} used reply {numbers[earlier]}, {earlier}\n"
            "  - each request uses the first reply that fits and was not used yet; one that the "
            "cache answers uses none"
            for rule, (call, earlier) in self._hidden.items()
            if rule not in self._used
        ]
        self._hidden.clear()
        return unused

    def mismatches(self, call: Call) -> list[str]:
        """Say for each reply that is registered why it does not fit a request."""
        if not self._rules:
            return [f"{self._shown} has no replies registered"]
        return [f"{self._shown} has {rule}: {rule.mismatch(call)}" for rule in self._rules]


def call_back(function: Callable[[C], Reply], call: C) -> Reply:
    """Call a test's function, and check that it returns a reply. Raises `CallbackFailed`."""
    try:
        return _replied(function, call)
    except Exception as error:
        raise CallbackFailed("".join(format_exception(error))) from error


def _replied(function: Callable[[C], Reply], call: C) -> Reply:
    reply = function(call)
    if not isinstance(reply, Reply):
        raise TypeError(f"a callback must return a Reply, not {type(reply).__name__}")
    return reply


def _method(method: str) -> str:
    if not TOKEN.fullmatch(method) or method != method.upper():
        raise ValueError(f"method = {method!r}: must be a method in upper case, such as GET")
    return method


def _path(path: str) -> str:
    if not _PATH.fullmatch(path) or "?" in path or "#" in path:
        raise ValueError(
            f"path = {path!r}: must start with / and be visible ASCII, percent-encoded; "
            "a query goes into query="
        )
    return path


def _query(query: Mapping[str, str | Sequence[str]]) -> dict[str, list[str]]:
    wanted = {}
    for name, values in query.items():
        wanted[name] = [values] if isinstance(values, str) else list(values)
        if not all(isinstance(value, str) for value in wanted[name]):
            raise TypeError(f"query: the values of {name!r} must be text, as they are sent")
    return wanted
