"""What lookups do in an app: each request is JSON that names a function below."""

import json
from dataclasses import asdict

from fastly_compute import geo
from fastly_compute.acl import Acl, AclNotFound
from fastly_compute.core import HostUnavailable
from fastly_compute.http import IncomingRequest, Response, service

NEED_A_HOST = {
    "geo": lambda: geo.lookup("192.0.2.1"),
    "acl": lambda: Acl.open("visitors"),
}
# Done once, while the app is imported, which for wasm is when it is built.
TOO_EARLY = {}
for _name, _use in NEED_A_HOST.items():
    try:
        _use()
    except HostUnavailable as _error:
        TOO_EARLY[_name] = str(_error)


def too_early():
    return TOO_EARLY


def not_too_early():
    return [name for name, use in NEED_A_HOST.items() if use()]


def where(address):
    found = geo.lookup(address)
    if found is None:
        return None
    return {name: value for name, value in asdict(found).items() if value is not None}


def refused(address):
    try:
        geo.lookup(address)
    except geo.InvalidAddress as error:
        return str(error)


def matches(addresses):
    with Acl.open("visitors") as acl:
        found = [acl.lookup(address) for address in addresses]
    return [match and [match.prefix, match.action, match.action.is_known] for match in found]


def missing_list():
    try:
        Acl.open("missing")
    except AclNotFound as error:
        return error.case


def handle(request: IncomingRequest) -> Response:
    call = json.loads(request.body.read())
    result = globals()[call.pop("do")](**call)
    return Response(body=json.dumps(result, default=str))


HttpIncoming = service(handle)
