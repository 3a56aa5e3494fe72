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
    entry = candidate._entry
    match candidate._action:
        case "INSERT":
            life = candidate._lifetime()
            into, readable = _wit_cache.insert(entry, _to_store(candidate), life)
            try:
                _fill(into, candidate)
                return _found(readable)
            finally:
                _wit_cache.close(readable)
        case "UPDATE":
            life = candidate._lifetime()
            renewed = _wit_cache.update(entry, _to_store(candidate), life)
            try:
                return _found(renewed)
            finally:
                _wit_cache.close(renewed)
        case "CHOOSE_STALE":
            return stale_response(entry)
        case _:
            _leave(candidate)
            return _unstored(candidate, is_head=is_head)


def store_only(candidate: CandidateResponse) -> None:
    """Store a response that no client waits for, if it is to be stored."""
    entry = candidate._entry
    match candidate._action:
        case "INSERT":
            life = candidate._lifetime()
            _fill(_wit_cache.insert_only(entry, _to_store(candidate), life), candidate)
        case "UPDATE":
            life = candidate._lifetime()
            _wit_cache.update_only(entry, _to_store(candidate), life)
        case "CHOOSE_STALE":
            _wit_cache.choose_stale(entry)
        case _:
            _leave(candidate)


def stale_response(entry: "http_cache.Entry") -> Response:
    """Serve the stale response, here and to the requests that wait for a new one."""
    _wit_cache.choose_stale(entry)
    return _found(entry)


def _found(entry: "http_cache.Entry") -> Response:
    stored = _wit_cache.found_response(entry)
    if stored is None:
        raise HttpError("the cache has lost the response that it was to return")
    return Response._received(*stored)


def _leave(candidate: CandidateResponse) -> None:
    if candidate._action == "RECORD_UNCACHEABLE":
        _wit_cache.record_uncacheable(candidate._entry, candidate._lifetime())
    else:
        _wit_cache.abandon(candidate._entry)


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
    response, candidate._response = candidate._response, Response()
    if is_head:
        response.body.close()
    response._body = body
    return response


def _drop_length(candidate: CandidateResponse) -> None:
    """Drop the Content-Length of a body that is transformed."""
    headers = candidate.headers if candidate._transform is not None else ()
    if "content-length" in headers:
        del candidate.headers["content-length"]
