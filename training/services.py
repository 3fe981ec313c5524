"""Starting trainings. One press of the button is one job, whatever arrives how often."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.utils import timezone

from jobs.models import JobQueue
from jobs.recovery import can_fetch_again
from jobs.services import enqueue
from jobs.states import Status
from models_app.models import UserModel
from training.selectors import Missing, estimate, next_press, options_of, what_is_missing
from training.work import TrainingWork


class CannotStart(Exception):
    """`reasons` say what is missing, each with the wizard's step that mends it."""

    def __init__(self, reasons: Sequence[Missing]) -> None:
        super().__init__(" ".join(reason.text for reason in reasons))
        self.reasons = list(reasons)


@dataclass(frozen=True, slots=True)
class _Start:
    """One accepted press."""

    provider: str
    payload: dict[str, Any]


def start(model: UserModel, *, press: str) -> JobQueue:
    """Start training a draft; the same `press` again gives the job it has started.

    Raises CannotStart where something is missing or the page that was pressed is outdated.
    """
    return _press(model, press, _fresh_start)


def try_again(job: JobQueue, *, press: str, provider: str | None = None) -> JobQueue:
    """Train the model of a failed or cancelled job again, as a new job with the same photos.

    A run whose result only could not be fetched is fetched again instead: nothing is paid
    twice. `provider` chooses another trainer. Raises CannotStart.
    """
    if job.model is None or job.status not in {Status.FAILED, Status.CANCELLED}:
        raise CannotStart([Missing("review", "Only a failed or cancelled training starts again.")])
    return _press(job.model, press, lambda current: _second_start(current, job, provider))


@transaction.atomic
def _press(model: UserModel, press: str, decide: Callable[[UserModel], _Start]) -> JobQueue:
    # Presses on one model queue up here; the database's constraints stand behind it.
    current = UserModel.objects.select_for_update().get(pk=model.pk)
    if existing := JobQueue.objects.filter(press_key=press, model=current).first():
        return existing
    _require_current(current, press)
    return _enqueue(current, press, decide(current))


def _require_current(model: UserModel, press: str) -> None:
    if not model.is_editable:
        raise CannotStart([Missing("review", "This model is being trained or already trained.")])
    if press != next_press(model):
        raise CannotStart(
            [Missing("review", "This page is outdated. Look at it once more and press again.")]
        )


def _fresh_start(model: UserModel) -> _Start:
    if reasons := what_is_missing(model):
        raise CannotStart(reasons)
    payload = {"options": options_of(model).as_json(), "base_model": model.base_model}
    return _Start(model.provider, payload)


def _second_start(model: UserModel, job: JobQueue, provider: str | None) -> _Start:
    chosen = provider or job.provider
    if can_fetch_again(job) and chosen == job.provider:
        return _Start(chosen, {**job.payload, "adopt_run": job.run_id})
    if provider and provider != model.provider:
        model.provider = provider
        model.save(update_fields=["provider", "updated_at"])
    return _fresh_start(model)


def _enqueue(model: UserModel, press: str, chosen: _Start) -> JobQueue:
    job = enqueue(
        kind=JobQueue.Kind.TRAINING,
        model=model,
        provider=chosen.provider,
        press_key=press,
        payload=chosen.payload,
        deadline_in=TrainingWork.time_limit,
        cost_estimate=estimate(model).price_usd,
    )
    UserModel.objects.filter(pk=model.pk).update(
        started_at=timezone.now(), status=UserModel.Status.PENDING, failed_reason=""
    )
    return job
