"""Why a photo is refused: a code for programs and a sentence for people, each written once."""

from __future__ import annotations

from collections.abc import Mapping

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from models_app.errors import PhotoRefusedError
from models_app.limits import LIMITS

_SENTENCES: Mapping[str, Promise] = {
    "damaged": _(
        "This photo is damaged or incomplete. Copy it from the phone or camera again, or save it "
        "with another program."
    ),
    "too_many_bytes": _("This file is larger than %(size)s. Export it smaller and upload that."),
    "too_many_pixels": _(
        "This photo has more than %(limit)d megapixels. Export it smaller and upload that."
    ),
    "too_small": _(
        "This photo is only %(width)d × %(height)d pixels. Both sides need at least "
        "%(least)d: try the original instead of a preview."
    ),
    "too_narrow": _(
        "This photo is %(width)d × %(height)d pixels, which is too narrow. Crop it so that "
        "the long side is at most %(ratio)g times the short one."
    ),
    "too_many_parts": _(
        "This file is made of far more pieces than a photo needs. Save it with another program "
        "and upload that."
    ),
    "too_many_scans": _(
        "This JPEG stores its picture in far more passes than a photo needs. Save it again "
        "without the option “progressive” and upload that."
    ),
    "too_much_metadata": _(
        "More than %(metadata)d MB of this file are notes and previews, not the photo. Export it "
        "without metadata and upload that."
    ),
    "unusual_kind": _(
        "This is a kind of %(format)s that photos do not come in (%(kind)s). Save it as an "
        "ordinary JPEG and upload that."
    ),
    "raw": _(
        "This is a camera raw file, which every camera writes in its own way. Export it as JPEG "
        "and upload that."
    ),
    "too_much_memory": _(
        "This photo is stored in a way that takes too much memory to open. Save it as an "
        "ordinary JPEG, or smaller, and upload that."
    ),
    "too_slow": _(
        "This photo takes too long to open. Save it as an ordinary JPEG, or smaller, and upload "
        "that."
    ),
    "not_opened": _(
        "This photo could not be opened, and nothing of it was kept. Save it with another "
        "program and upload that."
    ),
    "crop_outside": _(
        "The crop reaches beyond the photo, which is %(width)d × %(height)d pixels. Move it or "
        "make it smaller."
    ),
    "crop_too_small": _("The crop is too small. Both sides need at least %(least)d pixels."),
    "crop_too_narrow": _(
        "The crop is too narrow. The long side can be at most %(ratio)g times the short one."
    ),
    "lost": _(
        "The file of this photo is missing in this installation. Remove the photo and upload it "
        "again."
    ),
    "busy": _("Many photos are being checked right now. Wait a moment, then try again."),
}


def refused(code: str, **values: object) -> PhotoRefusedError:
    """Return the error that refuses a photo for the reason `code`; `values` are the sentence's."""
    common = {"size": LIMITS.size_text, "metadata": LIMITS.max_metadata_bytes // 1024**2}
    return PhotoRefusedError(code, str(_SENTENCES[code]) % (common | values))


def too_many_pixels(limit: int) -> PhotoRefusedError:
    """Return the error that refuses a photo of more than `limit` pixels."""
    return refused("too_many_pixels", limit=limit // 1_000_000)
