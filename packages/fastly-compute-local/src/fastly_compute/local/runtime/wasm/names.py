"""Conversions between the WIT's names and those of the generated bindings."""

import keyword


def snake(name: str) -> str:
    """Return the Python name of a WIT field or function."""
    python = name.replace("-", "_")
    return python + "_" if keyword.iskeyword(python) else python


def camel(name: str) -> str:
    """Return the Python name of a WIT type or case."""
    return "".join(part[:1].upper() + part[1:] for part in name.split("-"))


def kebab(name: str) -> str:
    """Return the WIT name of a Python field or enum member."""
    return name.rstrip("_").lower().replace("_", "-")


def case(value: type) -> str:
    """Return the Python name of the case that a variant's generated class represents."""
    return value.__name__.partition("_")[2].rstrip("_")
