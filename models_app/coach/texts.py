"""The coach's words: one place for each text. A note says what it is and what to do."""

from __future__ import annotations

from collections.abc import Mapping

from django.utils.functional import Promise
from django.utils.translation import gettext as _, gettext_lazy, ngettext, ngettext_lazy

from models_app.coach.notes import Note
from models_app.coach.sets import Lack, Verdict
from models_app.limits import LIMITS
from models_app.models import Subject
from models_app.texts import isolated

# Under a photo.
_NOTES: Mapping[str, Promise] = {
    "small": gettext_lazy("Small. Use the original if you have a larger one."),
    "cut_off": gettext_lazy("Part of it is missing: it ends in grey. Upload it again."),
    "blurred": gettext_lazy("Blurred. A sharp one teaches more."),
    "face_blurred": gettext_lazy("The face is out of focus. A sharp one teaches more."),
    "dark": gettext_lazy("Too dark. Brighten it, or take one in better light."),
    "bright": gettext_lazy("Too bright: details are burnt out. Use a darker one."),
    "no_face": gettext_lazy("No face found. Use one that shows it clearly."),
    "several_faces": gettext_lazy("Several faces. Crop it to the one that is meant."),
    "tiny_face": gettext_lazy("The face is very small. Crop closer."),
    "twin": gettext_lazy("Almost the same as “%(name)s”. Keep the better one."),
}
# In the panel, for all photos with the same note; what to do follows.
_GROUPS: Mapping[str, tuple[Promise, Promise]] = {
    "small": (
        ngettext_lazy("%(count)d photo is small", "%(count)d photos are small", "count"),
        gettext_lazy("Use the originals: chat apps and websites make photos smaller."),
    ),
    "cut_off": (
        ngettext_lazy("%(count)d photo ends in grey", "%(count)d photos end in grey", "count"),
        gettext_lazy("Part of the file is missing. Upload it again from where you have it whole."),
    ),
    "blurred": (
        ngettext_lazy("%(count)d photo is blurred", "%(count)d photos are blurred", "count"),
        gettext_lazy("Use sharp ones, or remove them: blur is learned too."),
    ),
    "face_blurred": (
        ngettext_lazy(
            "%(count)d face is out of focus", "%(count)d faces are out of focus", "count"
        ),
        gettext_lazy("Use photos with a sharp face, or remove these."),
    ),
    "dark": (
        ngettext_lazy("%(count)d photo is too dark", "%(count)d photos are too dark", "count"),
        gettext_lazy("Brighten them, or take new ones by a window or outdoors."),
    ),
    "bright": (
        ngettext_lazy("%(count)d photo is too bright", "%(count)d photos are too bright", "count"),
        gettext_lazy("Details are burnt out. Use others, without flash or strong sun."),
    ),
    "no_face": (
        ngettext_lazy("%(count)d photo without a face", "%(count)d photos without a face", "count"),
        gettext_lazy("None was found in them. Use photos where the face is easy to see."),
    ),
    "several_faces": (
        ngettext_lazy(
            "%(count)d photo with several faces", "%(count)d photos with several faces", "count"
        ),
        gettext_lazy("Crop them to the person that is meant, or remove them."),
    ),
    "tiny_face": (
        ngettext_lazy(
            "%(count)d photo with a very small face",
            "%(count)d photos with a very small face",
            "count",
        ),
        gettext_lazy("Crop closer, so that the face can be learned."),
    ),
    "twin": (
        ngettext_lazy(
            "%(count)d photo is almost a copy", "%(count)d photos are almost copies", "count"
        ),
        gettext_lazy("Keep the better one of each pair: more of the same teaches nothing new."),
    ),
}
_LACKS: Mapping[str, Promise] = {
    "side": ngettext_lazy("Add %(count)d from the side.", "Add %(count)d from the side.", "count"),
    "close": ngettext_lazy(
        "Add %(count)d close-up of the face.", "Add %(count)d close-ups of the face.", "count"
    ),
    "body": ngettext_lazy(
        "Add %(count)d that shows more of the body.",
        "Add %(count)d that show more of the body.",
        "count",
    ),
    "scene": ngettext_lazy(
        "All seem to be from one place. Add %(count)d from another.",
        "All seem to be from one place. Add %(count)d from elsewhere.",
        "count",
    ),
    "light": ngettext_lazy(
        "All are about equally bright. Add %(count)d in other light.",
        "All are about equally bright. Add %(count)d in other light.",
        "count",
    ),
}
_POINTS: Mapping[str, Promise] = {
    "number": gettext_lazy("Enough photos"),
    "sound": gettext_lazy("Sharp, well lit and large"),
    "different": gettext_lazy("Hardly any copies"),
    "faces": gettext_lazy("One clear face in nearly all"),
    "variety": gettext_lazy("Different views and light"),
}
_STYLE_POINTS: Mapping[str, Promise] = {
    "sound": gettext_lazy("Sharp and large"),
    "variety": gettext_lazy("Different pictures"),
}
_PRODUCT_POINTS: Mapping[str, Promise] = {"variety": gettext_lazy("Different places and light")}
# What a point asks for, while nothing is known of it: no longer than two lines of the panel.
_TIPS: Mapping[str, Promise] = {
    "sound": gettext_lazy("Originals in good light, without filters. No screenshots."),
    "different": gettext_lazy("Not the same moment twice."),
    "faces": gettext_lazy("Only this person, the face uncovered: no sunglasses."),
    "variety": gettext_lazy("Some of the whole body, and other days, clothes and places."),
}
_PRODUCT_TIPS: Mapping[str, Promise] = {
    "sound": gettext_lazy("Even light. The product fills about half of it."),
    "different": gettext_lazy("Not the same view twice."),
    "variety": gettext_lazy("From all sides, on different backgrounds. No price tags."),
}
_STYLE_TIPS: Mapping[str, Promise] = {
    "sound": gettext_lazy("Whole works rather than details."),
    "different": gettext_lazy("Not the same work twice."),
    "variety": gettext_lazy("Many subjects, one style. No frames or signatures."),
}
# What is found where a point is met and nothing is to be said against it.
_FOUND: Mapping[str, Promise] = {
    "sound": gettext_lazy("All of them."),
    "different": gettext_lazy("No two are alike."),
    "faces": gettext_lazy("In all of them."),
    "variety": gettext_lazy("A good mix."),
}
_STYLE_SCENE = ngettext_lazy(
    "All are in much the same colours. Add %(count)d of another kind.",
    "All are in much the same colours. Add %(count)d of another kind.",
    "count",
)


def note_text(note: Note) -> str:
    """Return the line under a photo."""
    text = str(_NOTES[note.code])
    if note.twin is None:
        return text
    return text % {"name": isolated(note.twin.name or _("Photo"))}


def group_texts(code: str, count: int) -> tuple[str, str]:
    """Return what is said of `count` photos with the same note, and what to do about them."""
    title, advice = _GROUPS[code]
    return str(title % {"count": count}), str(advice)


def lack_text(lack: Lack, kind: str) -> str:
    """Return what would make the set better."""
    is_colours = lack.code == "scene" and kind == Subject.STYLE
    return str((_STYLE_SCENE if is_colours else _LACKS[lack.code]) % {"count": lack.count})


def point_text(code: str, kind: str) -> str:
    """Return what a point of the score is given for."""
    own = {Subject.STYLE: _STYLE_POINTS, Subject.PRODUCT: _PRODUCT_POINTS}.get(Subject(kind), {})
    return str(own.get(code, _POINTS[code]))


def tip_text(code: str, kind: str) -> str:
    """Return what a point asks for."""
    own = {Subject.STYLE: _STYLE_TIPS, Subject.PRODUCT: _PRODUCT_TIPS}.get(Subject(kind), {})
    return str(own.get(code, _TIPS[code]))


def found_text(code: str) -> str:
    """Return what is said of a point that is met, and of which nothing has to be told."""
    return str(_FOUND[code])


def number_text(count: int) -> str:
    """Return what is said of so many photos; that there are too few to train, the step says."""
    if count == 0:
        return _("Aim for %(photos)s.") % {"photos": LIMITS.count_text}
    if count < LIMITS.recommended_min:
        return _("Just enough. One or two more make a real difference.")
    if count < LIMITS.recommended_max // 2:
        return _("A good start. A few more, as different as possible, help.")
    if count <= LIMITS.recommended_max:
        return _("A good number. You have what you need.")
    if count < LIMITS.max_photos:
        return _("Plenty. You can remove similar ones.")
    return _("Full. This is the most a model can have.")


def score_words(verdict: Verdict) -> str:
    """Return what a set is in two words."""
    missing = verdict.total - verdict.score
    if verdict.count < LIMITS.min_photos or verdict.score < 2:
        return _("A beginning")
    return {0: _("Very good set"), 1: _("Good set"), 2: _("Fair set")}.get(
        missing, _("A beginning")
    )


def waiting_text(count: int) -> str:
    """Return what is said of photos that are not measured yet."""
    text = ngettext(
        "%(count)d photo is still being checked.",
        "%(count)d photos are still being checked.",
        count,
    )
    return text % {"count": count}
