"""What a page needs to look like itself: state tags, icons, the open place in the header."""

from __future__ import annotations

from typing import Any

from django import template
from django.conf import settings
from django.contrib.messages.storage.base import Message
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe

from dashboard.icons import PATHS
from generation.models import GeneratedImage
from generation.prompts import RATIOS
from jobs.states import Status
from models_app.models import UserModel

register = template.Library()

# A state's tone; the word comes from the state itself, so that colour never stands alone.
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
MODEL_LOOKS = {
    UserModel.Status.TRAINING: ("Training", "accent"),
    UserModel.Status.READY: ("Ready", "good"),
    UserModel.Status.FAILED: ("Failed", "bad"),
}
MESSAGE_TONES = {"success": "good", "warning": "warn", "error": "bad"}
# Pages below an entry of the header, by URL name.
PLACES = {
    "models": {"models", "new_model", "wizard", "model"},
    "pictures": {"gallery"},
    "activity": {"activity"},
}


@register.inclusion_tag("pieces/_tag.html")
def state_tag(status: str) -> dict[str, str]:
    """Show the state of a job as a tag; takes a `jobs.states.Status` value."""
    known = Status(status)
    return {"label": str(known.label), "tone": JOB_TONES[known]}


@register.inclusion_tag("pieces/_tag.html")
def model_tag(model: UserModel) -> dict[str, str]:
    """Show the state of a model as a tag; a pending one is a draft until start was pressed."""
    pending = ("Waiting", "plain") if model.started_at else ("Draft", "plain")
    label, tone = MODEL_LOOKS.get(UserModel.Status(model.status), pending)
    return {"label": label, "tone": tone}


@register.inclusion_tag("pieces/_tag.html")
def simulated_tag() -> dict[str, str]:
    """Show that something was, or will be, simulated."""
    return {"label": "Simulated", "tone": "warn"}


@register.simple_tag
def icon(name: str) -> SafeString:
    """Draw one of `dashboard.icons`; decoration only, the words beside it carry the meaning."""
    return format_html(
        '<svg viewBox="0 0 24 24" fill="none" stroke="currentColor" stroke-width="1.75" '
        'stroke-linecap="round" stroke-linejoin="round" aria-hidden="true">{}</svg>',
        mark_safe(PATHS[name]),  # noqa: S308 - our own generation
    )


@register.simple_tag
def signup_is_open() -> bool:
    """Whether people may make accounts themselves, or the operator makes them."""
    return bool(settings.SIGNUP_OPEN)


@register.simple_tag(takes_context=True)
def nav_current(context: dict[str, Any], place: str) -> SafeString:
    """Mark a header link as the open page, or as the part of the site the page belongs to."""
    match = getattr(context.get("request"), "resolver_match", None)
    name = match.url_name if match and match.app_name == "dashboard" else None
    if name not in PLACES[place]:
        return SafeString("")
    is_itself = name in {place, "gallery"}
    return format_html(' aria-current="{}"', "page" if is_itself else "true")


@register.filter
def shape(image: GeneratedImage) -> str:
    """Give the offered ratio a picture is nearest to, e.g. “16:9”; the grid lays it out by this."""
    wanted = image.width / image.height if image.width and image.height else 1.0
    return min(RATIOS, key=lambda name: abs(RATIOS[name][0] / RATIOS[name][1] - wanted))


@register.filter
def tone(message: Message) -> str:
    """Give the tone of a Django message."""
    return MESSAGE_TONES.get(message.level_tag, "accent")
