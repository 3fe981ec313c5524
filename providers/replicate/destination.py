"""The private model at Replicate that every trained version goes to: found, or made once.

An account may have a thousand models, so one takes all trainings and only their versions are
apart. A name that was deleted stays taken for ever (409, and yet 404), so there are several.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import quote

from django.utils.translation import gettext as _

from providers.errors import RequestRejectedError
from providers.http.calls import CONFLICT, Call, Reply
from providers.replicate.directory import NOT_FOUND

NAMES = ("theway-loras", *(f"theway-loras-{number}" for number in range(2, 10)))
# What a version of it runs on is the trainer's choice; a model just has to name something.
HARDWARE = "gpu-t4"

Ask = Callable[[Call], Reply]


def find_or_make(ask: Ask, owner: str) -> str:
    """Return `owner/name` of the account's private destination; make it where there is none.

    Free, and safe to repeat or to do twice at once. Raises `RequestRejectedError` where every
    name of ours is taken by something else.
    """
    for name in NAMES:
        if _is_ours(ask, owner, name) or _is_made(ask, owner, name):
            return f"{owner}/{name}"
    text = _("The account has no room for a private model named %(name)s.") % {"name": NAMES[0]}
    raise RequestRejectedError("replicate", text)


def _is_ours(ask: Ask, owner: str, name: str) -> bool:
    """Whether a private model of that name is there. A person's face never goes into a public
    one, whoever made it."""
    path = f"/models/{quote(owner, safe='')}/{name}"
    try:
        return (ask(Call("GET", path)).data or {}).get("visibility") == "private"
    except RequestRejectedError as error:
        if error.status_code != NOT_FOUND:
            raise
        return False


def _is_made(ask: Ask, owner: str, name: str) -> bool:
    payload: Mapping[str, Any] = {
        "owner": owner,
        "name": name,
        "visibility": "private",
        "hardware": HARDWARE,
        "description": "Trained with TheWay. One version for each training.",
    }
    try:
        ask(Call("POST", "/models", payload))
    except RequestRejectedError as error:
        if error.status_code != CONFLICT:
            raise
        # Another process was quicker, or it is public, or it was deleted once.
        return _is_ours(ask, owner, name)
    return True
