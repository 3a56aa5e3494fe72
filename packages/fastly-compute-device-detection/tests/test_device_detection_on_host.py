from pathlib import Path

import pytest

from fastly_compute.core import HostUnavailable, Unsupported
from fastly_compute.device_detection import (
    Device,
    DeviceLookupFailed,
    InvalidDeviceData,
    OperatingSystem,
    UserAgent,
    lookup,
)
from fastly_compute.local import Host

DEVICE = {
    "name": "Example Phone",
    "brand": "Example",
    "model": "E1",
    "hwtype": "Mobile Phone",
    "is_desktop": False,
    "is_ereader": False,
    "is_gameconsole": False,
    "is_mediaplayer": True,
    "is_mobile": True,
    "is_smarttv": False,
    "is_tablet": False,
    "is_touchscreen": True,
    "is_tvplayer": False,
}
SYSTEM = {"name": "iOS", "major": "18", "minor": "1", "patch": "2", "patch_minor": "3"}
AGENT = {
    "name": "Firefox",
    "major": "140",
    "minor": "0",
    "patch": "1",
    "bot_name": "bot",
    "is_bot": True,
    "is_downloader": False,
    "is_feedreader": False,
    "identified": True,
}


def test_all_that_is_known_is_read(compute_host):
    compute_host.devices["Agent/1.0"] = {"device": DEVICE, "os": SYSTEM, "user_agent": AGENT}

    assert lookup("Agent/1.0") == Device(
        **DEVICE, os=OperatingSystem(**SYSTEM), user_agent=UserAgent(**AGENT)
    )
    assert {*DEVICE, "os", "user_agent"} == set(Device.__dataclass_fields__)
    assert set(SYSTEM) == set(OperatingSystem.__dataclass_fields__)
    assert set(AGENT) == set(UserAgent.__dataclass_fields__)


def test_what_is_not_known_is_none(compute_host):
    compute_host.devices["Agent/1.0"] = {"device": {"brand": "Example", "new": 1}}

    assert lookup("Agent/1.0") == Device(brand="Example")
    assert lookup("Agent/2.0") is None
    assert lookup("") is None


def test_a_user_agent_can_be_any_text(compute_host):
    compute_host.devices["Ägent/1.0 😀"] = {"os": {"name": "größe"}}

    assert lookup("Ägent/1.0 😀").os.name == "größe"


def test_an_answer_of_any_size_is_read(compute_host):
    compute_host.devices["Agent/1.0"] = {"device": {"name": "x" * 100_000}}
    compute_host.tiny_buffers()

    assert len(lookup("Agent/1.0").name) == 100_000


def test_a_host_that_refuses_is_an_error(compute_host):
    compute_host.fail("device-detection", "lookup", "generic-error", on_call=1)
    compute_host.fail("device-detection", "lookup", "unsupported", on_call=2)

    with pytest.raises(DeviceLookupFailed) as caught:
        lookup("Agent/1.0")
    assert str(caught.value) == (
        "device-detection.lookup failed: the host gave no reason (generic-error)"
    )
    with pytest.raises(Unsupported):
        lookup("Agent/1.0")
    assert lookup("Agent/1.0") is None


def test_an_answer_that_cannot_be_read_names_the_field(compute_host):
    compute_host.devices["Agent/1.0"] = {"os": {"major": 18}}

    with pytest.raises(InvalidDeviceData, match=r"of os\.major: 18 is not text$"):
        lookup("Agent/1.0")


def test_nothing_is_looked_up_while_no_request_is_being_handled():
    with Host(), pytest.raises(HostUnavailable):
        lookup("Agent/1.0")


def test_the_example_of_the_readme_runs(capsys):
    readme = (Path(__file__).parents[1] / "README.md").read_text(encoding="utf-8")
    example = readme.partition("```python\n")[2].partition("```")[0]

    exec(compile(example, "README.md", "exec"), {"__name__": "readme"})
    assert capsys.readouterr().out == "narrow wide\n"
