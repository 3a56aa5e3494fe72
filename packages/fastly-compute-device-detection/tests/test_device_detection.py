import pickle
import re
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fastly_compute import core, device_detection
from fastly_compute.device_detection import (
    Device,
    DeviceDetectionError,
    InvalidDeviceData,
    InvalidUserAgent,
    OperatingSystem,
    UserAgent,
    lookup,
)
from fastly_compute.device_detection.errors import CLASSES
from fastly_compute.device_detection.fields import Fields

PACKAGE = Path(__file__).parents[1]
WIT = PACKAGE.parent / "fastly-compute-cli/src/fastly_compute/cli/wit/deps/compute.wit"


@given(st.text(), st.characters(categories=["Cs"]), st.text())
def test_what_is_not_unicode_is_refused_before_the_host_is_called(before, surrogate, after):
    with pytest.raises(InvalidUserAgent, match=r"^a User-Agent must not have a lone surrogate$"):
        lookup(before + surrogate + after)


@pytest.mark.parametrize("user_agent", [None, 1, b"Agent/1.0"])
def test_a_user_agent_must_be_text(user_agent):
    kind = type(user_agent).__name__
    with pytest.raises(TypeError, match=rf"^a User-Agent must be a str, not {kind}$"):
        lookup(user_agent)


def test_nothing_is_known_of_an_empty_user_agent_and_no_host_is_called():
    assert lookup("") is None


@given(st.none() | st.text(min_size=1), st.none() | st.booleans())
def test_what_is_there_is_read(text, flag):
    fields = Fields({"name": text, "is_bot": flag})

    assert (fields.text("name"), fields.flag("is_bot")) == (text, flag)


def test_what_is_absent_is_none():
    fields = Fields({"name": ""})

    assert (fields.text("name"), fields.text("x"), fields.flag("x")) == (None, None, None)
    assert fields.group("x").text("name") is None


@pytest.mark.parametrize(
    ("read", "value", "why"),
    [
        ("text", 7, "7 is not text"),
        ("text", False, "False is not text"),
        ("flag", 1, "1 is not true or false"),
        ("flag", "true", "'true' is not true or false"),
        ("group", [], "[] is not a JSON object"),
        ("group", "os", "'os' is not a JSON object"),
    ],
)
def test_a_value_of_another_kind_is_an_error_that_names_it(read, value, why):
    with pytest.raises(InvalidDeviceData) as caught:
        getattr(Fields({"os": {"name": value}}).group("os"), read)("name")
    assert (caught.value.field, caught.value.why) == ("os.name", why)
    assert str(caught.value) == f"cannot read the host's device data of os.name: {why}"


@pytest.mark.parametrize("answer", ["{", "[]", "null"])
def test_an_answer_that_is_not_an_object_is_an_error(answer):
    with pytest.raises(InvalidDeviceData, match=r"^cannot read the host's device data: it is not"):
        Fields.from_json(answer)


def test_all_is_absent_by_default_and_nothing_can_be_set():
    nothing = Device()

    assert nothing == Device(os=OperatingSystem(), user_agent=UserAgent())
    for part in (nothing.os, nothing.user_agent):
        assert {getattr(part, name) for name in part.__dataclass_fields__} == {None}
    with pytest.raises(AttributeError):
        nothing.brand = "Example"


def test_every_error_of_the_wit_becomes_an_error_of_this_package():
    assert set(CLASSES) == set(core.errors.CLASSES)
    for case, kind in CLASSES.items():
        error = kind("device-detection.lookup", case=case)

        assert isinstance(error, DeviceDetectionError)
        assert isinstance(error, core.HostError)
        assert f"({case})" in str(error)
    assert issubclass(CLASSES["unsupported"], core.Unsupported)


@pytest.mark.parametrize(
    "error",
    [
        InvalidUserAgent("a User-Agent must not have a lone surrogate"),
        InvalidDeviceData("os.name", "7 is not text"),
        device_detection.DeviceLookupFailed("device-detection.lookup", case="generic-error"),
    ],
)
def test_errors_keep_their_attributes_when_they_are_pickled(error):
    again = pickle.loads(pickle.dumps(error))

    assert type(again) is type(error)
    assert str(again) == str(error)
    assert vars(again) == vars(error)


def test_everything_that_the_wit_offers_is_used():
    text = WIT.read_text(encoding="utf-8")
    pattern = r"^interface device-detection \{$(.*?)^\}$"
    (interface,) = re.findall(pattern, text, re.DOTALL | re.MULTILINE)

    assert re.findall(r"^  ([a-z-]+): (?:static )?func", interface, re.MULTILINE) == ["lookup"]
    code = Path(device_detection.__file__).with_name("_wit.py").read_text(encoding="utf-8")
    assert "device_detection.lookup(" in code


def test_every_field_is_in_the_readme():
    readme = (PACKAGE / "README.md").read_text(encoding="utf-8")
    kinds = (Device, OperatingSystem, UserAgent)
    fields = {name for kind in kinds for name in kind.__dataclass_fields__}

    for name in fields:
        assert f"`{name}`" in readme


def run(code):
    """Run code in a new interpreter, and return its output."""
    return subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    ).stdout


def test_the_package_can_be_imported_without_a_host_and_without_heavy_modules():
    printed = run(
        "import sys; before = set(sys.modules); import fastly_compute.device_detection\n"
        "print(sorted({'asyncio', 'logging', 'email', 'ssl', 'socket', 'wit_world',"
        " 'fastly_compute.local'} & (set(sys.modules) - before)))"
    )

    assert printed == "[]\n"


def test_a_lookup_without_a_host_says_so():
    printed = run(
        "from fastly_compute import core, device_detection\n"
        "try:\n"
        "    device_detection.lookup('Agent/1.0')\n"
        "except core.HostUnavailable as error:\n"
        "    print(error)\n"
    )

    assert " needs a Fastly Compute host" in printed
