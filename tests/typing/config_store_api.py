"""The API of config stores as a type checker sees it: never run."""

from typing import assert_type

from fastly_compute.config_store import ConfigStore


def read() -> None:
    with ConfigStore.open("settings") as settings:
        assert_type(settings, ConfigStore)
        assert_type(settings.get("greeting"), str | None)
        assert_type(settings.get("greeting", "hello"), str)
        assert_type(settings.get("greeting", 0), str | int)
        assert_type(settings["greeting"], str)
        assert_type("greeting" in settings, bool)
        settings.get(1)  # type: ignore[call-overload]
        iter(settings)  # type: ignore[call-overload]
