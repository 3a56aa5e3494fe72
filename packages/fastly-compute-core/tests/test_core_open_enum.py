import copy
import pickle

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fastly_compute.core import OpenEnum


class Speed(OpenEnum):
    CABLE = "cable"
    FIBRE = "fibre"


def test_a_listed_value_is_its_member():
    assert Speed("cable") is Speed.CABLE
    assert Speed.CABLE == "cable"
    assert Speed.CABLE.is_known
    assert list(Speed) == [Speed.CABLE, Speed.FIBRE]


@given(st.text().filter(lambda text: text not in {"cable", "fibre"}))
def test_any_other_text_is_kept(text):
    other = Speed(text)

    assert isinstance(other, Speed)
    assert (other.name, other.value, str(other), f"{other}") == ("OTHER", text, text, text)
    assert other == text == Speed(text)
    assert hash(other) == hash(text)
    assert other not in set(Speed)
    assert not other.is_known
    assert copy.deepcopy(other) == pickle.loads(pickle.dumps(other)) == other
    assert isinstance(pickle.loads(pickle.dumps(other)), Speed)


def test_what_is_not_listed_is_not_added():
    Speed("warp")

    assert [speed.value for speed in Speed] == ["cable", "fibre"]
    assert repr(Speed("warp")) == "<Speed.OTHER: 'warp'>"


@pytest.mark.parametrize("value", [None, 1, b"cable"])
def test_a_value_must_be_text(value):
    with pytest.raises(ValueError, match=r"is not a valid Speed$"):
        Speed(value)
