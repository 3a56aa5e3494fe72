import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fastly_compute.core.answers import json_object


@given(st.dictionaries(st.text(), st.integers() | st.text() | st.booleans() | st.none()))
def test_every_object_is_read(values):
    assert json_object(json.dumps(values)) == values
    assert json_object(json.dumps(values).encode()) == values


@pytest.mark.parametrize("answer", ["", "{", "{]", b"\xff", b"", "[" * 200_000, "1" * 5000])
def test_what_is_not_json_is_refused(answer):
    with pytest.raises(ValueError, match=r"^it is not JSON \(") as caught:
        json_object(answer)
    assert len(str(caught.value)) < 200


@pytest.mark.parametrize("answer", ["[]", "null", "1", '"text"', "true", "NaN"])
def test_what_is_not_an_object_is_refused(answer):
    with pytest.raises(ValueError, match=r"^it is not a JSON object$"):
        json_object(answer)
