"""Checks of the configuration, run by `manage.py check` and before anything starts."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import Any
from urllib.parse import urlsplit

from django.apps import AppConfig
from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, Warning, register

from accounts.allowances import Limit
from providers.checks import check_providers_settings

# The checks that `manage.py up` makes before it starts anything.
INSTALLATION = "theway"
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


@register(INSTALLATION)
def names_are_known(app_configs: Apps, **_: Any) -> list[CheckMessage]:
    """W001: a misspelt variable would be left out without a word."""
    slips = settings.MISSPELT
    return [Warning(slip, hint="Rename it, or delete it.", id="theway.W001") for slip in slips]


@register(Tags.security, deploy=True)
def public_hosts_have_a_public_url(app_configs: Apps, **_: Any) -> list[CheckMessage]:
    """E002: without PUBLIC_URL there are no secure cookies and no redirect to HTTPS."""
    public = sorted(set(settings.ALLOWED_HOSTS) - settings.LOOPBACK_HOSTS)
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
    """E005: with any host allowed, a forged one reaches links and caches."""
    if not any("*" in host for host in settings.ALLOWED_HOSTS):
        return []
    return [
        Error(
            "DJANGO_ALLOWED_HOSTS allows any host.",
            hint="Name the hosts that people use, e.g. theway.example.org.",
            id="theway.E005",
        )
    ]


@register(Tags.security, deploy=True)
def public_accounts_are_confirmed(app_configs: Apps, **_: Any) -> list[CheckMessage]:
    """E003, E004: on a public site nobody may take an address that is not theirs."""
    if not settings.SITE_IS_PUBLIC:
        return []
    confirmed = settings.ACCOUNT_EMAIL_VERIFICATION == "mandatory"
    found: list[CheckMessage] = []
    if settings.SIGNUP_OPEN and not settings.MAIL_IS_SET_UP:
        found.append(
            Error(
                "Sign-up is open on a public site that cannot send mail, so no address can be "
                "confirmed.",
                hint="Set EMAIL_URL, or leave SIGNUP_OPEN out.",
                id="theway.E003",
            )
        )
    if settings.MAIL_IS_SET_UP and not confirmed:
        found.append(
            Error(
                "EMAIL_VERIFICATION is not “mandatory”, so anybody can hold anybody's address.",
                hint="Leave it out: it is mandatory where mail is set up.",
                id="theway.E004",
            )
        )
    return found


@register(Tags.security, deploy=True)
def open_accounts_are_limited(app_configs: Apps, **_: Any) -> list[CheckMessage]:
    """E006: where anybody may have an account, each must have its limits."""
    if not (settings.SITE_IS_PUBLIC and settings.SIGNUP_OPEN):
        return []
    counted = [limit.setting for limit in Limit if not limit.is_money]
    missing = [name for name in counted if getattr(settings, name) is None]
    if not missing:
        return []
    return [
        Error(
            f"Sign-up is open on a public site without {', '.join(missing)}.",
            hint="Leave them out, which sets the defaults, or set numbers, or SIGNUP_OPEN=false.",
            id="theway.E006",
        )
    ]


@register(Tags.security, deploy=True)
def open_accounts_have_budgets(app_configs: Apps, **_: Any) -> list[CheckMessage]:
    """E007, W003: where anybody may have an account, strangers spend the operator's money.

    One budget for everybody bounds it, however many accounts somebody makes.
    """
    if not (settings.SITE_IS_PUBLIC and settings.SIGNUP_OPEN):
        return []
    found: list[CheckMessage] = []
    if settings.BUDGET_USD is None:
        found.append(
            Error(
                "Sign-up is open on a public site without BUDGET_USD, so strangers can spend any "
                "amount at providers.",
                hint="Set an amount for a month (0 where only your own trainer is used), or "
                "SIGNUP_OPEN=false.",
                id="theway.E007",
            )
        )
    if settings.BUDGET_PER_PERSON_USD is None:
        found.append(
            Warning(
                "Sign-up is open on a public site without BUDGET_PER_PERSON_USD, so one person "
                "can spend what is meant for all.",
                hint="Set an amount for a month, or SIGNUP_OPEN=false.",
                id="theway.W003",
            )
        )
    return found


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
