"""The mails about accounts: text only, and every link begins with the site's own address."""

from __future__ import annotations

import logging
from datetime import timedelta
from typing import Any

from allauth.core.internal import ratelimit
from django.conf import settings
from django.core.mail import EmailMessage
from django.http import HttpRequest
from django.template.loader import render_to_string

from accounts.errands import errand
from accounts.later import later

logger = logging.getLogger(__name__)


def absolute(path: str) -> str:
    """Return a path as a link for mails. The request's Host header has no say in it."""
    return f"{settings.SITE_ORIGIN}{path}"


def may_be_sent(request: HttpRequest, action: str, to: str) -> bool:
    """Return whether an address got few enough such mails lately, and note this one.

    `action` names a limit in ACCOUNT_RATE_LIMITS. Whether there is an account has no say in it.
    """
    return bool(ratelimit.consume(request, app="allauth.account", action=action, key=to))


def send(template: str, to: str, context: dict[str, Any], *, is_urgent: bool = False) -> None:
    """Render `<template>_subject.txt` and `<template>_message.txt`, and have them sent to one
    address by the worker. `is_urgent` where the link in it is of no use after an hour.

    A public site without a mail server sends nothing: it would print the links in its log.
    """
    if settings.SITE_IS_PUBLIC and not settings.MAIL_IS_SET_UP:
        logger.warning("A mail was not sent: EMAIL_URL is not set")
        return
    values = context | {"site_origin": settings.SITE_ORIGIN, "email": to}
    subject = " ".join(render_to_string(f"{template}_subject.txt", values).split())
    body = render_to_string(f"{template}_message.txt", values).strip()
    later(deliver_soon if is_urgent else deliver, to, subject, f"{body}\n")


@errand(is_final=True)
def deliver(email: str, subject: str, body: str) -> None:
    """Hand one mail to the mail server. Raises what the mail backend raises."""
    EmailMessage(subject, body, settings.DEFAULT_FROM_EMAIL, [email]).send()


@errand(is_final=True, useful_for=timedelta(seconds=settings.PASSWORD_RESET_TIMEOUT))
def deliver_soon(email: str, subject: str, body: str) -> None:
    """Like `deliver`, for a mail whose link expires."""
    deliver(email, subject, body)
