"""The same is done with the real `requests` and with ours, and compared: see tests/differential.

What may differ is listed, with the reason, in tests/differential/differences.toml.
"""

import importlib
import io
import pkgutil
import re
import subprocess
import sys
import tomllib
import types
from operator import attrgetter
from pathlib import Path

import pytest
import requests as real

from fastly_compute import requests as ours
from fastly_compute.requests.refused import REFUSED

HERE = Path(__file__).parent

sys.path.insert(0, str(HERE / "support"))
try:
    from differences import Differences
    from differential_runs import APP, NAMES, running
finally:
    sys.path.remove(str(HERE / "support"))

pytestmark = pytest.mark.xdist_group("requests-differential")

LISTED = tomllib.loads((APP / "differences.toml").read_text())
DIFFERENCES = Differences(LISTED["difference"])


@pytest.fixture(scope="module")
def runs(servers):
    with running(lambda host: servers.get(host, APP, "differential_app")) as runs:
        yield runs


@pytest.mark.parametrize("name", NAMES)
def test_ours_does_what_requests_does(runs, host, name):
    assert not DIFFERENCES.unexplained(runs, host, name)


def test_every_difference_that_is_listed_is_there(runs, host):
    assert not DIFFERENCES.unused(runs, host)


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
