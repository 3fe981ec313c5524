"""What was done to a photo when it was taken, in words. The codes are a worker's (`decoding/`)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from django.utils.functional import Promise
from django.utils.text import capfirst
from django.utils.translation import gettext, gettext_lazy as _

_WORDS: Mapping[str, Promise] = {
    "first": _("first picture taken"),
    "turned": _("turned upright"),
    "location": _("location removed"),
    "details": _("camera details removed"),
    "colours": _("colours converted"),
    "white": _("put on white"),
    "smaller": _("made smaller"),
    "jpeg": _("saved as JPEG"),
}


def changes_text(changes: Iterable[str]) -> str:
    """Return a line for people: “Turned upright, location removed”."""
    words = [str(_WORDS[change]) for change in changes if change in _WORDS]
    return capfirst(", ".join(words)) if words else gettext("Nothing had to be changed")
