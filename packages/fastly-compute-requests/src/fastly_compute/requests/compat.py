"""What ``requests.compat`` has: names of Python 3 for programs that ran on Python 2 as well.

Names that need modules which few apps use are imported on first use.
"""

import json
from collections import OrderedDict
from collections.abc import Callable, Mapping, MutableMapping
from importlib import import_module
from io import StringIO
from json import JSONDecodeError
from typing import Any
from urllib.parse import (
    quote,
    quote_plus,
    unquote,
    unquote_plus,
    urldefrag,
    urlencode,
    urljoin,
    urlparse,
    urlsplit,
    urlunparse,
)

from fastly_compute.requests.refused import module_getattr

__all__ = [
    "Callable",
    "JSONDecodeError",
    "Mapping",
    "MutableMapping",
    "OrderedDict",
    "StringIO",
    "basestring",
    "builtin_str",
    "bytes",
    "chardet",
    "has_simplejson",
    "integer_types",
    "is_py2",
    "is_py3",
    "is_urllib3_1",
    "json",
    "numeric_types",
    "quote",
    "quote_plus",
    "str",
    "unquote",
    "unquote_plus",
    "urldefrag",
    "urlencode",
    "urljoin",
    "urlparse",
    "urlsplit",
    "urlunparse",
]

is_py2 = False
is_py3 = True
is_urllib3_1 = False
has_simplejson = False
chardet = None
builtin_str = str
str = str  # noqa: A001 - requests' name
bytes = bytes  # noqa: A001 - requests' name
basestring = (str, bytes)
numeric_types = (int, float)
integer_types = (int,)

_LATER: dict[str, Callable[[], Any]] = {
    "Morsel": lambda: import_module("http.cookies").Morsel,
    "cookielib": lambda: import_module("http.cookiejar"),
    "getproxies": lambda: import_module("urllib.request").getproxies,
    "getproxies_environment": lambda: import_module("urllib.request").getproxies_environment,
    "parse_http_list": lambda: import_module("urllib.request").parse_http_list,
    "proxy_bypass": lambda: import_module("urllib.request").proxy_bypass,
    "proxy_bypass_environment": lambda: import_module("urllib.request").proxy_bypass_environment,
}
__getattr__ = module_getattr("compat", _LATER)
