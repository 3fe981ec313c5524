"""The context of the wizard's templates."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.crypto import salted_hmac

from accounts.allowances import Limit
from dashboard.budget_notes import notes_for
from dashboard.current_user import current_user
from dashboard.limit_notes import STARTING, UPLOADING, LimitNotes, limit_notes
from dashboard.phone.context import phone_context
from dashboard.wizard import unsaved_answers
from dashboard.wizard.caption_context import notes_context
from dashboard.wizard.edits import Clash, Edits, caption_clash, was_name
from dashboard.wizard.photo_advice import PhotoAdvice, photo_advice
from dashboard.wizard.steps import (
    NEW_ANSWERS,
    PHOTOS,
    REVIEW,
    Step,
    caption_field,
    captions_in,
    neighbour,
    stepper,
    with_answers,
)
from dashboard.wizard.trainers import closed_reasons, decided_there, more_here, open_groups
from models_app import litter, partial_uploads
from models_app.captions import CAPTION_ENDINGS
from models_app.edits import version_of
from models_app.limits import LIMITS, PARTIAL, SETS
from models_app.models import TrainingImage, UserModel
from models_app.selectors import drafts_of, photos_of
from providers.hyperparameters import HYPERPARAMETERS, PRESETS
from training.forms.steps import StepForm
from training.forms.training import TrainingForm
from training.selectors import (
    Estimate,
    choice_for,
    estimate,
    estimate_for,
    hyperparameters_of,
    next_idempotency_key,
)


@dataclass(frozen=True, slots=True)
class PhotoCard:
    """A photo with its caption, entered or stored, the caption's field, what the page knows of it,
    and the coach's notes."""

    photo: TrainingImage
    caption_field: str
    caption: str
    was: Sequence[str]
    clash: Clash | None
    notes: Sequence[str] = ()

    @property
    def max_caption(self) -> int:
        """How many characters it takes."""
        return LIMITS.max_caption


_NO_EDITS = Edits()


def address(model: UserModel, step: Step) -> str:
    """Return the URL path of a step of this draft."""
    return reverse("dashboard:wizard", args=[model.pk, step.slug])


def page_context(
    request: HttpRequest,
    step: Step,
    model: UserModel | None,
    form: StepForm,
    done: frozenset[Step],
    edits: Edits,
) -> dict[str, Any]:
    """Return the context of a step's page; `model` is None before the draft exists. `edits` are
    answers of the form that are not saved."""
    stored = form.data if model else NEW_ANSWERS
    shared = {
        "step": step,
        "model": model,
        "action": address(model, step) if model else request.path,
        "form": form,
        "stepper": stepper(step, done),
        "following": neighbour(step, "next"),
        "author": unsaved_answers.author_token(current_user(request)),
        "limits": LIMITS,
        "version": version_of(step.saved_answers(model)) if model and form.fields else "",
        "was": [
            (was_name(name), text)
            for name in form.fields
            for text in edits.was(name, stored.get(name, ""))
        ],
        "clashes": clashes_of(form, edits),
    }
    return shared | _step_context(request, step, model, form, edits)


def clashes_of(form: StepForm, edits: Edits) -> dict[str, Clash]:
    """Return the answers that were changed elsewhere too, in words, by their fields."""
    found = {}
    for name, stored in edits.clashes.items():
        mine = edits.answers.get(name, "")
        found[name] = Clash(name, form.in_words(name, mine), form.in_words(name, stored), stored)
    return found


def fragments(request: HttpRequest, model: UserModel, form: StepForm) -> dict[str, str]:
    """Return the parts of the page that depend on the answers: element id → HTML."""
    if not isinstance(form, TrainingForm):
        return {}
    context = _training_context(model, form)
    return {"estimate": render_to_string("wizard/_estimate.html", context, request)}


def photo_card(
    photo: TrainingImage, edits: Edits = _NO_EDITS, advice: PhotoAdvice | None = None
) -> PhotoCard:
    """Return the card of a photo, with its caption from `edits` if it is there, and with what
    the coach says of it where that is to be shown."""
    name = caption_field(photo)
    return PhotoCard(
        photo,
        name,
        edits.answers.get(name, photo.caption),
        edits.was(name, photo.caption),
        caption_clash(name, edits),
        advice.lines.get(photo.pk, ()) if advice else (),
    )


def photos_context(model: UserModel, edits: Edits = _NO_EDITS) -> dict[str, Any]:
    """Return the context of the photo grid and the advice beside it, that on captions too. `edits`
    are captions that are not saved."""
    photos = list(photos_of(model))
    context = advice_context(model, photos) | notes_context(model, photos)
    cards = [photo_card(one, edits, context["advice"]) for one in photos]
    return {"cards": cards, "version": version_of(captions_in(photos))} | context


def advice_context(model: UserModel, photos: Iterable[TrainingImage]) -> dict[str, Any]:
    """Return the context of the advice on a model's photos, with what limits say."""
    return {
        "model": model,
        "advice": photo_advice(photos, model.kind),
        "upload_notes": limit_notes(model.owner, *UPLOADING),
    }


def _step_context(
    request: HttpRequest, step: Step, model: UserModel | None, form: StepForm, edits: Edits
) -> dict[str, Any]:
    """Return the part of the context that only this step needs."""
    if model is None:
        user = current_user(request)
        notes = limit_notes(user, Limit.DRAFTS)
        return {"draft_id": uuid.uuid4(), "drafts": drafts_of(user)[:6], "limit_notes": notes}
    if step is PHOTOS:
        return (
            photos_context(model, edits)
            | phone_context(request, model)
            | {
                "sets": SETS,
                "caption_endings": CAPTION_ENDINGS,
                "litter_rule": json.dumps(litter.rule()),
                "partial": PARTIAL,
                "unfinished": json.dumps(_unfinished(model)),
                # By which the browser knows whose files it keeps.
                "keeper": salted_hmac("dashboard.kept_files", str(model.owner_id)).hexdigest()[:16],
            }
        )
    if isinstance(form, TrainingForm):
        return _training_context(model, form, edits)
    return _review_context(model) if step is REVIEW else {}


def _unfinished(model: UserModel) -> list[dict[str, Any]]:
    """Return what the uploader goes on with: files of which the beginning has arrived."""
    return [
        {
            "address": reverse("dashboard:photo_part", args=[model.pk, upload.pk]),
            "name": upload.filename,
            "length": upload.length,
            "offset": partial_uploads.offset_of(upload),
            "modified": upload.modified,
            "chosen": upload.chosen,
        }
        for upload in partial_uploads.unfinished(model)
    ]


def _training_context(
    model: UserModel, form: TrainingForm, edits: Edits = _NO_EDITS
) -> dict[str, Any]:
    preview, count = with_answers(model, form), photos_of(model).count()
    expected = estimate_for(preview, form.chosen, count)
    groups, clashes = open_groups(form, preview, count), clashes_of(form, edits)
    return {
        "groups": groups,
        "is_any_open": any(group.cards for group in groups),
        "closed": closed_reasons(form.options),
        "more": more_here(form.options),
        "presets": PRESETS.values(),
        "estimate": expected,
        "budget_notes": _budget_notes(model, expected),
        "option": form.chosen,
        "decides": decided_there(form.chosen),
        "advanced": [
            (form[name], clashes.get(name)) for name in HYPERPARAMETERS if name != "keep_prior"
        ],
        "can_keep_prior": form.can_keep_prior or form.has_error("keep_prior"),
        "has_own_values": any(form[name].value() or name in clashes for name in HYPERPARAMETERS),
    }


def _review_context(model: UserModel) -> dict[str, Any]:
    option, expected = choice_for(model), estimate(model)
    notes = _budget_notes(model, expected)
    return {
        "photos": list(photos_of(model)),
        "option": option,
        "decides": decided_there(option),
        "preset": PRESETS.get(model.preset),
        "hyperparameters": hyperparameters_of(model),
        "estimate": expected,
        "idempotency_key": next_idempotency_key(model),
        # What is left stands beside the price, what is in the way in the button's place.
        "budget_notes": LimitNotes(notes.near, []),
        "limit_notes": limit_notes(model.owner, *STARTING) + LimitNotes([], notes.reached),
    }


def _budget_notes(model: UserModel, expected: Estimate) -> LimitNotes:
    is_published = expected.price_usd is not None
    return notes_for(model.owner, expected.budget_usd, is_published=is_published)
