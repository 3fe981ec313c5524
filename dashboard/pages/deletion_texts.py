"""What a deletion took and what is still to come, in sentences: no more than what is true."""

from __future__ import annotations

from django.utils.translation import gettext as _

from jobs.deletion import Receipt
from providers.registry import CLASSES, label_of


def still_to_come(receipt: Receipt) -> list[str]:
    """Return what is not gone yet, and when it is; what a provider keeps; what nobody here can
    delete."""
    asked = [
        _(
            "%(trainer)s is asked to delete what it has. That takes a minute, or until it "
            "answers again."
        )
        % {"trainer": label_of(key)}
        for key in sorted(receipt.asked)
    ]
    return asked + [_kept_at(key) for key in sorted(receipt.keeping)]


def _kept_at(key: str) -> str:
    """What a provider keeps that cannot be asked to delete it, and until when, as far as known."""
    keeps = str(CLASSES[key].keeps) if key in CLASSES else ""
    text = _("%(trainer)s cannot be asked to delete everything it has. %(until)s")
    unknown = _("Its own terms say how long it keeps that.")
    return text % {"trainer": label_of(key), "until": keeps or unknown}


def later_here() -> list[str]:
    """Return what an installation does a little later, whatever was deleted."""
    return [
        _("Traces in the unused parts of the database are overwritten within the hour."),
        _("Backups are the operator’s: what they hold goes when they are replaced."),
    ]
