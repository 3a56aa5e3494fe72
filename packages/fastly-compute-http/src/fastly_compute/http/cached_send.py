"""Sending a request through the readthrough cache, step by step, with the hooks of the app."""

from typing import TYPE_CHECKING

from fastly_compute import core
from fastly_compute.core import drop
from fastly_compute.http import _wit, _wit_cache, in_flight, scope
from fastly_compute.http.backend_request import BackendRequest
from fastly_compute.http.candidate import CandidateResponse
from fastly_compute.http.response import Response
from fastly_compute.http.send_errors import ResponseTimeout, RevalidationFailed, SendError
from fastly_compute.http.storing import stale_response, store, store_only

if TYPE_CHECKING:
    from wit_world.imports import async_io, backend, http_cache, http_req, http_resp

    from fastly_compute.http.cache_options import CacheOptions


class CachedSend:
    """A request on its way: looked up, sent to the backend if necessary, and stored.

    Args:
        request: The request; owned from now on.
        body: Its body; owned from now on.
        target: The backend.
        sent: The facts about the request for errors.
        options: The request's options.
        decompress_gzip: Whether the host decompresses the backend's response.
        manual_framing: Whether the headers frame the body.

    Attributes:
        response: The response, once it is there.
        sent: The facts about the request for errors.
    """

    __slots__ = (
        "_body",
        "_decompress_gzip",
        "_entry",
        "_found",
        "_manual_framing",
        "_options",
        "_pending",
        "_request",
        "_step",
        "_target",
        "response",
        "sent",
    )

    def __init__(
        self,
        request: "http_req.Request",
        body: "async_io.Pollable",
        target: "backend.Backend",
        sent: _wit.Sent,
        options: "CacheOptions",
        *,
        decompress_gzip: bool,
        manual_framing: bool,
    ) -> None:
        self.response: Response | None = None
        self._request: http_req.Request | None = request
        self._body: async_io.Pollable | None = body
        self._target = target
        self.sent = sent
        self._options = options
        self._decompress_gzip = decompress_gzip
        self._manual_framing = manual_framing
        self._entry: http_cache.Entry | None = None
        self._found: _wit_cache.Found | None = None
        self._step: async_io.Pollable | None = None
        self._pending: async_io.Pollable | None = None
        try:
            if _wit_cache.is_cacheable(request):
                self._entry = _wit_cache.lookup(request, options.key_hash, target)
                self._step = _wit_cache.step(self._entry)
            else:
                self._bypass()
        except BaseException:
            self.close()
            raise

    @property
    def waits_for(self) -> "async_io.Pollable | None":
        """The handle to wait for before `advance`, if there is one."""
        return self._step or self._pending

    @property
    def fetching(self) -> "async_io.Pollable | None":
        """The handle to wait for, if others may wait for the response to be stored."""
        return None if self._entry is None or self._step is not None else self._pending

    def advance(self) -> None:
        """Do the next step, waiting for the host if it is not ready.

        Raises:
            Exception: A hook raised it, or the host an error; the obligation was given up.
        """
        try:
            if self._entry is not None and self._found is None:
                self._end_lookup(self._entry)
            else:
                self._end_request()
        except BaseException:
            self.close()
            raise

    def result(self) -> Response:
        """Do all steps, and return the response."""
        while self.response is None:
            self.advance()
        return self.response

    def close(self) -> None:
        """Give up whatever is left, and pass an obligation on to a request that waits."""
        for held in (self._step, self._request, self._body, self._pending):
            if held is not None:
                drop(held)
        self._step = self._request = self._body = self._pending = None
        entry, self._entry = self._entry, None
        if entry is not None:
            _wit_cache.close(entry)

    def _end_lookup(self, entry: "http_cache.Entry") -> None:
        if self._step is not None:
            limit = self._options.lookup_timeout_ms
            if in_flight.select([self._step], limit) is None:
                raise ResponseTimeout._of(self.sent)
            drop(self._step)
            self._step = None
        self._found = found = _wit_cache.state(entry)
        stored = _wit_cache.found_response(entry)
        if stored is None and not found.obliged:
            # Hit-for-pass: the response is not stored, and requests do not wait for one another.
            self._entry = None
            _wit_cache.close(entry)
            self._bypass()
        elif stored is None:
            request = self._backend_request(entry)
            try:
                self._send(request)
            except SendError as error:
                self._use_stale(entry, found, error)
        else:
            response = Response._received(*stored)
            if found.usable_if_error:
                response._masked_error = RevalidationFailed._of(self.sent)
            try:
                if found.obliged:
                    self._send(self._backend_request(entry))
                    scope.after_response(self._renew)
                else:
                    self.close()
            except BaseException:
                response.close()
                raise
            self.response = response

    def _end_request(self) -> None:
        entry, found = self._entry, self._found
        if entry is None or found is None:
            self.response = Response._received(*self._await())
            return
        try:
            received = self._await()
        except SendError as error:
            self._use_stale(entry, found, error)
            return
        with CandidateResponse._of(entry, received, found, self._options) as candidate:
            if self._options.after_send is not None:
                self._options.after_send(candidate)
            self.response = store(candidate, is_head=self.sent.method == "HEAD")
        self.close()

    def _renew(self) -> None:
        """Store the response that replaces a stale one, which was already served."""
        entry, found = self._entry, self._found
        if entry is None or found is None:
            return
        try:
            received = self._await()
            with CandidateResponse._of(entry, received, found, self._options) as candidate:
                if self._options.after_send is not None:
                    self._options.after_send(candidate)
                store_only(candidate)
        finally:
            self.close()

    def _backend_request(self, entry: "http_cache.Entry") -> "http_req.Request":
        request = _wit_cache.suggested_request(entry)
        try:
            if self._options.before_send is not None:
                with BackendRequest._of(request) as hooked:
                    self._options.before_send(hooked)
                    hooked._write_changes()
            self._configure(request)
        except BaseException:
            drop(request)
            raise
        return request

    def _configure(self, request: "http_req.Request") -> None:
        _wit.configure(
            request,
            None,
            decompress_gzip=self._decompress_gzip,
            manual_framing=self._manual_framing,
        )

    def _bypass(self) -> None:
        request, self._request = self._request, None
        if request is not None:
            self._configure(request)
            self._send(request)

    def _send(self, request: "http_req.Request") -> None:
        body, self._body = self._body, None
        if body is not None:
            self._pending = _wit_cache.send_past_cache(request, body, self._target, self.sent)

    def _await(self) -> "tuple[http_resp.Response, async_io.Pollable]":
        pending, self._pending = self._pending, None
        if pending is None:
            raise core.HandleClosed("this request was already sent")
        return _wit.await_response(pending, self.sent)

    def _use_stale(
        self, entry: "http_cache.Entry", found: _wit_cache.Found, error: SendError
    ) -> None:
        """Serve the stale response after an error, if it may be."""
        if not found.usable_if_error:
            raise error
        self.response = stale_response(entry)
        self.response._masked_error = error
        self.close()
