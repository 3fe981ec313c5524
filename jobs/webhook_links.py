"""The addresses at which providers report: whose they are, and that they are ours."""

from __future__ import annotations

import ipaddress
from urllib.parse import urlencode, urlsplit

from django.conf import settings
from django.core.signing import BadSignature, Signer

from providers import registry
from providers.types import Capability

PATH = "/api/webhooks/"  # and the provider's key
PARAMETER = "job"
# Several times the largest that is known: a whole training's log.
MOST_BYTES = 8 * 1024 * 1024
_SALT = "jobs.webhook"


def webhook_url(provider_key: str, correlation: str) -> str:
    """Return the address at which a provider reports a job's run; "" where it cannot reach us.

    The job's correlation in it is signed: nobody else can make an address for a job, and who
    reads one learns nothing but it.
    """
    if not is_used(provider_key):
        return ""
    query = urlencode({PARAMETER: Signer(salt=_SALT).sign(correlation)})
    return f"{settings.SITE_ORIGIN}{PATH}{provider_key}?{query}"


def is_used(provider_key: str) -> bool:
    """Whether a provider is asked to report by itself: it can, and this site is reachable for it.

    A stand-in on this machine reaches it here.
    """
    if not takes_webhooks(provider_key):
        return False
    if registry.is_emulated(provider_key) and _is_here(settings.SITE_ORIGIN):
        return True
    return settings.PUBLIC_URL.startswith("https://") and not _is_private(settings.PUBLIC_URL)


def takes_webhooks(provider_key: str) -> bool:
    """Whether this is a provider that sends webhooks; it may be off."""
    known = registry.CLASSES.get(provider_key)
    return known is not None and Capability.WEBHOOK in known.capabilities


def correlation_of(token: str) -> str:
    """Return the correlation that an address of ours names; "" where it is not ours."""
    try:
        return Signer(salt=_SALT).unsign(token)
    except BadSignature:
        return ""


def provider_at(path: str) -> str:
    """Return the provider whose webhook address a path is; "" for other paths."""
    key = path.removeprefix(PATH)
    return key if key != path and takes_webhooks(key) else ""


def _is_here(url: str) -> bool:
    host = urlsplit(url).hostname or ""
    return host.endswith("localhost") or _is_ip(host, "is_loopback")


def _is_private(url: str) -> bool:
    """Whether the address says itself that only this machine or network can reach it."""
    return _is_here(url) or _is_ip(urlsplit(url).hostname or "", "is_private")


def _is_ip(host: str, kind: str) -> bool:
    try:
        return bool(getattr(ipaddress.ip_address(host), kind))
    except ValueError:
        return False
