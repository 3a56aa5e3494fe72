"""Logs each request as a line of JSON, at a level that can be changed without a deploy."""

import logging

from fastly_compute.config_store import ConfigStore, ConfigStoreError
from fastly_compute.http import IncomingRequest, Response, Reuse, service
from fastly_compute.log import FastlyLogHandler, JSONFormatter, request_id

LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR")
LONGEST_NAME = 100


def by_level(record: logging.LogRecord) -> str | None:
    return "errors" if record.levelno >= logging.ERROR else None


# Configured while the app is imported: an endpoint is opened for its first record.
handler = FastlyLogHandler("requests", record_mapper=by_level)
handler.setFormatter(JSONFormatter())
log = logging.getLogger("structured_logs")
log.addHandler(handler)
log.propagate = False


def read_settings() -> str:
    """Set the level of the log, and return the greeting; what is wrong with them is logged."""
    log.setLevel(logging.INFO)
    try:
        with ConfigStore.open("settings") as settings:
            level = settings.get("level", "INFO")
            greeting = settings.get("greeting", "Hello")
    except ConfigStoreError as error:
        log.error("the settings cannot be read", extra={"reason": str(error)})  # noqa: TRY400
        return "Hello"
    if level in LEVELS:
        log.setLevel(level)
    else:
        log.error("the setting level must be one of %s, not %r", ", ".join(LEVELS), level)
    return greeting


def greet(greeting: str, name: str) -> Response:
    if len(name) > LONGEST_NAME:
        raise ValueError(f"a name has up to {LONGEST_NAME} characters, not {len(name)}")
    return Response.text(f"{greeting}, {name}!")


def handle(request: IncomingRequest) -> Response:
    with request_id(request.request_id):
        greeting = read_settings()
        name = request.query.get("name", ["visitor"])[0]
        log.debug("the name is %r", name)
        try:
            response = greet(greeting, name)
        except ValueError:
            log.exception("refused")
            response = Response.text("that name is too long", status=400)
        log.info("%s %s", request.method, request.path, extra={"status": response.status})
        return response


HttpIncoming = service(handle, reuse=Reuse(max_requests=100))
