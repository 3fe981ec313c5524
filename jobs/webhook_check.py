"""Whether a provider's webhooks would work: its keys can be read, and our address answers."""

from __future__ import annotations

import requests
from django.conf import settings
from django.utils.translation import gettext as _

from jobs import webhook_links
from providers import registry
from providers.errors import ProviderError

TIMEOUT = (5.0, 10.0)  # seconds, to connect and to read
REFUSED_HERE = 403  # an address without a token of ours


def webhook_lines(provider_key: str) -> list[str]:
    """Return what is to be said of a provider's webhooks, in sentences; [] where it has none.

    Calls the provider and our own public address, which only shows that it answers from here.
    """
    if not webhook_links.takes_webhooks(provider_key):
        return []
    if not webhook_links.is_used(provider_key):
        return [
            _(
                "It is polled only. For reports by webhook, set PUBLIC_URL to an https address "
                "that the internet reaches."
            )
        ]
    return [_keys_line(provider_key), _address_line(provider_key)]


def _keys_line(provider_key: str) -> str:
    try:
        count = len(registry.get(provider_key).webhook_keys())
    except ProviderError as error:
        return _("The keys of its webhooks cannot be read: %(error)s") % {"error": error}
    if not count:
        return _("It names no keys for its webhooks, so none can be believed.")
    return _("The keys of its webhooks are readable.")


def _address_line(provider_key: str) -> str:
    address = f"{settings.SITE_ORIGIN}{webhook_links.PATH}{provider_key}"
    try:
        # Without a token it is refused before anything is read: nothing is changed by this.
        answer = requests.post(address, data=b"{}", timeout=TIMEOUT, allow_redirects=False)
    except requests.RequestException as error:
        return _("%(address)s does not answer from here (%(error)s): check DNS and the proxy.") % {
            "address": address,
            "error": type(error).__name__,
        }
    if answer.status_code == REFUSED_HERE:
        return _("%(address)s answers.") % {"address": address}
    return _(
        "%(address)s answers with %(status)d, so something in front of TheWay refuses webhooks."
    ) % {"address": address, "status": answer.status_code}
