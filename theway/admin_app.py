"""Puts our operator's site in the place of Django's default admin site."""

from __future__ import annotations

from django.contrib.admin.apps import AdminConfig


class OperatorAdminConfig(AdminConfig):
    """In INSTALLED_APPS instead of `django.contrib.admin`."""

    default_site = "theway.admin_site.OperatorSite"
