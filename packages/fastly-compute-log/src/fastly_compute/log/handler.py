"""The handler of `logging`."""

import logging
import sys
from collections.abc import Callable

from fastly_compute.log.endpoint import LogEndpoint
from fastly_compute.log.errors import LogCallFailed, NoEndpoint
from fastly_compute.log.names import checked


class FastlyLogHandler(logging.Handler):
    """A handler of `logging` that writes each record to a log endpoint, as one message.

    It can be configured while the app is imported, also by `logging.config`: an endpoint is opened
    for its first record and stays open for as long as the sandbox runs.

    No record is dropped without a word. If an endpoint cannot be opened for a reason that may pass,
    it is tried once more; if that fails too, the record and the reason go to the standard error,
    which ``fastly log-tail`` shows, and the next record tries again.

    Args:
        default_endpoint: The endpoint of records for which no mapper names one.
        endpoint_mapper: A function that takes the name of a record's logger and returns the name of
            an endpoint, or None for the default one.
        level: Records below it are ignored; by default none.
        record_mapper: Replaces *endpoint_mapper* and takes the whole record.

    Raises:
        TypeError: A mapper is not callable, or a name not a ``str``.
        ValueError: There is neither a default endpoint nor a mapper, or there are two mappers.
        InvalidEndpointName: The name of the default endpoint is invalid.

    Example:
        >>> import logging
        >>> from fastly_compute.log import FastlyLogHandler, JSONFormatter
        >>> handler = FastlyLogHandler(
        ...     "requests",
        ...     level=logging.INFO,
        ...     record_mapper=lambda record: "errors" if record.levelno >= logging.ERROR else None,
        ... )
        >>> handler.setFormatter(JSONFormatter())
        >>> logging.getLogger("shop").addHandler(handler)
    """

    def __init__(
        self,
        default_endpoint: str | None = None,
        endpoint_mapper: Callable[[str], str | None] | None = None,
        level: int | str = logging.NOTSET,
        *,
        record_mapper: Callable[[logging.LogRecord], str | None] | None = None,
    ) -> None:
        for name, mapper in (
            ("endpoint_mapper", endpoint_mapper),
            ("record_mapper", record_mapper),
        ):
            if mapper is not None and not callable(mapper):
                raise TypeError(f"{name} must be a function, not {type(mapper).__name__}")
        if endpoint_mapper is not None and record_mapper is not None:
            raise ValueError("a handler has an endpoint_mapper or a record_mapper, not both")
        if default_endpoint is None and endpoint_mapper is None and record_mapper is None:
            raise ValueError("a handler needs a default_endpoint, endpoint_mapper or record_mapper")
        if default_endpoint is not None:
            checked(default_endpoint)
        super().__init__(level)
        self._default = default_endpoint
        self._by_logger = endpoint_mapper
        self._by_record = record_mapper
        self._open: dict[str, LogEndpoint] = {}

    def emit(self, record: logging.LogRecord) -> None:
        """Write a record to its endpoint; whatever fails goes to `handleError`.

        Args:
            record: The record.
        """
        try:
            message = self.format(record)
            self._endpoint(record).write(message)
        except RecursionError:
            raise  # as the standard library does: reporting it would recurse further
        except Exception:
            self.handleError(record)

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 - the name of logging
        """Write a record that could not be logged, and why, to the standard error.

        Args:
            record: The record.
        """
        error = sys.exc_info()[1]
        try:
            message = self.format(record)
        except Exception:
            # The standard library shows what the record was made of.
            super().handleError(record)
            return
        if sys.stderr is not None:
            sys.stderr.write(f"{message}\n^ not logged: {type(error).__name__}: {error}\n")

    def close(self) -> None:
        """Close the endpoints; a later record opens its endpoint again."""
        self.acquire()
        try:
            while self._open:
                self._open.popitem()[1].close()
        finally:
            self.release()
        super().close()

    def _endpoint(self, record: logging.LogRecord) -> LogEndpoint:
        name = None
        if self._by_record is not None:
            name = self._by_record(record)
        elif self._by_logger is not None:
            name = self._by_logger(record.name)
        if name is None:
            name = self._default
        if name is None:
            raise NoEndpoint(record.name)
        endpoint = self._open.get(name)
        if endpoint is None:
            endpoint = self._open[name] = _open(name)
        return endpoint


def _open(name: str) -> LogEndpoint:
    try:
        return LogEndpoint.open(name)
    except LogCallFailed as error:
        # Its subclasses are refusals that would be the same again.
        if type(error) is not LogCallFailed:
            raise
    return LogEndpoint.open(name)
