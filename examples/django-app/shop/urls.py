from django.urls import path

from shop import views

urlpatterns = [
    path("", views.index),
    path("static/<name>", views.static),
    path("name", views.name),
    path("upload", views.upload),
    path("download/<digits>", views.download),
    path("origin/<path:rest>", views.origin),
    path("broken", views.broken),
]
handler400 = views.bad_request
handler404 = views.not_found
handler500 = views.failed
