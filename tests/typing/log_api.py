"""The API of logs as a type checker sees it: never run."""

import logging
from typing import assert_type

from fastly_compute.log import FastlyLogHandler, JSONFormatter, LogEndpoint, request_id


def write() -> None:
    with LogEndpoint.open("visits") as visits:
        assert_type(visits, LogEndpoint)
        assert_type(visits.write("text"), None)
        visits.write(b"bytes")
        visits.write(1)  # type: ignore[arg-type]


def configure() -> None:
    handler = FastlyLogHandler("visits", lambda logger: None, logging.INFO)
    handler.setFormatter(JSONFormatter())
    logging.getLogger("shop").addHandler(handler)
    FastlyLogHandler(level="INFO", record_mapper=lambda record: record.levelname.lower())
    FastlyLogHandler(1)  # type: ignore[arg-type]
    FastlyLogHandler(record_mapper=lambda record: 1)  # type: ignore[arg-type, return-value]


def identify(identifier: str | None) -> None:
    with request_id(identifier):
        pass
