"""Everything the page of one model shows, read when it is asked for."""

from __future__ import annotations

from functools import cached_property

from django.template.defaultfilters import pluralize

from dashboard.pages.cards import is_draft, percent_of
from dashboard.pages.curve import Curve, curve_of
from dashboard.pages.generations import Generation, generations_of
from generation.forms import GenerateForm
from generation.models import GeneratedImage
from generation.selectors import images_of_model
from jobs import selectors, services
from jobs.messages import Explanation, explain
from jobs.models import JobEvent, JobQueue
from jobs.states import Status
from models_app.models import TrainingImage, UserModel
from models_app.selectors import photos_of
from providers.availability import TrainingOption
from providers.catalog import base_model
from providers.hyperparameters import HYPERPARAMETERS
from providers.registry import label_of, runs_here
from training.selectors import choices, next_idempotency_key

IMAGES_SHOWN = 60
LOG_LINES = 200
ASKED_AGAIN = ("ratio", "count", "strength")


class ModelPage:
    """One model for its page and its live parts. A part that is not rendered costs no query."""

    def __init__(self, model: UserModel, form: GenerateForm | None = None) -> None:
        """`form` is one that was sent and refused; without it the page offers a new one."""
        self.model = model
        self._refused_form = form

    @cached_property
    def job(self) -> JobQueue | None:
        """The newest training."""
        return selectors.latest_job(self.model)

    @property
    def is_draft(self) -> bool:
        return is_draft(self.model, self.job)

    @property
    def shape(self) -> str:
        """Which page it is: `ready`, `working`, `unclear`, or `over` (without a result)."""
        if self.model.status == UserModel.Status.READY or self.job is None:
            return "ready"
        if self.job.status == Status.UNKNOWN:
            return "unclear"
        return "over" if self.job.is_over else "working"

    @property
    def part(self) -> str:
        """The template of what this page is mostly about."""
        return f"model/_{self.shape}.html"

    @property
    def is_simulated(self) -> bool:
        return self.model.is_simulated or (self.job is not None and self.job.is_simulated)

    @property
    def percent(self) -> int:
        return percent_of(self.job)

    @property
    def title(self) -> str:
        """The tab's title: how far it is, while there is something to wait for."""
        if self.shape == "working":
            return f"{self.percent} % · {self.model}"
        if self.shape == "over" and self.job is not None:
            return f"{self.job.get_status_display()} · {self.model}"
        return str(self.model)

    @cached_property
    def explanation(self) -> Explanation | None:
        return explain(self.job) if self.job else None

    @property
    def can_cancel(self) -> bool:
        return self.job is not None and services.can_cancel(self.job)

    @cached_property
    def idempotency_key(self) -> str:
        """What makes one click of “Try again” one training, however often it arrives."""
        return next_idempotency_key(self.model)

    @cached_property
    def trainers(self) -> list[TrainingOption]:
        """Who can train this model now, for another try."""
        fits = [one for one in choices() if one.base_model.key == self.model.base_model]
        return [one for one in fits if one.is_available]

    @property
    def trainer(self) -> str:
        return label_of(self.job.provider if self.job else self.model.provider)

    @cached_property
    def is_silent(self) -> bool:
        """Whether the trainer has stopped answering: a fact about the line, not the training."""
        return self.job is not None and selectors.silent_since(self.job.provider) is not None

    @property
    def seconds_taken(self) -> float | None:
        """How long the training took, from the press of the button to its end."""
        if self.job is None or self.job.finished_at is None:
            return None
        return (self.job.finished_at - self.job.created_at).total_seconds()

    @property
    def stage(self) -> str:
        """The trainer's own word for what it does now, or ours for where the job stands."""
        if self.job is None or self.explanation is None:
            return ""
        is_at_trainer = self.job.status == Status.RUNNING and not self.job.cancel_requested_at
        return self.job.stage if is_at_trainer and self.job.stage else self.explanation.title

    @property
    def price(self) -> str:
        cost = self.job.cost_estimate if self.job else None
        if cost is None:
            return "–"
        return f"${cost:.2f}" if cost else "Free"

    @property
    def cancel_text(self) -> str:
        """What cancelling does and whether it costs, for the question before it."""
        stays = "Photos and answers stay, so you can start again."
        if self.job is None or self.job.status == Status.QUEUED:
            return f"Nothing was sent yet, so it costs nothing. {stays}"
        if runs_here(self.job.provider):
            return f"Your own trainer stops; what it has done is lost. It costs nothing. {stays}"
        return (
            f"{self.trainer} is asked to stop; what it has done is lost. It may charge for the "
            f"time until then. {stays}"
        )

    @property
    def deletion_text(self) -> str:
        """Exactly what goes with the model."""
        photos, images = len(self.photos), self.image_count
        parts = [f"{photos} photo{pluralize(photos)}"]
        if self.model.weights:
            parts.append("the trained weights")
        parts.append(f"{images} picture{pluralize(images)}")
        return (
            f"This deletes “{self.model}” with {', '.join(parts[:-1])} and {parts[-1]}, from the "
            "disk too. It cannot be undone."
        )

    @property
    def base_label(self) -> str:
        try:
            return base_model(self.model.base_model).label
        except KeyError:
            return self.model.base_model

    @property
    def options(self) -> list[tuple[str, object]]:
        """The training values as label and value."""
        return [
            (str(parameter.label), self.model.options[name])
            for name, parameter in HYPERPARAMETERS.items()
            if name in self.model.options
        ]

    @cached_property
    def curve(self) -> Curve | None:
        return curve_of(selectors.losses(self.job)) if self.job else None

    @cached_property
    def timeline(self) -> list[JobEvent]:
        return list(selectors.timeline(self.job)) if self.job else []

    @cached_property
    def log(self) -> list[JobEvent]:
        return selectors.log_lines(self.job, LOG_LINES) if self.job else []

    @cached_property
    def photos(self) -> list[TrainingImage]:
        return list(photos_of(self.model))

    @cached_property
    def images(self) -> list[GeneratedImage]:
        rows = images_of_model(self.model).select_related("model")
        return list(rows[:IMAGES_SHOWN])

    @cached_property
    def form(self) -> GenerateForm | None:
        """Asks for pictures, beginning with what was asked last."""
        if self.model.status != UserModel.Status.READY:
            return None
        last = selectors.latest_job(self.model, kind=JobQueue.Kind.GENERATION)
        asked = last.payload if last else {}
        initial = {name: asked[name] for name in ASKED_AGAIN if name in asked}
        if "typed_prompt" in asked:
            initial["prompt"] = asked["typed_prompt"]
        return self._refused_form or GenerateForm(model=self.model, initial=initial)

    @cached_property
    def image_count(self) -> int:
        shown = len(self.images)
        return shown if shown < IMAGES_SHOWN else images_of_model(self.model).count()

    @cached_property
    def generations(self) -> list[Generation]:
        return generations_of(self.model)
