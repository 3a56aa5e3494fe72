"""Runs every case with the real `requests` and in an app, and compares what came of each."""

import fnmatch
import json
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import quote, urlsplit

import pytest
import requests as real

APP = Path(__file__).parent.parent / "differential"

sys.path.insert(0, str(APP))
try:
    import cases
    import codings  # noqa: F401 - adds its cases
    import generated  # noqa: F401 - adds its cases
    import locations  # noqa: F401 - adds its cases
    import origin as origins
finally:
    sys.path.remove(str(APP))

HOSTS = ["native", "wasm", "viceroy"]
NAMES = list(cases.CASES)
PIECE = 40


class Runs:
    """What came of each case, by who did it: `real`, or the name of a host.

    Args:
        serve: Serves the app that runs the cases, on a host.
        path: Where the app takes them.
        names: The names of the cases.
    """

    def __init__(self, serve, path, names):
        self._serve = serve
        self._path = path
        self.names = names
        self._found = {}
        self.first = origins.Origin()
        self.second = origins.Origin()

    def of(self, who):
        if who not in self._found:
            self._found[who] = self._run(who)
        return self._found[who]

    def _run(self, who):
        asked = [self._asked(who, index) for index in range(len(self.names))]
        if who == "real":
            outcomes = [cases.outcome(real, *arguments) for arguments in asked]
        else:
            outcomes = self._ask(who, asked)
        return {
            name: self._all(who, index, outcome)
            for index, (name, outcome) in enumerate(zip(self.names, outcomes, strict=True))
        }

    def _asked(self, who, index):
        return [self.names[index], *(f"{o.url}/{who}-{index}" for o in (self.first, self.second))]

    def _ask(self, host, asked):
        app = self._serve(host)
        outcomes = []
        for start in range(0, len(asked), PIECE):
            connection = HTTPConnection(urlsplit(app.url).netloc, timeout=120)
            connection.request("POST", self._path, body=json.dumps(asked[start : start + PIECE]))
            answer = connection.getresponse()
            content = answer.read()
            connection.close()
            assert answer.status == 200, app.lines[-50:]
            outcomes += json.loads(content)
        return outcomes

    def _all(self, who, index, outcome):
        key = f"{who}-{index}"
        seen = {"first": self.first.seen[key], "second": self.second.seen[key]}
        places = {
            f"{self.first.url}/{key}": "{base}",
            f"{self.second.url}/{key}": "{other}",
            self.first.url: "{origin}",
            self.second.url: "{elsewhere}",
            urlsplit(self.first.url).netloc: "{netloc}",
            urlsplit(self.second.url).netloc: "{othernetloc}",
            f"/{key}": "/{who}",
        }
        for _ in range(2):  # a URL may hold another, and that a third
            places |= {quote(place, safe=""): name for place, name in places.items()}
        return origins.plain(json.loads(json.dumps({**outcome, "seen": seen})), places)


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


@contextmanager
def running(serve, path="/", names=NAMES) -> Iterator[Runs]:
    """Run the origins, without what the environment would have `requests` do."""
    kept = {name: os.environ.pop(name) for name in list(os.environ) if "proxy" in name.lower()}
    runs = Runs(serve, path, names)
    with runs.first, runs.second, pytest.MonkeyPatch.context() as patch:
        patch.setenv("NETRC", os.devnull)
        yield runs
    os.environ.update(kept)


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
