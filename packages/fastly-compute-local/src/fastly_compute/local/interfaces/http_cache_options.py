"""The options for storing a response: those that a guest gives, and those that are suggested."""

from wit_world.imports import http_cache as wit
from wit_world.imports.http_types import HttpVersion

from fastly_compute.local.interfaces.buffers import fit
from fastly_compute.local.interfaces.http_resp import Response
from fastly_compute.local.readthrough.freshness import (
    announced_length,
    lifetime,
    values,
    vary_rule,
)
from fastly_compute.local.runtime.resource import Resource
from fastly_compute.local.runtime.sandbox import running
from fastly_compute.local.state import ResponseHead, VaryRule, WriteOptions
from fastly_compute.local.state.cached_object import SECOND
from fastly_compute.local.state.surrogate_keys import header_keys, surrogate_keys
from fastly_compute.local.state.vary import NO_VARY


class SuggestedWriteOptions(Resource):
    """The options that a response's headers ask for.

    Args:
        response: The response.
    """

    def __init__(self, response: Response) -> None:
        self._headers = list(response.fields)
        self._life = lifetime(self._headers, ttl=None, swr=None, now=running().host.clock.now())

    def get_max_age_ns(self) -> int:
        """Return the age up to which the response is fresh."""
        return self._life.max_age * SECOND

    def get_vary_rule(self, max_len: int) -> str:
        """Return the request headers that it depends on; none if its Vary is invalid."""
        try:
            rule = vary_rule(self._headers)
        except ValueError:
            rule = NO_VARY
        return fit(" ".join(rule.names), max_len)

    def get_initial_age_ns(self) -> int:
        """Return its age."""
        return self._life.initial_age * SECOND

    def get_stale_while_revalidate_ns(self) -> int:
        """Return how much longer it may be used while a new one is fetched."""
        return self._life.stale_while_revalidate * SECOND

    def get_stale_if_error_ns(self) -> int:
        """Return how much longer it may be used if fetching a new one fails."""
        return self._life.stale_if_error * SECOND

    def get_surrogate_keys(self, max_len: int) -> str:
        """Return the keys in its Surrogate-Key."""
        keys = header_keys(" ".join(values(self._headers, "surrogate-key")))
        return fit(" ".join(sorted(keys)), max_len)

    def get_length(self) -> int | None:
        """Return the length of its body, if its headers have it."""
        return announced_length(self._headers)

    def get_sensitive_data(self) -> bool:
        """Return whether it must never be written to disk; no header asks for that."""
        return False


def store_options(response: Response, options: wit.WriteOptions) -> WriteOptions:
    """Return how to store a response.

    Args:
        response: The response, whose Content-Length is replaced by the length in the options.
        options: The guest's options.

    Raises:
        ValueError: An option is invalid.
    """
    fields = [item for item in response.fields if item[0].lower() != "content-length"]
    if options.length is not None:
        fields.append(("Content-Length", b"%d" % options.length))
    return WriteOptions(
        max_age=options.max_age_ns,
        initial_age=options.initial_age_ns or 0,
        stale_while_revalidate=options.stale_while_revalidate_ns or 0,
        stale_if_error=options.stale_if_error_ns or 0,
        vary=VaryRule.parse(options.vary_rule) if options.vary_rule else NO_VARY,
        surrogate_keys=surrogate_keys(options.surrogate_keys or ""),
        length=options.length,
        sensitive=options.sensitive_data,
        head=ResponseHead(
            status=response.status,
            headers=tuple(fields),
            http_version="HTTP/1.0" if response.version is HttpVersion.HTTP10 else "HTTP/1.1",
            remote_addr=response.remote,
        ),
    )
