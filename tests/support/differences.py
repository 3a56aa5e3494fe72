"""Compares what came of the same cases twice, with the differences that are listed."""

import fnmatch
import os
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import quote, urlsplit

HOSTS = ["native", "wasm", "viceroy"]


@contextmanager
def without_proxies() -> Iterator[None]:
    """Take the proxies out of the environment, which libraries would use."""
    kept = {name: os.environ.pop(name) for name in list(os.environ) if "proxy" in name.lower()}
    yield
    os.environ.update(kept)


def places_of(first, second, key):
    """Name the URLs of two origins that differ from run to run."""
    places = {
        f"{first}/{key}": "{base}",
        f"{second}/{key}": "{other}",
        first: "{origin}",
        second: "{elsewhere}",
        urlsplit(first).netloc: "{netloc}",
        urlsplit(second).netloc: "{othernetloc}",
        f"/{key}": "/{who}",
    }
    for _ in range(2):  # a URL may hold another, and that a third
        places |= {quote(place, safe=""): name for place, name in places.items()}
    return places


def flat(value, path=""):
    """Every leaf of a value by its path."""
    if isinstance(value, dict) and value:
        return {k: v for key, item in value.items() for k, v in flat(item, f"{path}.{key}").items()}
    if isinstance(value, list) and value:
        return {
            k: v for at, item in enumerate(value) for k, v in flat(item, f"{path}.{at}").items()
        }
    return {path: value}


def differing(mine, theirs):
    mine, theirs = flat(mine), flat(theirs)
    return {
        path: (mine.get(path, "absent"), theirs.get(path, "absent"))
        for path in sorted(mine.keys() | theirs.keys())
        if mine.get(path, "absent") != theirs.get(path, "absent")
    }


class Differences:
    """The differences that are listed in a file, each with its reason."""

    def __init__(self, listed):
        self._listed = listed

    def reason_for(self, host, name, path, values):
        """Return which difference explains what was found at a path, or None."""
        if host != "native" and path.endswith(".cpython"):
            return "the guest has another CPython"
        for difference in self._listed:
            if (
                host in difference.get("hosts", HOSTS)
                and any(
                    fnmatch.fnmatchcase(name, pattern) for pattern in difference.get("cases", ["*"])
                )
                and any(fnmatch.fnmatchcase(path, pattern) for pattern in difference["where"])
                and difference.get("ours", str(values[0])) == str(values[0])
                and difference.get("theirs", str(values[1])) == str(values[1])
            ):
                return difference["id"]
        return None

    def unexplained(self, runs, host, name):
        """Return what differs in a case and is not listed."""
        found = differing(runs.of(host)[name], runs.of("real")[name])
        return {
            path: values
            for path, values in found.items()
            if not self.reason_for(host, name, path, values)
        }

    def unused(self, runs, host):
        """Return the differences that are listed for a host, and that no case shows."""
        used = {
            self.reason_for(host, name, path, values)
            for name in runs.names
            for path, values in differing(runs.of(host)[name], runs.of("real")[name]).items()
        }
        return {d["id"] for d in self._listed if host in d.get("hosts", HOSTS)} - used
