"""The URLs of the installation."""

from django.contrib import admin
from django.contrib.auth.decorators import login_not_required
from django.urls import include, path
from django.views.decorators.cache import cache_control
from django.views.i18n import JavaScriptCatalog

from theway import health

# Texts for scripts, from the project's own `locale` folder.
catalog = JavaScriptCatalog.as_view(packages=["dashboard"])
cached_catalog = cache_control(public=True, max_age=3600)(login_not_required(catalog))

handler400 = "theway.unknown_host.after_refusal"
handler500 = "theway.full_disk.after_error"
urlpatterns = [
    path("", include("dashboard.urls")),
    path("", include("accounts.urls")),
    path("api/", include("api.urls")),
    path("admin/", admin.site.urls),
    path("texts.js", cached_catalog, name="javascript-catalog"),
    path("healthz", health.healthz),
    path("readyz", health.readyz),
    path("metrics", health.metrics),
]
