"""The four steps of the wizard. Whether one is done is worked out from the data, never stored."""

from __future__ import annotations

from collections.abc import Mapping
from copy import copy
from dataclasses import dataclass
from typing import Any, ClassVar

from django.http import Http404

from accounts.models import User
from dashboard.wizard.forms import AboutForm, PhotosForm, ReviewForm, StepForm
from dashboard.wizard.training_form import TrainingForm
from models_app import trigger_words
from models_app.models import TrainingImage, UserModel
from models_app.selectors import photos_of
from models_app.services import save_answers, set_caption


class Step:
    """One page of the wizard. A step holds no data; it reads the model it is given."""

    slug: ClassVar[str]
    label: ClassVar[str]
    title: ClassVar[str]
    lead: ClassVar[str]
    form_class: ClassVar[type[StepForm]]

    def form(self, answers: Mapping[str, Any], *, owner: User, model: UserModel | None) -> StepForm:
        return self.form_class(answers, owner=owner, model=model)

    def saved_form(self, model: UserModel) -> StepForm:
        """Return the form with the saved answers: as typed, or as the columns say."""
        return self.form(self.saved_answers(model), owner=model.owner, model=model)

    def saved_answers(self, model: UserModel) -> dict[str, str]:
        return model.answers.get(self.slug) or self.form_class.answers_of(model)

    def shown_form(self, model: UserModel) -> StepForm:
        """Return the form a person sees: the saved answers, or suggestions before there are any."""
        return self.saved_form(model)

    def is_complete(self, model: UserModel) -> bool:
        """Whether the saved answers are all there and all right."""
        return self.saved_form(model).is_valid()

    def fill(self, answers: dict[str, str], owner: User) -> dict[str, str]:
        """Answer for the person what we can, when they press on without it."""
        return answers

    def save(self, model: UserModel, answers: dict[str, str], form: StepForm) -> UserModel:
        """Keep the answers as typed and write the valid ones. Raises NotEditableError."""
        return save_answers(model, step=self.slug, answers=answers, valid=form.columns())


class About(Step):
    slug, label = "about", "About"
    title = "What is it about?"
    lead = "Everything you answer is kept as you go. Close the page and come back any time."
    form_class = AboutForm

    def is_begun(self, data: Mapping[str, Any]) -> bool:
        """Whether anything was typed that would be a pity to lose."""
        return any(data.get(name) for name in ("name", "description", "trigger_word"))

    def fill(self, answers: dict[str, str], owner: User) -> dict[str, str]:
        if answers["trigger_word"].strip() or not answers["name"].strip():
            return answers
        return answers | {"trigger_word": trigger_words.suggest(answers["name"], owner=owner)}


class Photos(Step):
    slug, label = "photos", "Photos"
    title = "Add your photos"
    lead = "A few good ones beat many similar ones. Different days, rooms, light and angles."
    form_class = PhotosForm

    def save(self, model: UserModel, answers: dict[str, str], form: StepForm) -> UserModel:
        """Photos were stored when they came; see `save_captions`."""
        return model


class Training(Step):
    slug, label = "training", "Training"
    title = "How shall it be trained?"
    lead = "The choice made for you suits most sets of photos."
    form_class = TrainingForm

    def shown_form(self, model: UserModel) -> StepForm:
        form = TrainingForm(self.saved_answers(model), owner=model.owner, model=model)
        if not form.data:
            form = TrainingForm(form.suggested(), owner=model.owner, model=model)
        return form


class Review(Step):
    slug, label = "review", "Review"
    title = "Ready to start?"
    lead = "Nothing has been sent anywhere and nothing has been paid for so far."
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
    """Return where a button leads: "next", "back", a slug; None beyond either end.

    Raises Http404 for an unknown slug.
    """
    if go not in {"next", "back"}:
        return step_named(go)
    at = STEPS.index(step) + (1 if go == "next" else -1)
    return STEPS[at] if 0 <= at < len(STEPS) else None


def is_forward(step: Step, target: Step | None) -> bool:
    return target is not None and STEPS.index(target) > STEPS.index(step)


def finished(model: UserModel) -> frozenset[Step]:
    """Return the steps whose answers are all there. Review never is: it ends the wizard."""
    return frozenset(step for step in STEPS if step is not REVIEW and step.is_complete(model))


def unfinished_before(step: Step, done: frozenset[Step]) -> Step | None:
    """Return the first step that has to be done before `step` can be opened."""
    return next((other for other in STEPS[: STEPS.index(step)] if other not in done), None)


def stepper(current: Step, done: frozenset[Step]) -> list[StepperEntry]:
    """Return the line of steps above the page."""
    return [StepperEntry(step, is_current=step is current, is_done=step in done) for step in STEPS]


def with_answers(model: UserModel, form: StepForm) -> UserModel:
    """Return a copy of the model as it would be with the form's valid answers; not saved."""
    form.is_valid()
    preview = copy(model)
    for column, value in form.columns().items():
        setattr(preview, column, value)
    return preview


def save_captions(model: UserModel, data: Mapping[str, Any]) -> None:
    """Write the captions among the fields `caption-<photo id>` that differ from what is stored."""
    for photo in photos_of(model):
        typed = data.get(caption_field(photo))
        if typed is not None and typed != photo.caption:
            set_caption(photo, caption=typed)


def caption_field(photo: TrainingImage) -> str:
    return f"caption-{photo.pk}"
