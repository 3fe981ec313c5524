"""The answers to requests that are refused before Django sees them."""

from __future__ import annotations

import json
from dataclasses import dataclass

from django.conf import settings
from django.shortcuts import resolve_url
from django.template.loader import render_to_string
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from accounts.limits import LimitReachedError
from api.problems import CONTENT_TYPE, ROOT, code_of, document
from theway.bodies.asgi import Scope, Send, header

# On every answer of ours; Django's get it from `theway.answered_by`.
ANSWERED_BY = (b"x-answered-by", b"theway")


@dataclass(frozen=True, slots=True)
class Answer:
    """Why a request is refused. `ends_connection` where nothing more is worth waiting for."""

    status: int
    title: Promise
    text: Promise | str
    ends_connection: bool = False
    code: str = ""  # for programs
    retry_after: int | None = 10  # seconds


TOO_LARGE = Answer(
    413,
    _("This is too much at once"),
    _("What you sent is larger than we take here. Send fewer or smaller files."),
)
SIGNED_OUT = Answer(
    401,
    _("You are signed out"),
    _("Nothing was stored. Sign in, then upload your photos again."),
)
LINK_OVER = Answer(
    404,
    _("This link has ended"),
    _("Nothing was stored. To add more photos, show a new code on the computer and scan it."),
)
TOO_SLOW = Answer(
    408,
    _("That took too long"),
    _("The connection was too slow, so nothing was stored. Check it, then try again."),
    ends_connection=True,
)
TOO_MANY = Answer(
    429,
    _("Too many uploads at once"),
    _("Wait until your other photos are uploaded, then try again."),
)
TOO_MANY_FROM_HERE = Answer(
    429,
    _("Too much at once from your network"),
    _("Close some of its open pages, or wait a moment, then try again."),
    ends_connection=True,
)
BUSY = Answer(
    503,
    _("Many people are sending something right now"),
    _("Nothing was stored. Wait a moment, then try again."),
    ends_connection=True,
)
FULL = Answer(
    507,
    _("The server is out of disk space"),
    _(
        "What you just sent was not stored; everything from before is safe, and trainings go on. "
        "Ask the operator to free some space, then try again."
    ),
)
READ_ONLY = Answer(
    503,
    _("The server cannot store anything right now"),
    _(
        "Its disk can only be read. What you just sent was not stored; everything from before is "
        "safe. Tell the operator, then try again."
    ),
    retry_after=None,
)
AWAY = Answer(
    503,
    _("The file storage does not answer right now"),
    _(
        "Photos, weights and pictures are safe where they are, and trainings go on. What you just "
        "sent was not stored. Wait a moment, then try again."
    ),
)
# What SIGNED_OUT is for a program, which cannot sign in.
NO_TOKEN = _("Nothing was stored. Files are taken with a token that counts and may change things.")
_POLICY = b"default-src 'self'; base-uri 'none'; object-src 'none'; frame-ancestors 'none'"


def limit_reached(error: LimitReachedError) -> Answer:
    """Return the answer to an upload of somebody who may upload nothing at the moment."""
    title = _("There is no room for more photos right now")
    return Answer(429, title, str(error), code=error.code, retry_after=error.retry_after)


async def send_answer(answer: Answer, scope: Scope, send: Send) -> None:
    """Send the page, or what a script understands."""
    accept = header(scope, b"accept").decode("latin1")
    content_type, body = content_of(answer, accept, scope.get("path", ""))
    headers = [
        (b"content-type", content_type.encode()),
        (b"content-length", str(len(body)).encode()),
        (b"cache-control", b"no-store"),
        ANSWERED_BY,
        (b"x-content-type-options", b"nosniff"),
        (b"content-security-policy", _POLICY),
        (b"referrer-policy", b"same-origin"),
    ]
    if answer.ends_connection:
        headers.append((b"connection", b"close"))
    if answer.status in {429, 503} and answer.retry_after:
        headers.append((b"retry-after", str(answer.retry_after).encode()))
    await send({"type": "http.response.start", "status": answer.status, "headers": headers})
    await send({"type": "http.response.body", "body": body, "more_body": False})


def content_of(answer: Answer, accept: str, path: str) -> tuple[str, bytes]:
    """Return an answer's type and content: a page, or JSON for scripts and programs."""
    if path.startswith(ROOT):
        code = answer.code or code_of(answer.status)
        text = NO_TOKEN if answer is SIGNED_OUT else answer.text
        return CONTENT_TYPE, json.dumps(document(code, str(text))).encode()
    if accept.startswith("application/json"):
        return "application/json", json.dumps(_for_scripts(answer)).encode()
    return "text/html; charset=utf-8", _page(answer).encode()


def _for_scripts(answer: Answer) -> dict[str, str]:
    reply = {"message": str(answer.text)}
    if answer.code:
        reply["code"] = answer.code
    if answer is SIGNED_OUT:
        reply["address"] = resolve_url(settings.LOGIN_URL)
    return reply


def _page(answer: Answer) -> str:
    sign_in = resolve_url(settings.LOGIN_URL) if answer is SIGNED_OUT else ""
    return render_to_string("refused.html", {"answer": answer, "sign_in": sign_in})
