"""Why an archive, or one file in it, is refused: a code for programs, a sentence for people."""

from __future__ import annotations

from collections.abc import Mapping

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from models_app.errors import PhotoRefusedError
from models_app.limits import SETS

_SENTENCES: Mapping[str, Promise] = {
    # of a whole archive
    "archive_damaged": _("This ZIP is damaged or incomplete. Make it again, then send it again."),
    "archive_split": _("This is one part of a ZIP in several. Make it as a single file."),
    "archive_empty": _("There is nothing in this ZIP."),
    "archive_too_many": _(
        "There are %(found)d files in this ZIP; at most %(most)d can be looked through. Make one "
        "of the photos only."
    ),
    # of a file in it
    "outside": _("Its path leads out of the archive, so it is not opened."),
    "link": _("This is a link or a device, not a file. Put the photo itself into the ZIP."),
    "encrypted": _("This is protected by a password. Make the ZIP without one."),
    "packing": _("This is packed in an unusual way. Make the ZIP with the usual settings."),
    "overlapping": _("Its place in the ZIP overlaps with another's, so it is not opened."),
    "contradicting": _("What the ZIP says of this file is not what is there. Make the ZIP again."),
    "packed_damaged": _("This is damaged inside the ZIP. Make the ZIP again."),
    "bomb": _("This becomes far larger than any photo when it is unpacked, so it is not opened."),
    "unpacked_too_much": _(
        "All files of this ZIP together become larger than %(most)s. Send the rest in another."
    ),
    "nested": _("This is a ZIP inside the ZIP. Unpack it, then add its photos."),
}


def refused(code: str, **values: object) -> PhotoRefusedError:
    """Return the error that refuses an archive or a file in it; `values` are the sentence's."""
    return PhotoRefusedError(code, str(_SENTENCES[code]) % ({"most": SETS.max_members} | values))
