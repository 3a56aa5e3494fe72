"""What an app learns from the platform: the path of a request names a function below."""

import importlib
import json
import os
from datetime import UTC, datetime, timedelta

from fastly_compute import runtime
from fastly_compute.core import HandleClosed, HostUnavailable
from fastly_compute.http import IncomingRequest, Request, Response, Reuse, service
from fastly_compute.image_optimizer import (
    Crop,
    Format,
    ImageOptimizerError,
    ImageOptimizerOptions,
    Pixels,
    Ratio,
    Region,
    send_to_image_optimizer,
)
from fastly_compute.security import Inspection, SecurityError, inspect
from fastly_compute.shielding import Shield, ShieldingError

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


def has(request):
    """Whether a module can be imported, whose name the build does not see."""
    try:
        importlib.import_module(request.query_string)
    except ModuleNotFoundError:
        return False
    return True


def products(request):
    found = runtime.products()
    return [found.domain_inspector, found.image_optimizer, found.origin_inspector]


def usage(request):
    """The CPU time before and after some work, in milliseconds, and the memory."""
    before = runtime.vcpu_time()
    while runtime.vcpu_time() - before < timedelta(milliseconds=20):
        pass
    used = [round(time.total_seconds() * 1000) for time in (before, runtime.vcpu_time())]
    return [*used, runtime.heap_mib()]


def shields(request):
    found = {}
    for name in ("here", "there", "nowhere"):
        try:
            shield = Shield.find(name)
            encrypted, unencrypted = shield.encrypted_backend(), shield.unencrypted_backend()
        except ShieldingError as error:
            found[name] = f"{type(error).__name__}: {error}"
        else:
            found[name] = [
                [backend.host, backend.port, backend.is_tls, backend.is_dynamic]
                for backend in (encrypted, unencrypted)
            ]
    return found


def shield_again(request):
    first = Shield.find("origin").encrypted_backend(first_byte_timeout=3)
    again = Shield.find("origin").encrypted_backend(first_byte_timeout=3)
    try:
        Shield.find("origin").encrypted_backend(first_byte_timeout=4)
    except ShieldingError as error:
        return [first == again, type(error).__name__]
    return [first == again]


# Made while the app is imported.
THUMBNAIL = ImageOptimizerOptions(
    region=Region.EU_WEST, width=Pixels(320), crop=Crop(Ratio(16, 9)), format=Format.AUTO
)


def image(request):
    """An image from the Image Optimizer, or what its origin says of the request without it."""
    image = Request(
        "GET", f"https://www.example.com{request.path}?a=1", headers={"Accept": "image/webp"}
    )
    try:
        response = send_to_image_optimizer(image, THUMBNAIL, "origin")
    except ImageOptimizerError as error:
        response = image.send("origin")
        return [type(error).__name__, str(error), response.headers["x-origin"]]
    return [response.status, response.headers["x-io"], response.body.read().decode()]


def image_of_a_body(request):
    image = Request("POST", "https://www.example.com/draw", body=request.body)
    response = send_to_image_optimizer(image, THUMBNAIL, "origin")
    return [response.status, response.body.read().decode()]


SEEN = []


def shield_reused(request):
    """The names of the backends that this sandbox has used."""
    SEEN.append(Shield.find("there").unencrypted_backend().name)
    return SEEN


def through(request):
    backend = Shield.find("origin").unencrypted_backend()
    answer = Request("GET", "http://www.example.com/lamp?a=1").send(backend)
    return [answer.status, answer.headers["x-origin"], json.loads(answer.body.read())]


def verdict(request):
    found = inspect(request, corp="corp", workspace="site", client_ip="2001:db8::1")
    read = request.body.read().decode()
    try:
        inspect(request, corp="corp", workspace="site")
    except HandleClosed as error:
        return [repr(found), found.is_allowed, isinstance(found, Inspection), read, str(error)]
    return repr(found)


def inspected_wrongly(request):
    try:
        inspect(request, corp="", workspace="site")
    except SecurityError as error:
        return str(error)
    return None


def cookies(request):
    response = Response.json([request.cookies, request.http_version, repr(request.visits)])
    response.set_cookie("first", 'gr\u00f6\u00dfe; "x"', max_age=60)
    response.set_cookie("second", "2", http_only=False, same_site="Strict")
    response.delete_cookie("third")
    # The guest's http.cookies knows the attribute, that of older Pythons does not.
    expires = datetime(2027, 3, 1, 12, tzinfo=UTC)
    response.set_cookie("fourth", "4", expires=expires, same_site="None", partitioned=True)
    return response


def handle(request: IncomingRequest) -> Response:
    found = globals()[request.path.removeprefix("/")](request)
    return found if isinstance(found, Response) else Response.json(found)


HttpIncoming = service(handle, reuse=Reuse(max_requests=3, idle_timeout=10))
