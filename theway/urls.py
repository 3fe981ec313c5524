"""The URLs of the installation."""

from django.contrib import admin
from django.urls import include, path

from dashboard import script_texts
from theway import health

handler400 = "theway.unknown_host.after_refusal"
handler500 = "theway.full_disk.after_error"
urlpatterns = [
    path("", include("dashboard.urls")),
    path("", include("accounts.urls")),
    path("api/", include("api.urls")),
    path("admin/", admin.site.urls),
    path("texts.js", script_texts.texts, name="javascript-catalog"),
    path("healthz", health.healthz),
    path("readyz", health.readyz),
    path("metrics", health.metrics),
]
