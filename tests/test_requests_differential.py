"""The same is done with the real `requests` and with ours, and compared: see tests/differential.

What may differ is listed, with the reason, in tests/differential/differences.toml.
"""

import fnmatch
import importlib
import io
import json
import os
import pkgutil
import re
import subprocess
import sys
import tomllib
import types
from http.client import HTTPConnection
from operator import attrgetter
from pathlib import Path
from urllib.parse import quote, urlsplit

import pytest
import requests as real

from fastly_compute import requests as ours
from fastly_compute.requests.refused import REFUSED

HERE = Path(__file__).parent
APP = HERE / "differential"

sys.path.insert(0, str(APP))
try:
    import cases
    import codings  # noqa: F401 - adds its cases
    import generated  # noqa: F401 - adds its cases
    import locations  # noqa: F401 - adds its cases
    import origin as origins
finally:
    sys.path.remove(str(APP))

pytestmark = pytest.mark.xdist_group("requests-differential")

HOSTS = ["native", "wasm", "viceroy"]
NAMES = list(cases.CASES)
PIECE = 40
LISTED = tomllib.loads((APP / "differences.toml").read_text())
DIFFERENCES = LISTED["difference"]


class Runs:
    """What came of each case, by who did it: `real`, or the name of a host."""

    def __init__(self, servers):
        self._servers = servers
        self._found = {}
        self.first = origins.Origin()
        self.second = origins.Origin()

    def of(self, who):
        if who not in self._found:
            self._found[who] = self._run(who)
        return self._found[who]

    def _run(self, who):
        asked = [self._asked(who, index) for index in range(len(NAMES))]
        if who == "real":
            outcomes = [cases.outcome(real, *arguments) for arguments in asked]
        else:
            outcomes = self._ask(who, asked)
        return {
            name: self._all(who, index, outcome)
            for index, (name, outcome) in enumerate(zip(NAMES, outcomes, strict=True))
        }

    def _asked(self, who, index):
        return [NAMES[index], *(f"{o.url}/{who}-{index}" for o in (self.first, self.second))]

    def _ask(self, host, asked):
        app = self._servers.get(host, APP, "differential_app")
        outcomes = []
        for start in range(0, len(asked), PIECE):
            connection = HTTPConnection(urlsplit(app.url).netloc, timeout=120)
            connection.request("POST", "/", body=json.dumps(asked[start : start + PIECE]))
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


@pytest.fixture(scope="module")
def runs(servers):
    kept = {name: os.environ.pop(name) for name in list(os.environ) if "proxy" in name.lower()}
    runs = Runs(servers)
    with runs.first, runs.second, pytest.MonkeyPatch.context() as patch:
        patch.setenv("NETRC", os.devnull)
        yield runs
    os.environ.update(kept)


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


def reason_for(host, name, path, values):
    if host != "native" and path.endswith(".cpython"):
        return "the guest has another CPython"
    for difference in DIFFERENCES:
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


@pytest.mark.parametrize("name", NAMES)
def test_ours_does_what_requests_does(runs, host, name):
    found = differing(runs.of(host)[name], runs.of("real")[name])
    unexplained = {
        path: found[path] for path in found if not reason_for(host, name, path, found[path])
    }

    assert not unexplained


def test_every_difference_that_is_listed_is_there(runs, host):
    used = {
        reason_for(host, name, path, values)
        for name in NAMES
        for path, values in differing(runs.of(host)[name], runs.of("real")[name]).items()
    }

    listed = {d["id"] for d in DIFFERENCES if host in d.get("hosts", HOSTS)}
    assert listed <= used


def test_there_are_enough_cases():
    assert len(NAMES) >= 300


MODULES = [info.name for info in pkgutil.iter_modules(real.__path__) if info.name[0] != "_"]
NOT_ITS_OWN = ("typing", "__future__", "collections", "collections.abc")
ABOUT = [f"__{name}__" for name in ("title", "version", "build", "author", "copyright", "license")]


def answered(package):
    response = package.Response()
    response.status_code, response.raw = 200, io.BytesIO(b"{}")
    return response


OBJECTS = {
    "Request": lambda package: package.Request("GET", "http://a.example/"),
    "PreparedRequest": lambda package: package.PreparedRequest(),
    "Response": lambda package: answered(package),
    "Session": lambda package: package.Session(),
    "BaseAdapter": lambda package: package.adapters.BaseAdapter(),
    "HTTPAdapter": lambda package: package.adapters.HTTPAdapter(),
    "HTTPBasicAuth": lambda package: package.auth.HTTPBasicAuth("user", "pass"),
    "HTTPDigestAuth": lambda package: package.auth.HTTPDigestAuth("user", "pass"),
    "RequestsCookieJar": lambda package: package.cookies.RequestsCookieJar(),
    "CaseInsensitiveDict": lambda package: package.structures.CaseInsensitiveDict(),
}


def names_of(module):
    """The public names of a module of `requests`, those included that it imports from elsewhere."""
    return {
        name
        for name, value in vars(module).items()
        if not name.startswith("_")
        and name != "TYPE_CHECKING"
        and not isinstance(value, types.ModuleType)
        and getattr(value, "__module__", type(value).__module__) not in NOT_ITS_OWN
    }


def names_of_object(thing):
    """The public names of an object, less the constants that it has from the standard library."""
    return {
        name
        for name in dir(thing)
        if not name.startswith("_")
        and (name in vars(thing) or not isinstance(getattr(type(thing), name, None), re.Pattern))
    }


def test_every_name_of_requests_is_here_or_refused_with_a_reason():
    there = {name for name in [*names_of(real), *ABOUT, *MODULES] if not hasattr(ours, name)}
    for module in MODULES:
        mine = getattr(ours, module, None)
        names = names_of(importlib.import_module(f"requests.{module}"))
        there |= {f"{module}.{name}" for name in names if mine and not hasattr(mine, name)}
    for known_as, make in OBJECTS.items():
        theirs, mine = make(real), make(ours)
        names = names_of_object(theirs)
        there |= {f"{known_as}.{name}" for name in names if not hasattr(mine, name)}

    assert there == set(REFUSED)


@pytest.mark.parametrize("name", list(REFUSED))
def test_a_name_that_is_refused_says_why(name):
    place, _, leaf = name.rpartition(".")
    thing = OBJECTS[place](ours) if place in OBJECTS else attrgetter(place)(ours) if place else ours

    with pytest.raises(AttributeError, match=re.escape(REFUSED[name])):
        getattr(thing, leaf)
    if place not in OBJECTS:
        package = ours.__name__ + (f".{place}" if place else "")
        with pytest.raises(ImportError, match=re.escape(leaf)):
            exec(f"from {package} import {leaf}", {})


def test_the_page_on_compatibility_is_current():
    tool = HERE.parent / "tools/requests_compatibility.py"
    checked = subprocess.run([sys.executable, tool, "--check"], capture_output=True, text=True)

    assert (checked.returncode, checked.stdout) == (0, "")
