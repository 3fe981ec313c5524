"""Every address of the installation."""

from django.contrib import admin
from django.urls import include, path

urlpatterns = [
    path("", include("dashboard.urls")),
    path("accounts/", include("allauth.urls")),
    path("api/", include("api.urls")),
    path("admin/", admin.site.urls),
]
