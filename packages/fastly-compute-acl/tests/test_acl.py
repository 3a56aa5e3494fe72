import json
import pickle
import re
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fastly_compute import acl, core
from fastly_compute.acl import Acl, AclError, Action, InvalidMatch, InvalidName, Match
from fastly_compute.acl.errors import CLASSES

PACKAGE = Path(__file__).parents[1]
WIT = PACKAGE.parent / "fastly-compute-cli/src/fastly_compute/cli/wit/deps/compute.wit"


@given(st.text(min_size=256, max_size=1000) | st.just(""))
def test_a_name_of_another_length_is_refused_before_the_host_is_called(name):
    with pytest.raises(InvalidName) as caught:
        Acl.open(name)
    assert str(caught.value) == f"an ACL's name has 1 to 255 characters, not {len(name)}"
    assert isinstance(caught.value, ValueError)


def test_a_name_with_a_lone_surrogate_is_refused():
    with pytest.raises(InvalidName, match=r"^an ACL's name must not have a lone surrogate$"):
        Acl.open("visitors\ud800")


@pytest.mark.parametrize("name", [None, 1, b"visitors"])
def test_a_name_must_be_text(name):
    kind = type(name).__name__
    with pytest.raises(TypeError, match=rf"^an ACL's name must be a str, not {kind}$"):
        Acl.open(name)


def test_a_list_cannot_be_created_directly():
    with pytest.raises(TypeError, match=r"^Acl cannot be created directly: use Acl\.open$"):
        Acl()


TEXT = st.text(min_size=1)


@given(TEXT, TEXT)
def test_every_entry_is_read_and_its_action_kept(prefix, action):
    answer = json.dumps({"prefix": prefix, "action": action, "more": 1}).encode()
    found = Match._from_json(answer)

    assert found == Match(prefix=prefix, action=Action(action))
    assert found.action == action
    assert found.action.is_known is (action in {"ALLOW", "BLOCK"})


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        (b"", "it is not JSON ("),
        (b"\xff", "it is not JSON ("),
        (b"[" * 200_000, "it is not JSON ("),
        (b"[]", "it is not a JSON object"),
        (b"{}", "prefix is None, not text"),
        (b'{"prefix": 1, "action": "BLOCK"}', "prefix is 1, not text"),
        (b'{"prefix": "::/1", "action": ""}', "action is '', not text"),
        (b'{"prefix": "::/1", "action": null}', "action is None, not text"),
    ],
)
def test_an_answer_that_cannot_be_read_is_an_error(answer, why):
    with pytest.raises(InvalidMatch) as caught:
        Match._from_json(answer)
    assert caught.value.why.startswith(why)
    assert str(caught.value).startswith(f"cannot read the host's answer to an ACL lookup: {why}")


def test_every_error_of_the_wit_becomes_an_error_of_this_package():
    assert set(CLASSES) == {*core.errors.CLASSES, "too-many-requests"}
    for case, kind in CLASSES.items():
        error = kind("acl.open", case=case, subject="visitors")

        assert isinstance(error, AclError)
        assert isinstance(error, core.HostError)
        assert f"({case})" in str(error)
    for case in ("not-found", "unsupported"):
        assert issubclass(CLASSES[case], core.errors.CLASSES[case])
    for case in ("invalid-syntax", "name-too-long", "reserved"):
        assert issubclass(CLASSES[case], ValueError)


@pytest.mark.parametrize(
    "error",
    [
        InvalidName("an ACL's name has 1 to 255 characters, not 0"),
        acl.InvalidAddress("invalid IP address: 'x'"),
        InvalidMatch("it is not a JSON object"),
        acl.AclTooManyRequests("acl.lookup", case="too-many-requests", subject="visitors/::1"),
    ],
)
def test_errors_keep_their_attributes_when_they_are_pickled(error):
    again = pickle.loads(pickle.dumps(error))

    assert type(again) is type(error)
    assert str(again) == str(error)
    assert vars(again) == vars(error)


def test_everything_that_the_wit_offers_is_used():
    text = WIT.read_text(encoding="utf-8")
    (interface,) = re.findall(r"^interface acl \{$(.*?)^\}$", text, re.DOTALL | re.MULTILINE)
    functions = re.findall(r"^ +([a-z-]+): (?:static )?func", interface, re.MULTILINE)

    assert functions == ["open", "lookup"]
    code = Path(acl.__file__).with_name("_wit.py").read_text(encoding="utf-8")
    assert all(f".{function}(" in code for function in functions)
    (cases,) = re.findall(r"enum acl-error \{(.*?)\}", interface, re.DOTALL)
    assert set(re.findall(r"[a-z-]+", cases)) <= set(CLASSES)


def run(code):
    """Run code in a new interpreter, and return its output."""
    return subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    ).stdout


def test_the_package_can_be_imported_without_a_host_and_without_heavy_modules():
    printed = run(
        "import sys; before = set(sys.modules); import fastly_compute.acl\n"
        "print(sorted({'asyncio', 'logging', 'email', 'ssl', 'socket', 'wit_world',"
        " 'fastly_compute.local'} & (set(sys.modules) - before)))"
    )

    assert printed == "[]\n"


def test_a_list_without_a_host_says_so():
    printed = run(
        "from fastly_compute import acl, core\n"
        "try:\n"
        "    acl.Acl.open('visitors')\n"
        "except core.HostUnavailable as error:\n"
        "    print(error)\n"
    )

    assert " needs a Fastly Compute host" in printed
