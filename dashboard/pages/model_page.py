"""What the page of one model shows, each part read from the database on first use."""

from __future__ import annotations

from functools import cached_property

from django.utils.translation import gettext, ngettext

from accounts.money import dollars
from dashboard.budget_notes import notes_beside
from dashboard.limit_notes import STARTING, LimitNotes, limit_notes
from dashboard.pages.cards import is_in_wizard, percent_of
from dashboard.pages.curve import Curve, curve_of
from dashboard.pages.studio import Studio
from jobs import selectors, services
from jobs.messages import Explanation, explain
from jobs.models import JobEvent, JobQueue
from jobs.recovery import another_trainer_helps, run_to_fetch
from jobs.states import Status
from models_app.models import TrainingImage, UserModel
from models_app.selectors import photos_of
from models_app.texts import isolated
from providers.availability import TrainingOption
from providers.catalog import base_model
from providers.hyperparameters import HYPERPARAMETERS
from providers.registry import label_of, runs_here
from training.models import TrainingSample
from training.selectors import choices, has_kohya_names, next_idempotency_key, samples_by_step

LOG_LINES = 200


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
        return self.model.is_simulated or (self.job is not None and self.job.is_simulated)

    @property
    def percent(self) -> int:
        return percent_of(self.job)

    @property
    def title(self) -> str:
        """The tab's title, with the progress while the training runs."""
        if self.shape == "working":
            return f"{self.percent} % · {isolated(self.model)}"
        if self.shape == "over" and self.job is not None:
            return f"{self.job.get_status_display()} · {isolated(self.model)}"
        return isolated(self.model)

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
        return self.job is not None and selectors.silent_since(self.job.provider) is not None

    @property
    def seconds_taken(self) -> float | None:
        """How long the training took, from the click on the button to its end."""
        if self.job is None or self.job.finished_at is None:
            return None
        return (self.job.finished_at - self.job.created_at).total_seconds()

    @property
    def stage(self) -> str:
        """What the trainer reports to be doing, or else the state of the job."""
        if self.job is None or self.explanation is None:
            return ""
        is_at_trainer = self.job.status == Status.RUNNING and not self.job.cancel_requested_at
        if not is_at_trainer or not self.job.stage:
            return self.explanation.title
        return gettext(self.job.stage)

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
    def cancel_text(self) -> str:
        """What cancelling does and whether it costs money, for the dialog."""
        if self.job is None or self.job.status == Status.QUEUED:
            return gettext(
                "Nothing was sent yet, so it costs nothing. Your photos and settings stay."
            )
        if runs_here(self.job.provider):
            return gettext(
                "Your own trainer stops, and the training so far is lost. It costs nothing. Your "
                "photos and settings stay."
            )
        return gettext(
            "We ask %(trainer)s to stop, and the training so far is lost. It may charge for the "
            "time until then. Your photos and settings stay."
        ) % {"trainer": self.trainer}

    @property
    def deletion_text(self) -> str:
        """What exactly is deleted with the model, for the dialog."""
        photos, images = len(self.photos), self.image_count
        counts = {
            "photos": ngettext("%d photo", "%d photos", photos) % photos,
            "pictures": ngettext("%d picture", "%d pictures", images) % images,
        }
        if self.model.weights:
            text = gettext(
                "This deletes “%(model)s” with %(photos)s, the trained weights and %(pictures)s, "
                "from the disk too, and asks the trainer to delete what it has. It cannot be "
                "undone."
            )
        else:
            text = gettext(
                "This deletes “%(model)s” with %(photos)s and %(pictures)s, from the disk too. It "
                "cannot be undone."
            )
        return text % {"model": isolated(self.model), **counts}

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
        """The training settings as labels and values."""
        return [
            (str(parameter.label), _shown(self.model.options[name]))
            for name, parameter in HYPERPARAMETERS.items()
            if name in self.model.options
        ]

    @cached_property
    def curve(self) -> Curve | None:
        return curve_of(selectors.losses(self.job)) if self.job else None

    @property
    def makes_samples(self) -> bool:
        """Whether its training shows on the way what it has learned."""
        return self.job is not None and self.job.makes_samples

    @cached_property
    def samples(self) -> list[tuple[int, list[TrainingSample]]]:
        """What it has shown, by step, the newest first."""
        return samples_by_step(self.job) if self.job and self.job.makes_samples else []

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
