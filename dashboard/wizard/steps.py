"""The four steps of the wizard. Whether one is complete is computed from the data, never stored."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from copy import copy
from dataclasses import dataclass
from typing import Any, ClassVar

from django.db import transaction
from django.http import Http404, QueryDict
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from dashboard.wizard.edits import CAPTION, Edits, edits_in
from models_app import trigger_words
from models_app.caption_services import merge_captions
from models_app.edits import merge
from models_app.locks import locked
from models_app.models import Subject, TrainingImage, UserModel
from models_app.selectors import photos_of
from models_app.services import save_answers
from training.forms.steps import AboutForm, PhotosForm, ReviewForm, StepForm
from training.forms.training import TrainingForm


@dataclass(frozen=True, slots=True)
class Saved:
    """A step that was saved: the model, the form to show, what clashed, and what was stored before
    and is now."""

    model: UserModel
    form: StepForm
    edits: Edits
    before: Mapping[str, str]
    after: Mapping[str, str]


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

    @transaction.atomic
    def save(self, model: UserModel, edits: Edits, *, is_whole: bool) -> Saved:
        """Save the answers as entered and the valid ones in columns, but for those that were
        changed elsewhere too; of a whole form, with defaults. Raises NotEditableError."""
        owner, model = model.owner, locked(model)
        model.owner = owner  # the same row: saves a query
        before = self.saved_answers(model)
        merged = merge(edits.answers, before, edits.known)
        answers = {**self.shown_form(model).data, **merged.values}
        if is_whole:
            answers = self.with_defaults(self.form_class.answers_in(answers), owner)
        form = self.form(answers, owner=owner, model=model)
        form.is_valid()
        after = before
        if is_whole or merged.values:
            after = self.form_class.answers_in(answers)
            model = save_answers(model, step=self.slug, answers=after, valid=form.columns())
            model.owner = owner
        mine = {name: edits.answers[name] for name in merged.clashes}
        if mine:
            form = self.form(answers | mine, owner=owner, model=model)
        known = {name: edits.known[name] for name in mine}
        return Saved(model, form, Edits(mine, known, merged.clashes), before, after)


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

    def save(self, model: UserModel, edits: Edits, *, is_whole: bool) -> Saved:
        """Save captions; photos are stored when they arrive. Raises NotEditableError."""
        before = {} if is_whole else captions_in(photos_of(model))
        clashing = keep_captions(model, edits)
        after = {} if is_whole else captions_in(photos_of(model))
        form = self.form(dict(edits.answers), owner=model.owner, model=model)
        return Saved(model, form, clashing, before, after)


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

    def save(self, model: UserModel, edits: Edits, *, is_whole: bool) -> Saved:
        form = self.form({}, owner=model.owner, model=model)
        return Saved(model, form, Edits(), {}, {})


# What the first step shows before there is a draft.
NEW_ANSWERS = {"kind": Subject.PERSON.value}
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


def save_captions(model: UserModel, data: QueryDict) -> Edits:
    """Save the captions that a form sends in the fields `caption-<photo id>`.

    Returns those that were changed elsewhere too, of which nothing was saved. Raises
    NotEditableError.
    """
    return keep_captions(model, edits_in(data, PhotosForm.answers_in(data)))


def keep_captions(model: UserModel, edits: Edits) -> Edits:
    """Save captions, and return what of them clashes. Raises NotEditableError."""
    clashes = {
        f"{CAPTION}{pk}": caption
        for pk, caption in merge_captions(
            model, _by_photo(edits.answers), _by_photo(edits.known)
        ).items()
    }
    answers = {name: edits.answers[name] for name in clashes}
    return Edits(answers, {name: edits.known[name] for name in clashes}, clashes)


def _by_photo(fields: Mapping[str, Any]) -> dict[str, Any]:
    return {name.removeprefix(CAPTION): value for name, value in fields.items()}


def captions_in(photos: Iterable[TrainingImage]) -> dict[str, str]:
    """Return what is stored as captions, by the names of their fields."""
    return {caption_field(photo): photo.caption for photo in photos}


def caption_field(photo: TrainingImage) -> str:
    return f"{CAPTION}{photo.pk}"
