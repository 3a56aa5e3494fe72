"""The examples of the README do what they say."""

import re
from pathlib import Path

import pytest

README = (Path(__file__).parent.parent / "README.md").read_text(encoding="utf-8")
SNIPPETS = re.findall(r"```python\n(.*?)```", README, re.DOTALL)


def names(number: int) -> dict[str, object]:
    found: dict[str, object] = {}
    exec(SNIPPETS[number], found)
    return found


def test_every_snippet_is_tested() -> None:
    assert len(SNIPPETS) == 2


def test_the_app_is_a_service(host) -> None:
    assert callable(names(0)["handle"])


def test_a_counter_counts(store) -> None:
    store.put("count", "7")
    add_one = names(1)["add_one"]
    add_one(store, "count")

    assert store.get("count").text() == "8"
    with pytest.raises(LookupError, match="no counter 'other'"):
        add_one(store, "other")


def test_a_counter_starts_again_when_another_writer_wins(store, monkeypatch) -> None:
    store.put("count", "7")
    looked_up, get = [], type(store).get

    def get_and_lose(self, key):
        entry = get(self, key)
        looked_up.append(key)
        if len(looked_up) == 1:
            self.put(key, "20")
        return entry

    monkeypatch.setattr(type(store), "get", get_and_lose)
    names(1)["add_one"](store, "count")

    assert get(store, "count").text() == "21"
    assert len(looked_up) == 2
