"""The live parts of a page, as HTML."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable
from typing import Any

from django.template.loader import render_to_string

from accounts.models import User
from dashboard.pages.cards import cards_of, models_with_covers
from dashboard.pages.home import newest_images
from dashboard.pages.model_page import ModelPage
from jobs.models import JobEvent, JobQueue
from live.messages import Message
from live.topics import Change, Topic
from models_app.models import UserModel

# A fragment is rendered once for all open pages, so without a token: `live.js` replaces this
# placeholder by the token of its page.
CSRF_TOKEN = "from-the-page"  # noqa: S105 - a placeholder

# Events that may change any part of the page: only for these is the whole body sent.
_BODY_EVENTS = {JobEvent.Kind.STATE.value, JobEvent.Kind.NOTE.value}
_BODY = {"live-body": "model/_body.html"}
_PROGRESS = {"live-progress": "model/_progress.html"}
_LOSS = _PROGRESS | {"live-curve": "model/_curve.html"}
_LOG = {"live-log": "model/_log.html"}
_IMAGES = {"live-images": "model/_images.html", "live-moment": "model/_moment.html"}
_PARTS = {JobEvent.Kind.LOG.value: _LOG, JobEvent.Kind.LOSS.value: _LOSS}


def render(topic: Topic, changes: Collection[Change]) -> Message | None:
    """Return the message that brings a page of `topic` up to date after `changes`."""
    if not changes:
        return None
    newest = max(change.id for change in changes)
    if topic.is_draft:  # the page asks for its photos itself: it may be sending some, too
        return _update(newest, {"topic": topic.name, "fragments": []})
    if topic.model_id is None:
        return _update(newest, {"topic": "", **_cards(topic, changes)})
    models = UserModel.objects.select_related("owner")
    model = models.filter(pk=topic.model_id, owner_id=topic.owner_id).first()
    if model is None:  # just deleted: there is nothing left to show
        return None
    return _update(newest, {"topic": str(model.pk), **_model(ModelPage(model), changes)})


def _update(id: int, content: dict[str, Any]) -> Message:
    """Return an update of page parts. JSON keeps it on one line, as the format requires."""
    return Message("update", id, json.dumps(content))


def _model(page: ModelPage, changes: Iterable[Change]) -> dict[str, Any]:
    templates = templates_for(changes)
    if not _PROGRESS.keys().isdisjoint(templates) and page.shape != "working":
        templates = _BODY
    return {
        "fragments": [_fragment(id, name, {"page": page}) for id, name in templates.items()],
        "title": page.title,
        "progress": page.progress.percent if page.shape == "working" else None,
        "state": page.shape,
    }


def templates_for(changes: Iterable[Change]) -> dict[str, str]:
    """Return which parts of a model's page `changes` touch: element id → template."""
    parts: dict[str, str] = {}
    for change in changes:
        if change.job_kind == JobQueue.Kind.GENERATION:
            parts |= _IMAGES
        elif change.kind in _BODY_EVENTS:
            return _BODY
        else:
            parts |= _PARTS.get(change.kind, _PROGRESS)
    return parts


def _cards(topic: Topic, changes: Collection[Change]) -> dict[str, Any]:
    owner = User(pk=topic.owner_id)
    models = models_with_covers(owner).filter(pk__in={change.model_id for change in changes})
    fragments = [
        _fragment(f"card-{card.model.pk}", "pieces/_model_card.html", {"card": card})
        for card in cards_of(models)
    ]
    if any(_made_images(change) for change in changes):
        images = {"images": newest_images(owner)}
        fragments.append(_fragment("live-newest", "home/_newest.html", images))
    return {"fragments": fragments}


def _made_images(change: Change) -> bool:
    return change.job_kind == JobQueue.Kind.GENERATION and change.kind in _BODY_EVENTS


def _fragment(id: str, template: str, context: dict[str, Any]) -> dict[str, str]:
    html = render_to_string(template, context | {"csrf_token": CSRF_TOKEN})
    return {"id": id, "html": html}
