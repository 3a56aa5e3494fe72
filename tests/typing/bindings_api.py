"""The bindings as a type checker sees them with fastly-compute-stubs alone: never run."""

from typing import assert_type

from componentize_py_types import Err, Ok, Result, Some
from wit_world import exports
from wit_world.imports import (
    async_io,
    backend,
    http_body,
    http_downstream,
    http_req,
    http_resp,
    image_optimizer,
    kv_store,
    types,
)


class HttpIncoming(exports.HttpIncoming):
    def handle(self, request: http_req.Request, body: async_io.Pollable) -> None:
        assert_type(request.get_uri(100), str)
        assert_type(request.get_header_names(100, 0), tuple[str, int | None])
        assert_type(http_downstream.downstream_client_ip_addr(request), types.IpAddress | None)
        origin = backend.Backend.open("origin")
        assert_type(origin, backend.Backend)
        response, content = http_req.send(request, body, origin)
        assert_type(response, http_resp.Response)
        assert_type(content, async_io.Pollable)
        assert_type(http_body.read(content, 10), bytes)
        http_body.write(content, "text")  # type: ignore[arg-type]
        http_req.send(request, body)  # type: ignore[call-arg]
        http_req.sned(request)  # type: ignore[attr-defined]
        http_resp.send_downstream(response, content)


class Wrong(exports.HttpIncoming):
    def handle(self, request: str) -> None:  # type: ignore[override]
        pass


def opened(name: str) -> kv_store.Store | None:
    try:
        return kv_store.Store.open(name)
    except Err as error:
        if error.value is types.OpenError.NOT_FOUND:
            return None
        raise


def options(width: int) -> image_optimizer.ImageOptimizerTransformOptions:
    image_optimizer.ImageOptimizerTransformOptions(width)  # type: ignore[call-arg, arg-type]
    return image_optimizer.ImageOptimizerTransformOptions(
        sdk_claims_opts=f"region=asia&width={width}", extra=None
    )


def override(ttl: int) -> http_req.CacheOverride:
    return http_req.CacheOverride_Override(
        http_req.CacheOverrideDetails(
            ttl=ttl, stale_while_revalidate=None, pci=False, surrogate_key=None, extra=None
        )
    )


def unwrapped(result: Result[int, str]) -> Some[int] | None:
    match result:
        case Ok(value):
            return Some(assert_type(value, int))
        case Err(value):
            assert_type(value, str)
    return None
