import json
import pickle
import re
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fastly_compute import core, geo
from fastly_compute.geo import ConnSpeed, Continent, Geo, GeoError, InvalidAddress, InvalidGeoData
from fastly_compute.geo.errors import CLASSES
from fastly_compute.geo.fields import Fields

PACKAGE = Path(__file__).parents[1]
WIT = PACKAGE.parent / "fastly-compute-cli/src/fastly_compute/cli/wit/deps/compute.wit"
README = (PACKAGE / "README.md").read_text(encoding="utf-8")


@given(st.text(alphabet="0123456789abcdef.:%/ ", max_size=12).filter(lambda text: ":" not in text))
def test_what_is_not_an_address_is_refused_before_the_host_is_called(text):
    if re.fullmatch(r"(\d{1,3}\.){3}\d{1,3}", text):
        return
    with pytest.raises(InvalidAddress, match=r"^invalid IP address: ") as caught:
        geo.lookup(text)
    assert isinstance(caught.value, ValueError)
    assert isinstance(caught.value, GeoError)


@pytest.mark.parametrize("address", [None, 2130706433, b"127.0.0.1"])
def test_an_address_must_be_text_or_an_object(address):
    with pytest.raises(TypeError, match=r"^an IP address must be a str or an ipaddress object"):
        geo.lookup(address)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (0, timedelta()),
        (200, timedelta(hours=2)),
        (-700, timedelta(hours=-7)),
        (-330, -timedelta(hours=3, minutes=30)),
        (1245, timedelta(hours=12, minutes=45)),
        (9999, None),
        (None, None),
    ],
)
def test_an_offset_is_hours_and_minutes(value, expected):
    assert Fields({"utc_offset": value}).offset("utc_offset") == expected


@given(st.integers(-23, 23), st.integers(0, 59))
def test_every_offset_is_read(hours, minutes):
    sign = -1 if hours < 0 else 1
    found = Fields({"o": sign * (abs(hours) * 100 + minutes)}).offset("o")

    assert found == sign * timedelta(hours=abs(hours), minutes=minutes)


@pytest.mark.parametrize("value", ["?", "", None])
def test_text_that_stands_for_absent_data_is_none(value):
    assert Fields({"city": value}).text("city") is None
    assert Fields({"conn_speed": value}).member("conn_speed", ConnSpeed) is None
    assert Fields({}).text("city") is None


@pytest.mark.parametrize("value", [0, -1, None])
def test_a_number_that_stands_for_absent_data_is_none(value):
    assert Fields({"metro_code": value}).number("metro_code") is None


@pytest.mark.parametrize(
    ("value", "expected"), [(999.9, None), (None, None), (0, 0.0), (-90, -90.0), (59.9, 59.9)]
)
def test_degrees(value, expected):
    found = Fields({"latitude": value}).degrees("latitude", 90)

    assert found == expected
    assert not isinstance(found, int)


def test_a_value_that_an_enum_does_not_list_is_kept():
    found = Fields({"continent": "XX"}).member("continent", Continent)

    assert isinstance(found, Continent)
    assert (found, found.value, found.is_known) == ("XX", "XX", False)


@pytest.mark.parametrize(
    ("read", "value", "why"),
    [
        ("text", 7, "7 is not text"),
        ("text", False, "False is not text"),
        ("number", "7", "'7' is not an integer"),
        ("number", True, "True is not an integer"),
        ("number", 1.0, "1.0 is not an integer"),
        ("offset", 2400, "2400 is not hours and minutes"),
        ("offset", -160, "-160 is not hours and minutes"),
        ("offset", "200", "'200' is not an integer"),
        ("text", ["x" * 1000], "['" + "x" * 98 + " is not text"),
    ],
)
def test_a_value_of_another_kind_is_an_error(read, value, why):
    with pytest.raises(InvalidGeoData) as caught:
        getattr(Fields({"it": value}), read)("it")
    assert str(caught.value) == f"cannot read the host's geographic data of it: {why}"
    assert (caught.value.field, caught.value.why) == ("it", why)


@pytest.mark.parametrize("value", [True, "1.5", 90.1, -91, float("nan"), float("inf")])
def test_degrees_that_are_none_are_an_error(value):
    with pytest.raises(InvalidGeoData, match=r"^cannot read the host's geographic data of it: "):
        Fields({"it": value}).degrees("it", 90)


@given(st.text().filter(lambda text: not text.strip().startswith("{")))
def test_an_answer_that_is_not_an_object_is_an_error(answer):
    with pytest.raises(InvalidGeoData, match=r"^cannot read the host's geographic data: it is not"):
        Fields.from_json(answer)


def test_an_answer_that_nests_too_deeply_is_an_error():
    with pytest.raises(InvalidGeoData, match="it is not JSON"):
        Fields.from_json("[" * 200_000)


@given(st.dictionaries(st.text(), st.integers() | st.text()))
def test_every_object_is_read(values):
    assert Fields.from_json(json.dumps(values))._values == values


def test_all_is_absent_by_default_and_nothing_can_be_set():
    nothing = Geo()

    assert {getattr(nothing, name) for name in Geo.__dataclass_fields__} == {None}
    with pytest.raises(AttributeError):
        nothing.city = "Oslo"
    with pytest.raises(TypeError):
        Geo("AS")


def test_every_error_of_the_wit_becomes_an_error_of_this_package():
    assert set(CLASSES) == set(core.errors.CLASSES)
    for case, kind in CLASSES.items():
        error = kind("geo.lookup", case=case, subject="192.0.2.1")

        assert isinstance(error, GeoError)
        assert isinstance(error, core.HostError)
        assert f"({case})" in str(error)
    assert issubclass(CLASSES["unsupported"], core.Unsupported)


@pytest.mark.parametrize(
    "error",
    [
        InvalidAddress("invalid IP address: 'x'"),
        InvalidGeoData("city", "7 is not text"),
        geo.GeoUnsupported("geo.lookup", case="unsupported", subject="192.0.2.1"),
    ],
)
def test_errors_keep_their_attributes_when_they_are_pickled(error):
    again = pickle.loads(pickle.dumps(error))

    assert type(again) is type(error)
    assert str(again) == str(error)
    assert vars(again) == vars(error)


def test_everything_that_the_wit_offers_is_used():
    text = WIT.read_text(encoding="utf-8")
    (interface,) = re.findall(r"^interface geo \{$(.*?)^\}$", text, re.DOTALL | re.MULTILINE)

    assert re.findall(r"^  ([a-z-]+): (?:static )?func", interface, re.MULTILINE) == ["lookup"]
    assert "geo.lookup(" in Path(geo.__file__).with_name("_wit.py").read_text(encoding="utf-8")


def test_every_field_is_in_the_readme():
    for name in Geo.__dataclass_fields__:
        assert f"`{name}`" in README


def run(code):
    """Run code in a new interpreter, and return its output."""
    return subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    ).stdout


def test_the_package_can_be_imported_without_a_host_and_without_heavy_modules():
    printed = run(
        "import sys; before = set(sys.modules); import fastly_compute.geo\n"
        "print(sorted({'asyncio', 'logging', 'email', 'ssl', 'socket', 'wit_world',"
        " 'fastly_compute.local'} & (set(sys.modules) - before)))"
    )

    assert printed == "[]\n"


def test_a_lookup_without_a_host_says_so():
    printed = run(
        "from fastly_compute import core, geo\n"
        "try:\n"
        "    geo.lookup('192.0.2.1')\n"
        "except core.HostUnavailable as error:\n"
        "    print(error)\n"
    )

    assert " needs a Fastly Compute host" in printed
