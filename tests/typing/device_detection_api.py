"""Device detection as a type checker sees it: checked against the installed wheels, never run."""

from typing import assert_type

from fastly_compute import device_detection


def look_up() -> None:
    found = device_detection.lookup("Agent/1.0")
    assert_type(found, device_detection.Device | None)
    device_detection.lookup(None)  # type: ignore[arg-type]
    if found is not None:
        assert_type(found.is_mobile, bool | None)
        assert_type(found.os.name, str | None)
        assert_type(found.user_agent, device_detection.UserAgent)
        found.brand = "Example"  # type: ignore[misc]
