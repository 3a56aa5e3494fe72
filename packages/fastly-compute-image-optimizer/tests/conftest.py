"""Loads a host first: it brings the generated bindings that the tests import."""

import fastly_compute.local  # noqa: F401
