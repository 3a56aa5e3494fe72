import itertools
import logging
import logging.config

import pytest

from fastly_compute.log import FastlyLogHandler, InvalidEndpointName, JSONFormatter

NUMBERS = itertools.count()


@pytest.fixture
def logger():
    """A logger with no other handlers, which logs everything."""
    logger = logging.Logger(f"shop.{next(NUMBERS)}")  # noqa: LOG001 - known to no other test
    yield logger
    for handler in logger.handlers:
        handler.close()


@pytest.fixture
def calls(compute_host):
    """The host calls of the test, each by its name."""
    made = []
    inner = compute_host.host.interpose

    def count(label, function, args):
        made.append(label)
        return inner(label, function, args)

    compute_host.host.interpose = count
    return made


def test_each_record_is_one_write_and_the_endpoint_is_opened_once(
    compute_host, logger, calls
) -> None:
    logger.addHandler(FastlyLogHandler("visits"))
    assert calls == []
    logger.info("%s bought %d", "anna", 2)
    logger.debug("one\ntwo")
    logger.info("x" * 300_000)

    assert compute_host.logs == {"visits": ["anna bought 2", "one\ntwo", "x" * 300_000]}
    assert calls == ["log.Endpoint.open", *["log.Endpoint.write"] * 3]


def test_an_exception_is_in_the_same_message_as_its_record(compute_host, logger) -> None:
    logger.addHandler(FastlyLogHandler("visits"))
    try:
        _ = 1 / 0
    except ZeroDivisionError:
        logger.exception("no luck")

    (message,) = compute_host.logs["visits"]
    assert message.startswith("no luck\nTraceback (most recent call last):\n")
    assert message.endswith("ZeroDivisionError: division by zero")


@pytest.mark.parametrize("level", [logging.WARNING, "WARNING"])
def test_a_record_below_the_level_is_ignored(compute_host, logger, level) -> None:
    logger.addHandler(FastlyLogHandler("visits", level=level))
    logger.info("unimportant")
    logger.warning("important")

    assert compute_host.logs == {"visits": ["important"]}


def test_upstreams_way_to_route_by_logger(compute_host) -> None:
    def route(name: str) -> str | None:
        return "api-logs" if name.startswith("api") else None

    handler = FastlyLogHandler("app-logs", route, logging.NOTSET)
    only = FastlyLogHandler(endpoint_mapper=lambda name: f"{name}-logs")
    for name in ("api.v1", "shop"):
        record = logging.makeLogRecord({"name": name, "msg": name})
        handler.handle(record)
        only.handle(record)

    assert compute_host.logs == {
        "api-logs": ["api.v1"],
        "app-logs": ["shop"],
        "api.v1-logs": ["api.v1"],
        "shop-logs": ["shop"],
    }


def test_a_mapper_by_record_chooses_the_endpoint(compute_host, logger) -> None:
    def by_level(record: logging.LogRecord) -> str | None:
        return "errors" if record.levelno >= logging.ERROR else None

    logger.addHandler(FastlyLogHandler("visits", record_mapper=by_level))
    logger.info("fine")
    logger.error("broken")

    assert compute_host.logs == {"visits": ["fine"], "errors": ["broken"]}


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({}, ValueError, "a handler needs a default_endpoint, endpoint_mapper or record_mapper"),
        (
            {"endpoint_mapper": str, "record_mapper": str},
            ValueError,
            "a handler has an endpoint_mapper or a record_mapper, not both",
        ),
        ({"endpoint_mapper": "a"}, TypeError, "endpoint_mapper must be a function, not str"),
        ({"record_mapper": {}}, TypeError, "record_mapper must be a function, not dict"),
        ({"default_endpoint": 1}, TypeError, "an endpoint name must be a str, not int"),
        ({"default_endpoint": ""}, InvalidEndpointName, "an endpoint name must not be empty"),
        ({"default_endpoint": "a", "level": "LOUD"}, ValueError, "Unknown level: 'LOUD'"),
    ],
)
def test_a_wrong_configuration_is_refused_at_once(arguments, error, message) -> None:
    with pytest.raises(error) as caught:
        FastlyLogHandler(**arguments)
    assert str(caught.value) == message


@pytest.fixture(params=[True, False], ids=["raising", "silent"])
def raise_exceptions(monkeypatch, request):
    """`logging.raiseExceptions`, which is False in production: nothing may be lost for that."""
    monkeypatch.setattr(logging, "raiseExceptions", request.param)


def test_an_endpoint_that_fails_once_gets_every_record_once(
    compute_host, logger, calls, capsys
) -> None:
    logger.addHandler(FastlyLogHandler("visits"))
    compute_host.fail("log", "endpoint.open", "generic-error", on_call=1)
    for number in range(3):
        logger.info("visit %d", number)

    assert compute_host.logs == {"visits": ["visit 0", "visit 1", "visit 2"]}
    assert calls[:2] == ["log.Endpoint.open"] * 2
    assert capsys.readouterr() == ("", "")


def test_a_record_whose_endpoint_fails_goes_to_the_standard_error(
    compute_host, logger, capsys, raise_exceptions
) -> None:
    logger.addHandler(FastlyLogHandler("visits"))
    compute_host.fail("log", "endpoint.open", "limit-exceeded", on_call=1)
    compute_host.fail("log", "endpoint.open", "limit-exceeded", on_call=2)
    logger.info("visit %d", 0)
    logger.info("visit %d", 1)

    assert compute_host.logs == {"visits": ["visit 1"]}
    assert capsys.readouterr().err == (
        "visit 0\n^ not logged: LogCallFailed: log.endpoint.open on 'visits' failed: a limit of "
        "the platform was reached (limit-exceeded)\n"
    )


@pytest.mark.parametrize("case", ["not-found", "unsupported", "reserved"])
def test_a_refusal_is_not_tried_again_for_the_same_record(
    compute_host, logger, calls, capsys, case
) -> None:
    logger.addHandler(FastlyLogHandler("visits"))
    compute_host.fail("log", "endpoint.open", case)
    logger.info("visit")

    assert calls == ["log.Endpoint.open"]
    assert capsys.readouterr().err.startswith("visit\n^ not logged: ")


@pytest.mark.parametrize(
    ("mapper", "reason"),
    [
        (
            lambda record: None,
            "NoEndpoint: no endpoint for a record of logger 'LOGGER': the mapper returned None",
        ),
        (lambda record: "a:b", "InvalidEndpointName: an endpoint name must have no CR, LF, colon"),
        (lambda record: 5, "TypeError: an endpoint name must be a str, not int"),
        (lambda record: record.nothing, "AttributeError: 'LogRecord' object has no attribute"),
    ],
)
def test_a_record_whose_mapper_fails_goes_to_the_standard_error(
    compute_host, logger, capsys, raise_exceptions, mapper, reason
) -> None:
    logger.addHandler(FastlyLogHandler(record_mapper=mapper))
    logger.info("visit %d", 0)

    record, why = capsys.readouterr().err.splitlines()
    assert record == "visit 0"
    assert why.startswith("^ not logged: " + reason.replace("LOGGER", logger.name))
    assert not compute_host.logs


def test_a_record_that_cannot_be_formatted_is_reported_as_logging_does(
    compute_host, logger, capsys
) -> None:
    logger.addHandler(FastlyLogHandler("visits"))
    logger.info("%d", "no number")
    logger.info("the next one")

    shown = capsys.readouterr().err
    assert shown.startswith("--- Logging error ---")
    assert "Arguments: ('no number',)" in shown
    assert compute_host.logs == {"visits": ["the next one"]}


def test_an_endless_recursion_ends_the_app_and_not_the_report_of_it(compute_host, logger) -> None:
    def recurse(record):
        return recurse(record)

    logger.addHandler(FastlyLogHandler(record_mapper=recurse))
    with pytest.raises(RecursionError):
        logger.info("visit")


def test_a_process_without_standard_error_goes_on(compute_host, logger, monkeypatch) -> None:
    logger.addHandler(FastlyLogHandler("visits", lambda name: "a:b"))
    monkeypatch.setattr("sys.stderr", None)
    logger.info("visit")

    assert not compute_host.logs


def test_a_closed_handler_opens_its_endpoints_again(compute_host, logger, calls) -> None:
    handler = FastlyLogHandler("visits")
    logger.addHandler(handler)
    logger.info("before")
    handler.close()
    handler.close()
    logger.info("after")

    assert compute_host.logs == {"visits": ["before", "after"]}
    assert calls.count("log.Endpoint.open") == 2


def test_it_can_be_configured_by_a_dict(compute_host) -> None:
    name = f"configured.{next(NUMBERS)}"
    logging.config.dictConfig(
        {
            "version": 1,
            "disable_existing_loggers": False,
            "formatters": {"json": {"()": "fastly_compute.log.JSONFormatter"}},
            "handlers": {
                "edge": {
                    "class": "fastly_compute.log.FastlyLogHandler",
                    "default_endpoint": "visits",
                    "formatter": "json",
                    "level": "INFO",
                }
            },
            "loggers": {name: {"handlers": ["edge"], "level": "DEBUG", "propagate": False}},
        }
    )
    logger = logging.getLogger(name)
    (handler,) = logger.handlers
    try:
        logger.debug("unimportant")
        logger.info("important")
    finally:
        logger.removeHandler(handler)
        handler.close()

    assert isinstance(handler.formatter, JSONFormatter)
    (message,) = compute_host.logs["visits"]
    assert '"message":"important"' in message
