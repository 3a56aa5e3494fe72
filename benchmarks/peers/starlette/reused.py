"""The smallest Starlette app, in sandboxes that are reused."""

from main import app

from fastly_compute.asgi import AsgiHttpIncoming
from fastly_compute.http import Reuse

HttpIncoming = AsgiHttpIncoming(app, reuse=Reuse())
