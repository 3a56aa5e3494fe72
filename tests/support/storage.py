"""moto's S3, a real server behind real TLS, that refuses what is not signed."""

import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from botocore.credentials import Credentials
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
from signatures import SignatureCheck
from werkzeug.serving import WSGIRequestHandler, make_server


class Handler(WSGIRequestHandler):
    protocol_version = "HTTP/1.1"

    def log(self, *args: object) -> None:
        pass


@contextmanager
def storage(
    key: str, secret: str, context: ssl.SSLContext | None = None
) -> Iterator[tuple[str, SignatureCheck]]:
    """Run the server.

    Yields:
        Its URL, and what has arrived.
    """
    app: Any = DomainDispatcherApplication(create_backend_app)
    check = SignatureCheck(app, Credentials(key, secret))
    server = make_server(
        "127.0.0.1", 0, check, threaded=True, request_handler=Handler, ssl_context=context
    )
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        scheme = "http" if context is None else "https"
        yield f"{scheme}://127.0.0.1:{server.server_port}", check
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
