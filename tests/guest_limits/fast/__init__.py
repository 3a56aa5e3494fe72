"""A package with a native extension, which the test puts there, and with data."""
