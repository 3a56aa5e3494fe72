"""Runs an app in this very interpreter: the fastest loop, and the easiest to debug."""

import importlib
import sys
import traceback
from pathlib import Path
from typing import Any

from componentize_py_types import Err

from fastly_compute.local.host import GuestFailed
from fastly_compute.local.interfaces.http_body import Body
from fastly_compute.local.interfaces.http_req import Request
from fastly_compute.local.sandbox import Sandbox
from fastly_compute.local.trap import Trap


class NativeApp:
    """An app whose modules are imported here.

    Args:
        incoming: What the app's entry module calls ``HttpIncoming``.
    """

    def __init__(self, incoming: Any) -> None:
        self._incoming = incoming

    @classmethod
    def load(cls, entry: str, folder: Path) -> "NativeApp":
        """Import an app's entry module.

        Args:
            entry: The module's name.
            folder: Where it is; the folder is put first on the path.

        Raises:
            ImportError: There is no such module, or it has no ``HttpIncoming``.
            Exception: Whatever the module raises.
        """
        if str(folder) not in sys.path:
            sys.path.insert(0, str(folder))
        module = importlib.import_module(entry)
        if not hasattr(module, "HttpIncoming"):
            raise ImportError(f"module {entry!r} has no HttpIncoming", name=entry)
        return cls(module.HttpIncoming)

    def run(self, sandbox: Sandbox) -> None:
        """Serve the sandbox's request."""
        request = Request.of(sandbox.incoming)
        body = Body(sandbox.incoming.body, content_length=sandbox.incoming.content_length)
        try:
            self._incoming().handle(request, body)
        except Err as err:
            raise GuestFailed("the app's handle returned an error") from err
        except Trap as trap:
            self._show(sandbox)
            raise GuestFailed(f"the app trapped: {trap}") from trap
        except Exception as error:
            self._show(sandbox)
            raise GuestFailed("the app raised an exception; its log has the traceback") from error
        finally:
            request.drop()
            body.drop()

    def _show(self, sandbox: Sandbox) -> None:
        for line in traceback.format_exc().splitlines():
            sandbox.host.log(line)
