"""The smallest Django site, in sandboxes that are reused."""

from main import app

from fastly_compute.http import Reuse
from fastly_compute.wsgi import WsgiHttpIncoming

HttpIncoming = WsgiHttpIncoming(app, reuse=Reuse())
