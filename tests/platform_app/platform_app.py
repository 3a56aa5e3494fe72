"""What an app learns from the platform: the path of a request names a function below."""

import os

from fastly_compute import runtime
from fastly_compute.core import HostUnavailable
from fastly_compute.http import IncomingRequest, Response, service

# While the app is imported, which for wasm is when it is built.
TOO_EARLY = {}
for _name in ("pop", "service_version", "is_staging", "vcpu_time", "products", "sandbox_id"):
    try:
        getattr(runtime, _name)()
    except HostUnavailable as _error:
        TOO_EARLY[_name] = str(_error)


def too_early(request):
    return TOO_EARLY


def facts(request):
    names = ("service_id", "service_version", "customer_id", "namespace_id", "cache_generation")
    names += ("hostname", "pop", "region", "is_staging", "sandbox_id", "trace_id")
    return {name: getattr(runtime, name)() for name in names}


def environment(request):
    return {name: value for name, value in os.environ.items() if name.startswith("FASTLY_")}


def products(request):
    found = runtime.products()
    return [found.domain_inspector, found.image_optimizer, found.origin_inspector]


def usage(request):
    before = runtime.vcpu_time()
    while (runtime.vcpu_time() - before).total_seconds() < 0.02:
        pass
    return [before.total_seconds(), runtime.vcpu_time().total_seconds(), runtime.heap_mib()]


def handle(request: IncomingRequest) -> Response:
    return Response.json(globals()[request.path.removeprefix("/")](request))


HttpIncoming = service(handle)
