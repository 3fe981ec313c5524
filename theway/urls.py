"""The URLs of the installation."""

from django.contrib import admin
from django.contrib.auth.decorators import login_not_required
from django.urls import include, path
from django.views.decorators.cache import cache_control
from django.views.decorators.http import conditional_page
from django.views.i18n import JavaScriptCatalog

from theway import health

# Texts for scripts, from the project's own `locale` folder.
catalog = JavaScriptCatalog.as_view(packages=["dashboard"])
# Asked for again on every page, and answered by 304: its name stays the same after an update.
cached_catalog = login_not_required(
    conditional_page(cache_control(public=True, no_cache=True)(catalog))
)

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
