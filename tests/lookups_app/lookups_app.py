"""What lookups do in an app: each request is JSON that names a function below."""

import json
from dataclasses import asdict
from datetime import timedelta

from fastly_compute import device_detection, geo
from fastly_compute.acl import Acl, AclNotFound
from fastly_compute.core import HostUnavailable
from fastly_compute.erl import EdgeRateLimiter, PenaltyBox, RateCounter
from fastly_compute.http import IncomingRequest, Response, service

LIMITER = EdgeRateLimiter(
    counter="requests", penalty_box="offenders", window=10, limit=10, ttl=timedelta(minutes=1)
)
NEED_A_HOST = {
    "geo": lambda: geo.lookup("192.0.2.1"),
    "acl": lambda: Acl.open("visitors"),
    "device": lambda: device_detection.lookup("Agent/1.0"),
    "counter": lambda: RateCounter.open("requests"),
    "box": lambda: PenaltyBox.open("offenders"),
    "limiter": lambda: LIMITER.check_rate("somebody") in {True, False},
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


def counted(entry):
    with RateCounter.open("counted") as counter:
        counter.increment(entry, 120)
        return [counter.lookup_count(entry, duration=60), counter.lookup_rate(entry, window=60)]


def penalized(entry):
    with PenaltyBox.open("offenders") as box:
        before = box.has(entry)
        box.add(entry, timedelta(minutes=1))
        return [before, box.has(entry)]


def limited(entry):
    return [LIMITER.check_rate(entry, 60) for _ in range(3)]


def brand(user_agent):
    found = device_detection.lookup(user_agent)
    return found and [found.brand, found.is_mobile, found.os.name]


def handle(request: IncomingRequest) -> Response:
    call = json.loads(request.body.read())
    result = globals()[call.pop("do")](**call)
    return Response(body=json.dumps(result, default=str))


HttpIncoming = service(handle)
