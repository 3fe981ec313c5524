"""The name that mails are sent under: in the greeting of the mail server and in `Message-ID`.

Django asks the machine for its name. In a container that is a number that nobody else knows, and
many mail servers refuse such a greeting (RFC 5321, 4.1.4 and 2.3.5).
"""

from __future__ import annotations

import ipaddress
from email.utils import parseaddr
from urllib.parse import urlsplit

from django.conf import settings
from django.core.mail.utils import DNS_NAME
from django.utils.encoding import punycode


def set_mail_name() -> None:
    """Have all mails sent under the installation's own name; under the machine's without one."""
    if name := mail_name(settings.PUBLIC_URL, settings.DEFAULT_FROM_EMAIL):
        DNS_NAME._fqdn = name  # where Django keeps the machine's


def mail_name(public_url: str, sender: str) -> str:
    """Return the host of the public address, or else of the sender's; "" where neither is one
    that others know."""
    hosts = (urlsplit(public_url).hostname or "", parseaddr(sender)[1].rpartition("@")[2])
    return next(filter(None, map(_known_name, hosts)), "")


def _known_name(host: str) -> str:
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return punycode(host) if "." in host else ""
    return f"[IPv6:{address}]" if address.version == 6 else f"[{address}]"
