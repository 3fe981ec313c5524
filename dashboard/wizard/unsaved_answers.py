"""Answers a user submitted after their session had ended, in the wizard and in the studio.

They are stored in the session of the signed-out browser and shown again after signing in, on
the same page and to the same user only.
"""

from __future__ import annotations

import time

from django.core import signing
from django.http import HttpRequest

from accounts.deletion import UNSAVED_ANSWERS
from accounts.models import User
from dashboard.wizard.edits import Edits

_SALT = "dashboard.wizard.author"
_MAX_PAGES = 3
_MAX_PAGE_LENGTH = 8000  # characters of all answers together


def author_token(user: User) -> str:
    """Return a token for the page that names `user` as the author of its answers."""
    return signing.dumps(user.pk, salt=_SALT)


def store(request: HttpRequest, edits: Edits, page: str = "") -> None:
    """Store what was changed if the page carries a valid author token; `page` is where it is
    shown again, without one where it was sent.

    Without that condition anybody could fill the session table.
    """
    author = _author(request.POST.get("author", ""))
    if author is None:
        return
    pages = dict(request.session.get(UNSAVED_ANSWERS, {}))
    pages.pop(page or request.path, None)
    answers, known = _truncated(edits.touched)
    told = {"author": author, "at": time.time(), "answers": answers, "known": known}
    pages[page or request.path] = told
    request.session[UNSAVED_ANSWERS] = dict(list(pages.items())[-_MAX_PAGES:])


def load(request: HttpRequest, user: User, *, within: float | None = None) -> Edits | None:
    """Return what was stored for this page and `user`, or None; `within` the last seconds only.

    It stays in the session, because a GET must not write; `discard` removes it.
    """
    page = request.session.get(UNSAVED_ANSWERS, {}).get(request.path)
    if not page or page["author"] != user.pk:
        return None
    if within is not None and time.time() - page.get("at", 0) > within:
        return None
    return Edits(page["answers"], page.get("known", {}))


def discard(request: HttpRequest, page: str = "") -> None:
    """Remove the answers of this page, or of `page`: they are saved now."""
    pages, shown_on = request.session.get(UNSAVED_ANSWERS, {}), page or request.path
    if shown_on in pages:
        request.session[UNSAVED_ANSWERS] = {
            path: answers for path, answers in pages.items() if path != shown_on
        }


def _truncated(edits: Edits) -> tuple[dict[str, str], dict[str, list[str]]]:
    """Cut the answers at the limit of a page; a page filled in by hand fits in whole.

    What the page knew comes last: without it an answer replaces whatever is stored.
    """
    room, answers, known = _MAX_PAGE_LENGTH, {}, {}
    for name, text in edits.answers.items():
        answers[name] = text[:room]
        room -= len(answers[name])
    for name, texts in edits.known.items():
        length = sum(map(len, texts))
        if length <= room:
            known[name], room = list(texts), room - length
    return answers, known


def _author(token: str) -> int | None:
    try:
        return int(signing.loads(token, salt=_SALT))
    except signing.BadSignature:
        return None
