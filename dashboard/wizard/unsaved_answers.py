"""Answers a user submitted after their session had ended.

They are stored in the session of the signed-out browser and shown again after signing in, on
the same page and to the same user only.
"""

from __future__ import annotations

from django.core import signing
from django.http import HttpRequest

from accounts.deletion import UNSAVED_ANSWERS
from accounts.models import User

_SALT = "dashboard.wizard.author"
_MAX_PAGES = 3
_MAX_PAGE_LENGTH = 8000  # characters of all answers together


def author_token(user: User) -> str:
    """Return a token for the page that names `user` as the author of its answers."""
    return signing.dumps(user.pk, salt=_SALT)


def store(request: HttpRequest, answers: dict[str, str]) -> None:
    """Store the answers if the page carries a valid author token.

    Without that condition anybody could fill the session table.
    """
    author = _author(request.POST.get("author", ""))
    if author is None:
        return
    pages = dict(request.session.get(UNSAVED_ANSWERS, {}))
    pages.pop(request.path, None)
    pages[request.path] = {"author": author, "answers": _truncated(answers)}
    request.session[UNSAVED_ANSWERS] = dict(list(pages.items())[-_MAX_PAGES:])


def load(request: HttpRequest, user: User) -> dict[str, str] | None:
    """Return the answers stored for this page and `user`, or None.

    They stay in the session, because a GET must not write; `discard` removes them.
    """
    page = request.session.get(UNSAVED_ANSWERS, {}).get(request.path)
    if not page or page["author"] != user.pk:
        return None
    return dict(page["answers"])


def discard(request: HttpRequest) -> None:
    """Remove the answers of this page, which are now saved in the model."""
    pages = request.session.get(UNSAVED_ANSWERS, {})
    if request.path in pages:
        request.session[UNSAVED_ANSWERS] = {
            path: page for path, page in pages.items() if path != request.path
        }


def _truncated(answers: dict[str, str]) -> dict[str, str]:
    """Cut the answers at the limit of a page; a page filled in by hand fits in whole."""
    room, kept = _MAX_PAGE_LENGTH, {}
    for name, text in answers.items():
        kept[name] = text[:room]
        room -= len(kept[name])
    return kept


def _author(token: str) -> int | None:
    try:
        return int(signing.loads(token, salt=_SALT))
    except signing.BadSignature:
        return None
