"""Changing all captions of a model at once: what would become of each. Nothing is written here."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from models_app import trigger_words
from models_app.captions import clean_caption
from models_app.limits import LIMITS
from models_app.models import TrainingImage, UserModel
from models_app.texts import single_line

_OPENS_WITH = tuple(",;.:!?)")
_ENDS_WITH = tuple(",;:.!?-–—(")


class Kind(StrEnum):
    PREPEND = "prepend"
    APPEND = "append"
    REPLACE = "replace"
    TRIGGER = "trigger"  # put the trigger word into captions that lack it


@dataclass(frozen=True, slots=True)
class Change:
    """`text` is what is put before or behind, or looked for, in any case; `replacement` what then
    takes its place."""

    kind: Kind
    text: str = ""
    replacement: str = ""


@dataclass(frozen=True, slots=True)
class Edit:
    """One caption before and after a change; one that would be too long stays as it is."""

    photo: TrainingImage
    after: str
    is_too_long: bool = False

    @property
    def before(self) -> str:
        return self.photo.caption


def edits_of(photos: Iterable[TrainingImage], change: Change, model: UserModel) -> list[Edit]:
    """Return the edits that a change means, those that would be too long among them; captions
    that stay as they are have none."""
    edits = (_edit(photo, change, model) for photo in photos)
    return [edit for edit in edits if edit.is_too_long or edit.after != edit.before]


def _edit(photo: TrainingImage, change: Change, model: UserModel) -> Edit:
    line = single_line(_changed(photo.caption, change, model))
    if len(line) > LIMITS.max_caption:
        return Edit(photo, photo.caption, is_too_long=line != photo.caption)
    return Edit(photo, clean_caption(line))


def _changed(caption: str, change: Change, model: UserModel) -> str:
    match change.kind:
        case Kind.TRIGGER:
            # A photo without a caption gets a general one when it is sent.
            return trigger_words.sent_caption(caption, model) if caption else ""
        case Kind.PREPEND if change.text:
            return _joined(change.text, caption)
        case Kind.APPEND if change.text:
            return _joined(caption, change.text)
        case Kind.REPLACE if change.text:
            return _replaced(caption, change.text, change.replacement)
    return caption


def _joined(left: str, right: str) -> str:
    """Join two phrases by a comma, unless one of them brings a mark of its own."""
    if not left or not right:
        return left or right
    if right.startswith(_OPENS_WITH):
        return f"{left}{right}"
    return f"{left} {right}" if left.endswith(_ENDS_WITH) else f"{left}, {right}"


def _replaced(caption: str, text: str, replacement: str) -> str:
    return re.sub(re.escape(text), lambda _found: replacement, caption, flags=re.IGNORECASE)
