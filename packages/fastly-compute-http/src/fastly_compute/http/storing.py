"""Doing with a candidate response what was decided: storing it, or not."""

from typing import TYPE_CHECKING

from fastly_compute.http import _wit_cache
from fastly_compute.http.body import Body
from fastly_compute.http.candidate import CandidateResponse
from fastly_compute.http.errors import HttpError
from fastly_compute.http.response import Response
from fastly_compute.http.streaming import StreamingBody

if TYPE_CHECKING:
    from wit_world.imports import async_io, http_cache, http_resp


def store(candidate: CandidateResponse, *, is_head: bool) -> Response:
    """Store a response if it is to be stored, and return the one for the client.

    Args:
        candidate: The response.
        is_head: Whether the client's request was a HEAD.
    """
    if candidate._action == "CHOOSE_STALE":
        return stale_response(candidate._entry)
    entry, action, life = _decided(candidate)
    match action:
        case "INSERT":
            into, readable = _wit_cache.insert(entry, _to_store(candidate), life)
            try:
                _fill(into, candidate)
                return _found(readable)
            finally:
                _wit_cache.close(readable)
        case "UPDATE":
            renewed = _wit_cache.update(entry, candidate._response._to_host(), life)
            try:
                return _found(renewed)
            finally:
                _wit_cache.close(renewed)
        case _:
            _leave(entry, action, life)
            return _unstored(candidate, is_head=is_head)


def store_only(candidate: CandidateResponse) -> None:
    """Store a response that no client waits for, if it is to be stored; else keep the stale one."""
    entry, action, life = _decided(candidate)
    match action:
        case "INSERT":
            _fill(_wit_cache.insert_only(entry, _to_store(candidate), life), candidate)
        case "UPDATE":
            _wit_cache.update_only(entry, candidate._response._to_host(), life)
        case _:
            _leave(entry, action, life)


def stale_response(entry: "http_cache.Entry") -> Response:
    """Serve the stale response, here and to the requests that wait for a new one."""
    _wit_cache.choose_stale(entry)
    return _found(entry)


def _found(entry: "http_cache.Entry") -> Response:
    stored = _wit_cache.found_response(entry)
    if stored is None:
        raise HttpError("the cache has lost the response that it was to return")
    return Response._received(*stored)


def _decided(
    candidate: CandidateResponse,
) -> "tuple[http_cache.Entry, str, _wit_cache.Lifetime]":
    action, life = candidate._action, candidate._lifetime()
    if candidate._is_revalidated and action in {"DO_NOT_STORE", "RECORD_UNCACHEABLE"}:
        # Only the cache has the body: it is served, but not without asking the backend again.
        action = "UPDATE"
        life.max_age = life.stale_while_revalidate = life.stale_if_error = 0
    return candidate._entry, action, life


def _leave(entry: "http_cache.Entry", action: str, life: _wit_cache.Lifetime) -> None:
    if action == "RECORD_UNCACHEABLE":
        _wit_cache.record_uncacheable(entry, life)
    else:
        _wit_cache.abandon(entry)


def _to_store(candidate: CandidateResponse) -> "http_resp.Response":
    _drop_length(candidate)
    return candidate._response._to_host()


def _fill(into: "async_io.Pollable", candidate: CandidateResponse) -> None:
    with StreamingBody._wrap(into) as out:
        out.append(_body(candidate))


def _body(candidate: CandidateResponse) -> Body:
    body = candidate._response.body
    return body if candidate._transform is None else Body._of(candidate._transform(body))


def _unstored(candidate: CandidateResponse, *, is_head: bool) -> Response:
    """Return the response itself, which the cache does not have."""
    _drop_length(candidate)
    body = Body() if is_head else _body(candidate)
    response = candidate._response._moved()
    if is_head:
        response.body.close()
    response._body = body
    return response


def _drop_length(candidate: CandidateResponse) -> None:
    """Drop the Content-Length of a body that is transformed."""
    headers = candidate.headers if candidate._transform is not None else ()
    if "content-length" in headers:
        del candidate.headers["content-length"]
