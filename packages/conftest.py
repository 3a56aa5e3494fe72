"""Loads a host for the tests of all packages: it brings the generated bindings that they import."""

import fastly_compute.local  # noqa: F401
