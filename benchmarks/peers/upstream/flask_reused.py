"""The smallest Flask app with the distribution fastly-compute, in sandboxes that are reused."""

from flask_app import app

from fastly_compute.wsgi import WsgiHttpIncoming

HttpIncoming = WsgiHttpIncoming(app, reuse_sandboxes_for_ms=2000)
