"""Lists what each module of the standard library has, in the guest."""

import importlib
import sys

from fastly_compute.http import IncomingRequest, Response, service

# Importing these opens a window or a browser, prints a poem, or ends the interpreter.
LEFT_OUT = {"antigravity", "idlelib", "this", "tkinter", "turtle", "turtledemo"}

found: dict[str, list[str] | str] = {}
for name in sorted(set(sys.stdlib_module_names) - LEFT_OUT):
    if not name.startswith("_"):
        try:
            module = importlib.import_module(name)
        except ImportError as error:
            found[name] = str(error)
        else:
            found[name] = sorted({*dir(module), *getattr(module, "__all__", ())})


def handle(request: IncomingRequest) -> Response:
    return Response.json(found)


HttpIncoming = service(handle)
