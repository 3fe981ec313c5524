"""The four steps of the wizard. Whether one is complete is computed from the data, never stored."""

from __future__ import annotations

from collections.abc import Mapping
from copy import copy
from dataclasses import dataclass
from typing import Any, ClassVar

from django.http import Http404
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from models_app import trigger_words
from models_app.caption_services import set_caption
from models_app.models import TrainingImage, UserModel
from models_app.selectors import photos_of
from models_app.services import save_answers
from training.forms.steps import AboutForm, PhotosForm, ReviewForm, StepForm
from training.forms.training import TrainingForm


class Step:
    """One page of the wizard. A step has no data of its own; it reads it from the model."""

    slug: ClassVar[str]
    label: ClassVar[Promise]
    title: ClassVar[Promise]
    lead: ClassVar[Promise]
    form_class: ClassVar[type[StepForm]]

    def form(self, answers: Mapping[str, Any], *, owner: User, model: UserModel | None) -> StepForm:
        return self.form_class(answers, owner=owner, model=model)

    def saved_form(self, model: UserModel) -> StepForm:
        """Return the form with the saved answers: as entered, or else from the columns."""
        return self.form(self.saved_answers(model), owner=model.owner, model=model)

    def saved_answers(self, model: UserModel) -> dict[str, str]:
        return model.answers.get(self.slug) or self.form_class.answers_of(model)

    def shown_form(self, model: UserModel) -> StepForm:
        """Return the form to show: with the saved answers, or with suggestions before any."""
        return self.saved_form(model)

    def is_complete(self, model: UserModel) -> bool:
        """Whether the saved answers are all present and valid."""
        return self.saved_form(model).is_valid()

    def with_defaults(self, answers: dict[str, str], owner: User) -> dict[str, str]:
        """Return the answers, with blanks that have a good default filled in."""
        return answers

    def save(self, model: UserModel, answers: dict[str, str], form: StepForm) -> UserModel:
        """Save the answers as entered and the valid ones in columns. Raises NotEditableError."""
        return save_answers(model, step=self.slug, answers=answers, valid=form.columns())


class About(Step):
    slug, label = "about", _("Model")
    title = _("Name your model")
    lead = _("Your answers are saved as you go. You can close the page and come back any time.")
    form_class = AboutForm

    def has_text(self, data: Mapping[str, Any]) -> bool:
        """Whether any text was entered that is worth a draft."""
        return any(data.get(name) for name in ("name", "description", "trigger_word"))

    def with_defaults(self, answers: dict[str, str], owner: User) -> dict[str, str]:
        if answers["trigger_word"].strip() or not answers["name"].strip():
            return answers
        return answers | {"trigger_word": trigger_words.suggest(answers["name"], owner=owner)}


class Photos(Step):
    slug, label = "photos", _("Photos")
    title = _("Upload photos")
    lead = _("A few good photos beat many similar ones. Vary the day, place, light and angle.")
    form_class = PhotosForm

    def save(self, model: UserModel, answers: dict[str, str], form: StepForm) -> UserModel:
        """Save nothing: photos are stored when they arrive, captions by `save_captions`."""
        return model


class Training(Step):
    slug, label = "training", _("Training")
    title = _("Training settings")
    lead = _("The suggested settings suit most sets of photos.")
    form_class = TrainingForm

    def shown_form(self, model: UserModel) -> StepForm:
        form = TrainingForm(self.saved_answers(model), owner=model.owner, model=model)
        if not form.data:
            form = TrainingForm(form.suggested(), owner=model.owner, model=model)
        return form


class Review(Step):
    slug, label = "review", _("Review")
    title = _("Review")
    lead = _("Nothing has been sent or paid for yet.")
    form_class = ReviewForm

    def save(self, model: UserModel, answers: dict[str, str], form: StepForm) -> UserModel:
        return model


ABOUT, PHOTOS, TRAINING, REVIEW = STEPS = (About(), Photos(), Training(), Review())


@dataclass(frozen=True, slots=True)
class StepperEntry:
    step: Step
    is_current: bool
    is_done: bool


def step_named(slug: str) -> Step:
    """Return the step with this slug; raises Http404."""
    for step in STEPS:
        if step.slug == slug:
            return step
    raise Http404(f"The wizard has no step {slug!r}")


def neighbour(step: Step, go: str) -> Step | None:
    """Return the step that `go` leads to: "next", "back" or a slug; None beyond either end.

    Raises Http404 for an unknown slug.
    """
    if go not in {"next", "back"}:
        return step_named(go)
    at = STEPS.index(step) + (1 if go == "next" else -1)
    return STEPS[at] if 0 <= at < len(STEPS) else None


def is_forward(step: Step, target: Step | None) -> bool:
    return target is not None and STEPS.index(target) > STEPS.index(step)


def finished(model: UserModel) -> frozenset[Step]:
    """Return the complete steps. Review is never among them: it ends the wizard."""
    return frozenset(step for step in STEPS if step is not REVIEW and step.is_complete(model))


def unfinished_before(step: Step, done: frozenset[Step]) -> Step | None:
    """Return the first step to complete before `step` can be opened, or None."""
    return next((other for other in STEPS[: STEPS.index(step)] if other not in done), None)


def stepper(current: Step, done: frozenset[Step]) -> list[StepperEntry]:
    """Return the entries of the stepper above the page."""
    return [StepperEntry(step, is_current=step is current, is_done=step in done) for step in STEPS]


def with_answers(model: UserModel, form: StepForm) -> UserModel:
    """Return a copy of the model as it would be with the form's valid answers; not saved."""
    form.is_valid()
    preview = copy(model)
    for column, value in form.columns().items():
        setattr(preview, column, value)
    return preview


def save_captions(model: UserModel, data: Mapping[str, Any]) -> None:
    """Save the captions in the fields `caption-<photo id>` that differ from the stored ones.

    One that is still what the page showed, in the field `was-<photo id>`, is left: it may have been
    changed elsewhere meanwhile, and a page that is shown again must not take that back.
    """
    for photo in photos_of(model):
        caption = data.get(caption_field(photo))
        if caption not in {None, photo.caption, data.get(f"was-{photo.pk}")}:
            set_caption(photo, caption=str(caption))


def caption_field(photo: TrainingImage) -> str:
    return f"caption-{photo.pk}"
