"""Answers of somebody who was signed out while typing.

They wait in the session that the signed-out browser gets, and are shown again, on the same
page and to the same person only, after signing in.
"""

from __future__ import annotations

from django.core import signing
from django.http import HttpRequest

from accounts.models import User

_SESSION_KEY = "typed_while_signed_out"
_SALT = "dashboard.wizard.author"
_MOST_PAGES = 3
_LONGEST_PAGE = 8000  # characters of all answers together


def author_token(user: User) -> str:
    """Return what a page carries so that its answers find their way back to `user`."""
    return signing.dumps(user.pk, salt=_SALT)


def keep(request: HttpRequest, answers: dict[str, str]) -> None:
    """Keep what was typed, if the page was really one of ours and made for somebody.

    Without that condition anybody could fill the session table.
    """
    author = _author(request.POST.get("author", ""))
    if author is None:
        return
    pages = dict(request.session.get(_SESSION_KEY, {}))
    pages.pop(request.path, None)
    pages[request.path] = {"author": author, "answers": _bounded(answers)}
    request.session[_SESSION_KEY] = dict(list(pages.items())[-_MOST_PAGES:])


def kept_for(request: HttpRequest, user: User) -> dict[str, str] | None:
    """Return what `user` typed on this page while signed out, None where there is nothing.

    Reading leaves it in place: a page must not write. `drop` ends it.
    """
    page = request.session.get(_SESSION_KEY, {}).get(request.path)
    if not page or page["author"] != user.pk:
        return None
    return dict(page["answers"])


def drop(request: HttpRequest) -> None:
    """Forget the stash of this page: its answers have arrived."""
    pages = request.session.get(_SESSION_KEY, {})
    if request.path in pages:
        request.session[_SESSION_KEY] = {
            path: page for path, page in pages.items() if path != request.path
        }


def _bounded(answers: dict[str, str]) -> dict[str, str]:
    """Cut what is typed beyond a page's share; a page that a person filled fits in whole."""
    room, kept = _LONGEST_PAGE, {}
    for name, text in answers.items():
        kept[name] = text[:room]
        room -= len(kept[name])
    return kept


def _author(token: str) -> int | None:
    try:
        return int(signing.loads(token, salt=_SALT))
    except signing.BadSignature:
        return None
