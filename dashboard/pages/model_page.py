"""What the page of one model shows, each part read from the database on first use."""

from __future__ import annotations

from functools import cached_property

from django.utils.translation import gettext

from accounts.money import dollars
from dashboard.budget_notes import notes_beside
from dashboard.limit_notes import STARTING, LimitNotes, limit_notes
from dashboard.pages.cards import is_in_wizard
from dashboard.pages.curve import Curve, curve_of
from dashboard.pages.progress import Progress
from dashboard.pages.questions import (
    Question,
    abandoning,
    cancelling,
    deleting,
    deleting_draft,
    sending_again,
)
from dashboard.pages.studio import Studio
from jobs import selectors, services
from jobs.messages import Explanation, explain
from jobs.models import JobEvent, JobQueue, ProviderStatus
from jobs.recovery import another_trainer_helps, run_to_fetch
from jobs.states import Status
from models_app.models import TrainingImage, UserModel
from models_app.selectors import photos_of
from models_app.texts import isolated
from providers import registry
from providers.catalog import base_model
from providers.hyperparameters import HYPERPARAMETERS
from providers.options import TrainingOption
from providers.registry import label_of
from training.models import TrainingSample
from training.selectors import choices, has_kohya_names, next_idempotency_key, samples_by_step

LOG_LINES = 200
SAMPLED_STEPS = 5  # before the first step, and at every quarter


class ModelPage(Studio):
    """One model for its page and its live parts. A part that is not rendered costs no query."""

    @cached_property
    def job(self) -> JobQueue | None:
        """The newest training."""
        return selectors.latest_job(self.model)

    @property
    def is_in_wizard(self) -> bool:
        return is_in_wizard(self.model, self.job)

    @property
    def shape(self) -> str:
        """Which page it is: `ready`, `working`, `unclear` or `over` (without a result)."""
        if self.model.status == UserModel.Status.READY or self.job is None:
            return "ready"
        if self.job.status == Status.UNKNOWN:
            return "unclear"
        return "over" if self.job.is_over else "working"

    @property
    def part(self) -> str:
        """The template of the page's main part."""
        return f"model/_{self.shape}.html"

    @property
    def is_simulated(self) -> bool:
        """Whether it is a simulation, or will be one as far as its trainer says."""
        return self.model.is_simulated or self._engine == "simulated"

    @property
    def _engine(self) -> str:
        """What trains, or will: pages say it from the first moment on, so that nothing moves."""
        if self.job is None or self.job.engine or self.shape != "working":
            return self.job.engine if self.job else ""
        row = self._statuses.get(self.job.provider)
        described = selectors.description_in(row) if row else None
        return described.engine if described else ""

    @cached_property
    def _statuses(self) -> dict[str, ProviderStatus]:
        return selectors.provider_statuses()

    @cached_property
    def progress(self) -> Progress:
        """How far the training is, while it goes on."""
        if self.job is None or self.explanation is None:
            raise LookupError("Nothing was ever trained.")
        return Progress(self.job, self.explanation)

    @property
    def said(self) -> str:
        """What who hears the page is told of the training that goes on."""
        names = {"model": isolated(self.model), "stage": self.progress.said}
        return gettext("%(model)s: %(stage)s") % names

    @property
    def title(self) -> str:
        """The tab's title, with the progress while the training runs."""
        if self.shape == "working":
            return f"{self.progress.percent} % · {isolated(self.model)}"
        if self.shape == "over" and self.job is not None:
            return f"{self.job.get_status_display()} · {isolated(self.model)}"
        return isolated(self.model)

    @cached_property
    def explanation(self) -> Explanation | None:
        return explain(self.job) if self.job else None

    @property
    def can_cancel(self) -> bool:
        return self.job is not None and services.can_cancel(self.job)

    @property
    def cancelling(self) -> Question | None:
        return cancelling(self.job) if self.job else None

    @property
    def sending_again(self) -> Question | None:
        return sending_again(self.job) if self.job else None

    @property
    def abandoning(self) -> Question | None:
        return abandoning(self.job) if self.job else None

    @cached_property
    def deletion(self) -> Question:
        """The question before the model is deleted, with everything that goes with it."""
        if self.is_in_wizard:
            return deleting_draft(self.model)
        return deleting(self.model, len(self.photos), self.image_count)

    @cached_property
    def idempotency_key(self) -> str:
        """What makes one click of “Try again” one training, however often it arrives."""
        return next_idempotency_key(self.model)

    @cached_property
    def trainers(self) -> list[TrainingOption]:
        """The trainers that can train this model now, for another try."""
        fits = [one for one in choices() if one.base_model.key == self.model.base_model]
        return [one for one in fits if one.is_available]

    @cached_property
    def training_notes(self) -> LimitNotes:
        """What the owner's limits say about another training. A second download has none."""
        if self.job is not None and run_to_fetch(self.job):
            return LimitNotes([], [])
        money = notes_beside(self.model.owner, [one.provider for one in self.trainers])
        return limit_notes(self.model.owner, *STARTING) + money

    @property
    def trainer(self) -> str:
        return label_of(self.job.provider if self.job else self.model.provider)

    @cached_property
    def is_trainer_silent(self) -> bool:
        """Whether the trainer has stopped answering, which says nothing about the training."""
        if self.job is None:
            return False
        return selectors.silent_since(self.job.provider, self._statuses) is not None

    @property
    def seconds_taken(self) -> float | None:
        """How long the training took, from the click on the button to its end."""
        if self.job is None or self.job.finished_at is None:
            return None
        return (self.job.finished_at - self.job.created_at).total_seconds()

    @property
    def price(self) -> str:
        cost = self.job.cost_estimate if self.job else None
        if cost is None:
            return "–"
        return f"${cost:.2f}" if cost else gettext("Free")

    @cached_property
    def are_weights_gone(self) -> bool:
        """Whether the storage has lost them. One that does not answer says nothing about that."""
        weights = self.model.weights
        try:
            return bool(weights) and not weights.storage.exists(str(weights.name))
        except OSError:
            return False

    @property
    def has_kohya_names(self) -> bool:
        """Whether the weights are also offered as programs for Stable Diffusion name them."""
        return has_kohya_names(self.model) and not self.are_weights_gone

    @cached_property
    def cost(self) -> str:
        """What it really cost, with what was billed for it; "" while nobody has said."""
        if self.job is None or self.job.cost_usd is None:
            return ""
        call = self.job.paid_calls.exclude(billed="").order_by("pk").last()
        amount = dollars(self.job.cost_usd)
        return f"{amount} ({call.billed})" if call else amount

    @property
    def another_trainer_helps(self) -> bool:
        return self.job is not None and another_trainer_helps(self.job)

    @property
    def base_label(self) -> str:
        try:
            return str(base_model(self.model.base_model).label)
        except KeyError:
            return self.model.base_model

    @property
    def options(self) -> list[tuple[str, object]]:
        """The training settings as labels and values, without a number of steps that is not
        fixed."""
        chosen = self.model.options
        return [
            (str(parameter.label), _shown(chosen[name]))
            for name, parameter in HYPERPARAMETERS.items()
            if name in chosen and (name != "fixed_steps" or chosen[name])
        ]

    @cached_property
    def curve(self) -> Curve | None:
        return curve_of(selectors.losses(self.job)) if self.job else None

    @property
    def makes_samples(self) -> bool:
        """Whether its training shows on the way what it has learned, or will."""
        if self.job is None or self._engine in {"", "simulated"}:
            return False
        return registry.makes_samples(self.job.provider)

    @cached_property
    def samples(self) -> list[tuple[int, list[TrainingSample]]]:
        """What it has shown, by step, the newest first."""
        return samples_by_step(self.job) if self.job and self.job.makes_samples else []

    @property
    def samples_so_far(self) -> list[tuple[int, list[TrainingSample]]]:
        """The same in the order of steps: while it goes on, new ones push nothing aside."""
        return self.samples[::-1]

    @property
    def samples_to_come(self) -> range:
        return range(len(self.samples), SAMPLED_STEPS)

    @cached_property
    def timeline(self) -> list[JobEvent]:
        return list(selectors.timeline(self.job)) if self.job else []

    @cached_property
    def log(self) -> list[JobEvent]:
        return selectors.log_lines(self.job, LOG_LINES) if self.job else []

    @cached_property
    def photos(self) -> list[TrainingImage]:
        return list(photos_of(self.model))


def _shown(value: object) -> object:
    """Return a training setting as it is read."""
    return {True: gettext("On"), False: gettext("Off")}[value] if isinstance(value, bool) else value
