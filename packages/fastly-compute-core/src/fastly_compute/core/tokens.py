"""The syntax of tokens in HTTP."""

import re

TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
"""A header's name or a method (RFC 9110, section 5.6.2)."""
