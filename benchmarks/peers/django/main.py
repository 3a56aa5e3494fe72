"""The smallest Django site, a new sandbox for each request."""

from django.conf import settings
from django.core.wsgi import get_wsgi_application
from django.http import HttpRequest, HttpResponse
from django.urls import path

from fastly_compute.wsgi import WsgiHttpIncoming, warm_up

settings.configure(ALLOWED_HOSTS=["*"], ROOT_URLCONF=__name__, SECRET_KEY="for a benchmark")


def hello(request: HttpRequest) -> HttpResponse:
    return HttpResponse("hello")


urlpatterns = [path("", hello)]
app = get_wsgi_application()
warm_up(app, "/")
HttpIncoming = WsgiHttpIncoming(app)
