"""Checks of the configuration, run by `manage.py check` and before anything starts."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import Any
from urllib.parse import urlsplit

from django.apps import AppConfig
from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, Warning, register

from providers.checks import check_providers_settings
from providers.local.provider import Local

# The checks that `manage.py up` makes before it starts anything.
INSTALLATION = "theway"
LOOPBACK = frozenset({"localhost", "127.0.0.1", "[::1]", "::1", ".localhost"})
Apps = Sequence[AppConfig] | None

register(check_providers_settings, INSTALLATION)


@register(Tags.urls, INSTALLATION)
def public_url_is_an_origin(app_configs: Apps, **_: Any) -> list[CheckMessage]:
    """E001: links in emails and for providers start with PUBLIC_URL."""
    if not settings.PUBLIC_URL:
        return []
    parts = urlsplit(settings.PUBLIC_URL)
    if parts.scheme in {"http", "https"} and parts.hostname and not parts.path:
        return []
    return [
        Error(
            f"PUBLIC_URL is “{settings.PUBLIC_URL}”, which is not an address like "
            "https://theway.example.org.",
            hint="Set the scheme and the host, without a path.",
            id="theway.E001",
        )
    ]


@register(Tags.security, deploy=True)
def public_hosts_have_a_public_url(app_configs: Apps, **_: Any) -> list[CheckMessage]:
    """E002: without PUBLIC_URL there are no secure cookies and no redirect to HTTPS."""
    public = sorted(set(settings.ALLOWED_HOSTS) - LOOPBACK)
    if settings.DEBUG or settings.PUBLIC_URL or not public:
        return []
    return [
        Error(
            f"DJANGO_ALLOWED_HOSTS names {', '.join(public)}, but PUBLIC_URL is not set.",
            hint="Set PUBLIC_URL to the address people use, e.g. https://theway.example.org.",
            id="theway.E002",
        )
    ]


@register(Tags.security, deploy=True)
def hosts_are_named(app_configs: Apps, **_: Any) -> list[CheckMessage]:
    """E003: with any host allowed, a forged one reaches links and caches."""
    if not any("*" in host for host in settings.ALLOWED_HOSTS):
        return []
    return [
        Error(
            "DJANGO_ALLOWED_HOSTS allows any host.",
            hint="Name the hosts that people use, e.g. theway.example.org.",
            id="theway.E003",
        )
    ]


@register(Tags.security, deploy=True)
def another_machines_trainer_has_a_key_of_its_own(
    app_configs: Apps, **_: Any
) -> list[CheckMessage]:
    """E004: everybody knows the default key of the bundled trainer."""
    open_to_all = [
        options["base_url"]
        for options in settings.PROVIDERS.values()
        if options["api_key"] == Local.key
        and urlsplit(options["base_url"]).hostname not in LOOPBACK
    ]
    return [
        Error(
            f"The trainer at {url} is called with the key that every installation has.",
            hint="Set TRAINER_API_KEYS there and TRAINER_API_KEY here to a key of your own.",
            id="theway.E004",
        )
        for url in open_to_all
    ]


@register(Tags.security, deploy=True)
def logging_is_not_at_debug(app_configs: Apps, **_: Any) -> list[CheckMessage]:
    """W002: libraries log request bodies at DEBUG, photos included."""
    if logging.getLogger().level != logging.DEBUG:
        return []
    return [
        Warning(
            "LOG_LEVEL is DEBUG, so libraries log what people send.",
            hint="Use INFO or WARNING outside development.",
            id="theway.W002",
        )
    ]
