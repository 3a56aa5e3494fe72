import pytest
from hypothesis import given
from hypothesis import strategies as st

from fastly_compute.core.texts import utf8_size


@given(st.text())
def test_the_size_is_in_bytes(text):
    assert utf8_size(text, field="a name") == len(text.encode())


@given(st.text(), st.characters(categories=["Cs"]), st.text())
def test_a_lone_surrogate_is_refused_without_showing_the_text(before, surrogate, after):
    with pytest.raises(ValueError, match=r"^a name must not have a lone surrogate$") as caught:
        utf8_size(before + surrogate + after, field="a name")
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__


@pytest.mark.parametrize("text", [None, 1, b"name"])
def test_text_must_be_a_str(text):
    with pytest.raises(TypeError, match=rf"^a name must be a str, not {type(text).__name__}$"):
        utf8_size(text, field="a name")
