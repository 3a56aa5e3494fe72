"""Runs every case with the real `requests` and in an app, and compares what came of each."""

import json
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import requests as real
from differences import places_of, without_proxies

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
        places = places_of(self.first.url, self.second.url, key)
        return origins.plain(json.loads(json.dumps({**outcome, "seen": seen})), places)


@contextmanager
def running(serve, path="/", names=NAMES) -> Iterator[Runs]:
    """Run the origins, without what the environment would have `requests` do."""
    runs = Runs(serve, path, names)
    with without_proxies(), runs.first, runs.second, pytest.MonkeyPatch.context() as patch:
        patch.setenv("NETRC", os.devnull)
        yield runs
