"""The mails about accounts: text only, and every link begins with the site's own address."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.mail import EmailMessage
from django.template.loader import render_to_string

from accounts.later import later


def absolute(path: str) -> str:
    """Return a path as a link for mails. The request's Host header has no say in it."""
    return f"{settings.SITE_ORIGIN}{path}"


def send(template: str, to: str, context: dict[str, Any]) -> None:
    """Render `<template>_subject.txt` and `<template>_message.txt`, and send them to one address.

    Raises what the mail backend raises.
    """
    values = context | {"site_origin": settings.SITE_ORIGIN, "email": to}
    subject = " ".join(render_to_string(f"{template}_subject.txt", values).split())
    body = render_to_string(f"{template}_message.txt", values).strip()
    EmailMessage(subject, f"{body}\n", settings.DEFAULT_FROM_EMAIL, [to]).send()


def send_later(template: str, to: str, context: dict[str, Any]) -> None:
    """Send it after the answer; see `accounts.later`."""
    later(send, template, to, context)
