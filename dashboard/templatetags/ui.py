"""Tags and filters of the pages: states, icons, the current entry of the header."""

from __future__ import annotations

import json
from typing import Any

from django import template
from django.conf import settings
from django.contrib.messages.storage.base import Message
from django.forms import BaseForm, PasswordInput
from django.utils.functional import Promise
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext, gettext_lazy as _

from accounts import policy
from dashboard import script_texts
from dashboard.icons import PATHS
from dashboard.pages.questions import deleting_draft
from dashboard.photo_addresses import thumbnail_address
from generation.models import GeneratedImage
from generation.prompts import RATIOS
from generation.repeating import wishes_of
from jobs.states import Status
from models_app.models import UserModel

register = template.Library()

# A state's tone; the label comes from the state, so that colour is never the only sign.
JOB_TONES = {
    Status.QUEUED: "plain",
    Status.SUBMITTING: "accent",
    Status.UNKNOWN: "warn",
    Status.RUNNING: "accent",
    Status.FINISHING: "accent",
    Status.SUCCEEDED: "good",
    Status.FAILED: "bad",
    Status.CANCELLED: "plain",
}
MODEL_TAGS: dict[str, tuple[str | Promise, str]] = {
    UserModel.Status.TRAINING: (_("Training"), "accent"),
    UserModel.Status.READY: (_("Ready"), "good"),
    UserModel.Status.FAILED: (_("Failed"), "bad"),
}
MESSAGE_TONES = {"success": "good", "warning": "warn", "error": "bad"}
SIMULATED_WORDS = {
    "training": _("It learns nothing from the photos; its weights and pictures are placeholders."),
    "picture": _("A placeholder, made without an image model."),
}
# The pages of each header entry, by URL name.
PLACES = {
    "models": {"models", "new_model", "wizard", "captions", "model"},
    "pictures": {"gallery", "image"},
    "activity": {"activity"},
}


@register.inclusion_tag("pieces/_tag.html")
def state_tag(status: str) -> dict[str, str]:
    """Return the tag of a job's state; `status` is a `jobs.states.Status` value."""
    known = Status(status)
    return {"label": str(known.label), "tone": JOB_TONES[known]}


@register.inclusion_tag("pieces/_tag.html")
def model_tag(model: UserModel) -> dict[str, str]:
    """Return the tag of a model's state; a pending one is a draft until it was started, and in a
    list a ready one says that it is news (`models_with_covers`)."""
    pending = (_("Draft") if model.is_draft else _("Waiting"), "plain")
    if getattr(model, "is_fresh", False):
        return {"label": gettext("Just ready"), "tone": "good"}
    label, tone = MODEL_TAGS.get(model.status, pending)
    return {"label": str(label), "tone": tone}


@register.inclusion_tag("pieces/_tag.html")
def simulated_tag() -> dict[str, str]:
    """Return the tag of something that was, or will be, simulated."""
    return {"label": gettext("Simulated"), "tone": "warn"}


@register.simple_tag
def simulated_words(about: str = "training") -> str:
    """Return the one sentence about a simulated “training” or “picture”; KeyError for others."""
    return str(SIMULATED_WORDS[about])


@register.inclusion_tag("pieces/_simulated_line.html")
def simulated_line(about: str = "training") -> dict[str, str]:
    """Return the tag and its sentence on one quiet line, for a page or a card."""
    return {"words": simulated_words(about)}


@register.filter
def asks_for_password(form: object) -> bool:
    """Whether a form has a field for a password; `form` is none where a page has a button only."""
    fields = form.fields.values() if isinstance(form, BaseForm) else ()
    return any(isinstance(field.widget, PasswordInput) for field in fields)


@register.simple_tag
def icon(name: str) -> SafeString:
    """Return one of `dashboard.icons`: decoration only, the text beside it has the meaning."""
    return format_html(
        '<svg viewBox="0 0 24 24" fill="none" stroke="currentColor" stroke-width="1.75" '
        'stroke-linecap="round" stroke-linejoin="round" aria-hidden="true">{}</svg>',
        mark_safe(PATHS[name]),  # noqa: S308 - our own constants
    )


register.simple_tag(thumbnail_address, name="thumbnail")
register.simple_tag(script_texts.address, name="script_texts")
register.simple_tag(deleting_draft, name="draft_deletion")


@register.simple_tag
def signup_is_open() -> bool:
    """Whether people may create accounts, or only the operator."""
    return policy.signup_is_open()


@register.simple_tag(takes_context=True)
def nav_current(context: dict[str, Any], place: str) -> SafeString:
    """Return the `aria-current` of a header link: the open page, or the section it is in."""
    match = getattr(context.get("request"), "resolver_match", None)
    name = match.url_name if match and match.app_name == "dashboard" else None
    if name not in PLACES[place]:
        return SafeString("")
    is_itself = name in {place, "gallery"}
    return format_html(' aria-current="{}"', "page" if is_itself else "true")


@register.filter
def shape(image: GeneratedImage) -> str:
    """Return the offered ratio nearest to an image's, e.g. “16:9”, for the grid's layout."""
    ratio = image.width / image.height if image.width and image.height else 1.0
    return min(RATIOS, key=lambda name: abs(RATIOS[name][0] / RATIOS[name][1] - ratio))


@register.filter
def wishes(image: GeneratedImage) -> str:
    """Return the values of the form that made an image, as JSON for `fill.js`."""
    return json.dumps(wishes_of(image, same_seed=True), ensure_ascii=False)


@register.filter
def idea_wishes(prompt: str) -> str:
    """Return the values that an idea fills in, as JSON for `fill.js`."""
    return json.dumps({"prompt": prompt}, ensure_ascii=False)


@register.filter
def tone(message: Message) -> str:
    """Return the tone of a Django message."""
    return MESSAGE_TONES.get(message.level_tag, "accent")


@register.simple_tag
def csrf_cookie() -> str:
    """The name of the cookie that `csrf.js` reads."""
    return settings.CSRF_COOKIE_NAME
