"""Records as JSON."""

import json
import logging
import math
from collections.abc import Mapping, Set
from datetime import UTC, datetime
from typing import TypeAlias

from fastly_compute.log.context import current

JSON: TypeAlias = "bool | int | float | str | list[JSON] | dict[str, JSON] | None"

_DEEPEST = 8
# The attributes that logging itself gives a record.
_OWN = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}
_KEYS = ("time", "level", "logger", "message", "request_id", "exception", "stack")


class JSONFormatter(logging.Formatter):
    """A formatter that makes each record one line of JSON.

    The keys, in this order:

    - ``time``: when it was logged, in UTC, such as ``2026-05-01T09:30:00.123Z``
    - ``level``: such as ``WARNING``
    - ``logger``: the name of the logger
    - ``message``: the message with its arguments
    - ``request_id``: the ID that `request_id` or ``extra`` sets, if any
    - ``exception``: of a record with ``exc_info``, an object with ``type``, ``message`` and
      ``traceback``
    - ``stack``: of a record with ``stack_info``, the stack
    - the fields of ``extra``; one that has a name from above gets a ``_`` after it

    What JSON cannot represent is its ``str``, and a NaN or infinity is its name. Values that are
    nested more than 8 deep are their ``str`` as well.

    Example:
        >>> import json, logging
        >>> from fastly_compute.log import JSONFormatter
        >>> values = {"name": "shop", "levelname": "INFO", "msg": "sold %s", "args": ("tea",)}
        >>> line = JSONFormatter().format(logging.makeLogRecord({**values, "cents": 250}))
        >>> fields = json.loads(line)
        >>> fields["message"], fields["level"], fields["cents"]
        ('sold tea', 'INFO', 250)
    """

    def __init__(self) -> None:
        super().__init__()

    def format(self, record: logging.LogRecord) -> str:
        """Return a record as a line of JSON.

        Args:
            record: The record.

        Returns:
            The line, without a newline at its end or inside.
        """
        fields: dict[str, JSON] = {
            "time": _time(record.created),
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
        }
        extra = {key: value for key, value in vars(record).items() if key not in _OWN}
        request = extra.pop("request_id", None)
        if request is None:
            request = current()
        if request is not None:
            fields["request_id"] = _plain(request)
        if (exception := self._exception(record)) is not None:
            fields["exception"] = exception
        if record.stack_info:
            fields["stack"] = self.formatStack(record.stack_info)
        taken = {*_KEYS, *extra}
        for key, value in extra.items():
            name = key
            while name in _KEYS or (name != key and name in taken):
                name += "_"
            taken.add(name)
            fields[name] = _plain(value)
        return json.dumps(fields, ensure_ascii=False, separators=(",", ":"))

    def _exception(self, record: logging.LogRecord) -> JSON:
        info = record.exc_info
        if isinstance(info, tuple) and info[0] is not None:
            kind, error, _ = info
            return {
                "type": f"{kind.__module__}.{kind.__qualname__}".removeprefix("builtins."),
                "message": _text(error),
                "traceback": self.formatException(info),
            }
        # Another formatter, or a QueueHandler, has it as text only.
        return {"traceback": record.exc_text} if record.exc_text else None


def _time(created: float) -> str:
    at = datetime.fromtimestamp(created, UTC)
    return at.isoformat(timespec="milliseconds").removesuffix("+00:00") + "Z"


def _text(value: object) -> str:
    try:
        return str(value)
    except Exception:
        return f"<{type(value).__name__} whose str() failed>"


def _plain(value: object, outer: tuple[object, ...] = ()) -> JSON:
    """Make a value one that JSON can represent; *outer* are the containers around it."""
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, str):
        return str.__str__(value)
    if isinstance(value, int):
        # Python refuses to write thousands of digits in decimal.
        return int(value) if value.bit_length() <= 1024 else hex(value)
    if isinstance(value, float):
        return float(value) if math.isfinite(value) else str(float(value))
    if isinstance(value, bytes | bytearray):
        return value.decode(errors="backslashreplace")
    if len(outer) < _DEEPEST and not any(value is container for container in outer):
        inside = (*outer, value)
        if isinstance(value, Mapping):
            return {_text(key): _plain(item, inside) for key, item in value.items()}
        if isinstance(value, list | tuple | Set):
            return [_plain(item, inside) for item in value]
    return _text(value)
