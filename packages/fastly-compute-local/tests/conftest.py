"""Loads the host first: it brings `wit_world`, which the tests import."""

import fastly_compute.local  # noqa: F401
