"""Django, with views of both kinds."""

import asyncio
import hashlib
import sys

from django.conf import settings
from django.core.asgi import get_asgi_application
from django.http import HttpRequest, HttpResponse, JsonResponse, StreamingHttpResponse
from django.urls import path


async def hello(request: HttpRequest, name: str) -> HttpResponse:
    await asyncio.sleep(0)
    return HttpResponse(f"Hello, {name}!")


def blocking(request: HttpRequest) -> HttpResponse:
    return HttpResponse("inline")


async def hashed(request: HttpRequest) -> JsonResponse:
    found = hashlib.sha256(request.body)
    return JsonResponse({"size": len(request.body), "sha256": found.hexdigest()})


async def streamed(request: HttpRequest) -> StreamingHttpResponse:
    async def pieces():
        for number in range(3):
            await asyncio.sleep(0)
            yield f"{number} "

    return StreamingHttpResponse(pieces())


urlpatterns = [
    path("django/hello/<name>", hello),
    path("django/blocking", blocking),
    path("django/hashed", hashed),
    path("django/streamed", streamed),
]
settings.configure(
    ROOT_URLCONF=sys.modules[__name__],
    ALLOWED_HOSTS=["*"],
    USE_I18N=False,
    MIDDLEWARE=[
        "django.middleware.security.SecurityMiddleware",
        "django.middleware.common.CommonMiddleware",
        "django.middleware.clickjacking.XFrameOptionsMiddleware",
    ],
)
app = get_asgi_application()
