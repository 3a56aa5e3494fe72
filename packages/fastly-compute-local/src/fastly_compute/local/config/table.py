"""Strict reading of a TOML table: known keys, right types, errors with the location."""

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

_BARE_KEY = re.compile(r"[A-Za-z0-9_-]+")
_TOML_TYPES = {
    bool: "a boolean",
    int: "an integer",
    float: "a float",
    str: "a string",
    list: "an array",
    dict: "a table",
    type(None): "null",
}


class ConfigError(ValueError):
    """A configuration file is invalid; one line names the file, the key and the rule."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """The origin of a configuration.

    Attributes:
        name: The name that error messages show, usually the file's.
        base: The folder that relative file names are resolved against.
    """

    name: str
    base: Path

    def read(self, file: str) -> bytes:
        """Read a file that the configuration refers to.

        Viceroy looks in the working directory only. Here the configuration's folder takes
        precedence, so that a project can be run from anywhere.

        Raises:
            OSError: The file is in neither folder, or cannot be read.
        """
        beside = self.base / file
        if beside.exists():
            return beside.read_bytes()
        here = Path.cwd() / file
        if here.exists():
            return here.read_bytes()
        places = sorted({str(beside.parent.resolve()), str(here.parent.resolve())})
        raise FileNotFoundError(f"no such file in {' or '.join(places)}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """One table of the file.

    Attributes:
        source: The origin of the file.
        path: The table's dotted name, such as `local_server.backends.origin`.
        values: The contents, as `tomllib` returns them.
    """

    source: Source
    path: str
    values: Mapping[str, object]

    def error(self, key: str | None, rule: str, *, shown: str = "") -> ConfigError:
        """Make the error for a key of this table, or for the table itself."""
        what = f" {_dotted(key)}" if key is not None else ""
        value = f" = {shown}" if shown else ""
        return ConfigError(f"{self.source.name}: [{self.path}]{what}{value}: {rule}")

    def only(self, known: Iterable[str]) -> None:
        """Refuse unknown keys."""
        names = sorted(known)
        for key in self.values:
            if key not in names:
                raise self.error(key, f"unknown key; known keys: {', '.join(names)}")

    def one_of(self, *keys: str) -> str:
        """Return which of some keys is given; none or several are refused."""
        given = [key for key in keys if key in self.values]
        if len(given) != 1:
            found = " and ".join(given) if given else "none of them"
            raise self.error(None, f"needs exactly one of {', '.join(keys)}; found {found}")
        return given[0]

    def text(self, key: str) -> str | None:
        """Get a string, or None if the key is missing."""
        value = self.values.get(key)
        if value is None or isinstance(value, str):
            return value
        raise self.wrong_type(key, "a string", value)

    def required_text(self, key: str) -> str:
        """Get a required string."""
        value = self.text(key)
        if value is None:
            raise self.error(key, "is missing")
        return value

    def boolean(self, key: str, *, default: bool) -> bool:
        """Get a boolean."""
        value = self.values.get(key, default)
        if isinstance(value, bool):
            return value
        raise self.wrong_type(key, "true or false", value)

    def integer(self, key: str) -> int | None:
        """Get an integer, or None if the key is missing."""
        value = self.values.get(key)
        if value is None or (isinstance(value, int) and not isinstance(value, bool)):
            return value
        raise self.wrong_type(key, "an integer", value)

    def texts(self, key: str) -> tuple[str, ...]:
        """Get an array of strings, empty if the key is missing."""
        value = self.values.get(key, [])
        if not isinstance(value, list):
            raise self.wrong_type(key, "an array", value)
        for item in value:
            if not isinstance(item, str):
                raise self.wrong_type(key, "an array of strings only", item)
        return tuple(value)

    def table(self, key: str) -> "Table | None":
        """Get the table under a key, or None if the key is missing."""
        if key not in self.values:
            return None
        return self.inner(key, self.values[key])

    def section(self, key: str) -> "Table":
        """Get the table under a key, empty if the key is missing."""
        return self.inner(key, self.values.get(key, {}))

    def tables(self) -> "Iterator[tuple[str, Table]]":
        """Iterate over a table in which every value is a table."""
        for key, value in self.values.items():
            yield key, self.inner(key, value)

    def inner(self, key: str, value: object) -> "Table":
        """Wrap a value found under a key as a table."""
        if not isinstance(value, dict):
            raise self.wrong_type(key, "a table", value)
        return Table(source=self.source, path=f"{self.path}.{_dotted(key)}", values=value)

    def file(self, key: str) -> bytes:
        """Read the file that a key names."""
        name = self.required_text(key)
        try:
            return self.source.read(name)
        except (OSError, ValueError) as err:
            reason = getattr(err, "strerror", None) or str(err)
            raise self.error(key, reason, shown=json.dumps(name)) from None

    def file_text(self, key: str) -> str:
        """Read the file that a key names as UTF-8."""
        try:
            return self.file(key).decode()
        except UnicodeDecodeError as err:
            shown = json.dumps(self.required_text(key))
            rule = f"the file is not UTF-8 (byte {err.start})"
            raise self.error(key, rule, shown=shown) from None

    def file_object(self, key: str) -> "Table":
        """Read the file that a key names as a JSON object."""
        shown = json.dumps(self.required_text(key))
        try:
            values = json.loads(self.file_text(key))
        except json.JSONDecodeError as err:
            rule = f"not valid JSON at line {err.lineno}, column {err.colno}: {err.msg}"
            # The cause would carry the whole text, secrets included.
            raise self.error(key, rule, shown=shown) from None
        if not isinstance(values, dict):
            raise self.error(key, "the file must hold one JSON object", shown=shown)
        return Table(source=self.source, path=f"{self.path}.{_dotted(key)}", values=values)

    def file_strings(self, key: str) -> dict[str, str]:
        """Read the file that a key names as a JSON object of strings."""
        strings: dict[str, str] = {}
        for name, value in self.file_object(key).values.items():
            if not isinstance(value, str):
                rule = f"the value of {json.dumps(name)} in the file must be a string"
                raise self.error(key, rule, shown=json.dumps(self.required_text(key)))
            strings[name] = value
        return strings

    def wrong_type(self, key: str, wanted: str, value: object) -> ConfigError:
        """Make the error for a value of the wrong type, without the value: it may be secret."""
        found = _TOML_TYPES.get(type(value), "a date or time")
        return self.error(key, f"must be {wanted}, not {found}")


def _dotted(key: str) -> str:
    return key if _BARE_KEY.fullmatch(key) else json.dumps(key)
