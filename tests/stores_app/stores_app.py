"""Config stores and log endpoints in an app: each request is JSON that names a function below."""

import json
import logging

from fastly_compute.config_store import ConfigStore, ConfigStoreError
from fastly_compute.core import HostUnavailable
from fastly_compute.http import IncomingRequest, Response, Reuse, service
from fastly_compute.log import FastlyLogHandler, JSONFormatter, LogEndpoint, LogError, request_id

# All of this is done once, while the app is imported, which for wasm is when it is built.
handler = FastlyLogHandler(
    "visits", record_mapper=lambda record: "errors" if record.levelno >= logging.ERROR else None
)
handler.setFormatter(JSONFormatter())
log = logging.getLogger("stores_app")
log.setLevel(logging.INFO)
log.propagate = False
log.addHandler(handler)
log.info("logged while the app is imported")

NEED_A_HOST = {
    "store": lambda: ConfigStore.open("settings"),
    "endpoint": lambda: LogEndpoint.open("visits"),
}
TOO_EARLY = {}
for _name, _use in NEED_A_HOST.items():
    try:
        _use()
    except HostUnavailable as _error:
        TOO_EARLY[_name] = str(_error)
OPEN_AT_IMPORT = len(handler._open)
served = 0


def too_early():
    return [TOO_EARLY, OPEN_AT_IMPORT]


def config(store, keys):
    with ConfigStore.open(store) as found:
        return {key: [found.get(key), found.get(key, "default"), key in found] for key in keys}


def opening(stores, endpoints):
    """What becomes of names: the error's class, or None."""
    found = []
    for kind, names in ((ConfigStore, stores), (LogEndpoint, endpoints)):
        for name in names:
            try:
                kind.open(name).close()
                found.append(None)
            except (ConfigStoreError, LogError) as error:
                found.append([type(error).__name__, str(error)])
    return found


def write(endpoint, messages):
    with LogEndpoint.open(endpoint) as found:
        for message in messages:
            found.write(message)
            found.write(message.encode())


def record(message, *, extra=None, error=False):
    if error:
        try:
            {}[message]
        except KeyError:
            log.exception(message, extra=extra)
    else:
        log.info(message, extra=extra)


FUNCTIONS = {
    function.__name__: function for function in (config, opening, record, too_early, write)
}


def handle(request: IncomingRequest) -> Response:
    global served
    served += 1
    asked = json.loads(request.body.read())
    with request_id(request.request_id):
        found = FUNCTIONS[asked.pop("do")](**asked)
    return Response.json({"found": found, "id": request.request_id, "served": served})


HttpIncoming = service(handle, reuse=Reuse(max_requests=20))
