"""A Django site at the edge: templates, forms, cookies, files in both directions, a backend."""

import os

os.environ["DJANGO_SETTINGS_MODULE"] = "shop.settings"

import shop.uploads  # noqa: F401 - the settings name it
from django.core.wsgi import get_wsgi_application

from fastly_compute.wsgi import WsgiHttpIncoming, warm_up

app = get_wsgi_application()

# What Django loads when it first needs it has to be here before: a guest has no files.
warm_up(app, "/", "/nowhere")

HttpIncoming = WsgiHttpIncoming(app)
