"""Prompts to begin with, a few for each kind of subject: the one place for these texts.

The trigger word is added to them like to any prompt, so none of them names the subject.
"""

from __future__ import annotations

from collections.abc import Mapping

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from models_app.models import Subject, UserModel

_IDEAS: Mapping[Subject, tuple[Promise, ...]] = {
    Subject.PERSON: (
        _("Portrait by a window, soft morning light"),
        _("On a beach at sunset, in a light linen shirt"),
        _("In a café, black and white, looking at the camera"),
    ),
    Subject.PRODUCT: (
        _("On a wooden table, soft light from a window"),
        _("On a plain white background, with a soft shadow"),
        _("On a rock by the sea, golden hour"),
    ),
    Subject.STYLE: (
        _("A lighthouse on a cliff above a rough sea"),
        _("A quiet street at night, after rain"),
        _("A bowl of oranges on a kitchen table"),
    ),
}


def ideas_for(model: UserModel) -> list[str]:
    """Return prompts that fit what the model was trained on."""
    return [str(text) for text in _IDEAS[Subject(model.kind)]]


def idea_at(model: UserModel, number: str) -> str:
    """Return one of them by its place in an address, from 0; "" where there is none."""
    ideas = ideas_for(model)
    return ideas[int(number)] if number in map(str, range(len(ideas))) else ""
