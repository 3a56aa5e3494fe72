"""urllib3 on Fastly Compute backends, and with it requests, botocore, and `http.client`.

`inject_into_urllib3` lets urllib3 itself, and all libraries above it, send their requests through
the platform's backends. `PoolManager` does so without changing urllib3. `inject_into_http_client`
does the same for `http.client`, and so for `urllib.request`.
"""

from fastly_compute.urllib3.connections import (
    HTTPConnection,
    HTTPConnectionPool,
    HTTPSConnection,
    HTTPSConnectionPool,
)
from fastly_compute.urllib3.patching import (
    extract_from_http_client,
    extract_from_urllib3,
    inject_into_http_client,
    inject_into_urllib3,
)
from fastly_compute.urllib3.pool_manager import PoolManager

__all__ = [
    "HTTPConnection",
    "HTTPConnectionPool",
    "HTTPSConnection",
    "HTTPSConnectionPool",
    "PoolManager",
    "extract_from_http_client",
    "extract_from_urllib3",
    "inject_into_http_client",
    "inject_into_urllib3",
]
