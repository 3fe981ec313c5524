"""Starting trainings. One click of the button is one job, however often it arrives."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts import limits
from accounts.allowances import Limit
from jobs.models import JobQueue
from jobs.recovery import run_to_fetch
from jobs.services import enqueue
from jobs.states import Status
from models_app import phone_links
from models_app.models import UserModel
from training.selectors import (
    Missing,
    estimate,
    hyperparameters_of,
    missing_files,
    next_idempotency_key,
    what_is_missing,
)
from training.work import TrainingWork


class StartRefusedError(Exception):
    """`reasons` are what is missing, each with the wizard's step that fixes it."""

    def __init__(self, reasons: Sequence[Missing]) -> None:
        super().__init__(" ".join(reason.text for reason in reasons))
        self.reasons = list(reasons)


@dataclass(frozen=True, slots=True)
class _Start:
    """One accepted request to start."""

    provider: str
    payload: dict[str, Any]


def start(model: UserModel, *, idempotency_key: str) -> JobQueue:
    """Start training a draft; the same `idempotency_key` again returns the job it has started.

    Raises StartRefusedError where something is missing or the page is outdated, and
    LimitReachedError.
    """
    gone = missing_files(model)
    return _start_once(model, idempotency_key, lambda current: _fresh_start(current, gone))


def try_again(job: JobQueue, *, idempotency_key: str, provider: str | None = None) -> JobQueue:
    """Train the model of a failed or cancelled job again, as a new job with the same photos.

    Where only the download of the result failed, the download is repeated instead: nothing is
    paid twice, and no limit holds. `provider` chooses another trainer. Raises StartRefusedError
    and LimitReachedError.
    """
    if job.model is None or job.status not in {Status.FAILED, Status.CANCELLED}:
        raise StartRefusedError(
            [Missing("review", _("Only a failed or cancelled training can start again."))]
        )
    gone = missing_files(job.model)
    return _start_once(
        job.model, idempotency_key, lambda current: _second_start(current, job, provider, gone)
    )


@transaction.atomic
def _start_once(
    model: UserModel, idempotency_key: str, decide: Callable[[UserModel], _Start]
) -> JobQueue:
    # Requests of one person wait here for each other; the database's constraints back this up.
    person = limits.lock(model.owner_id)
    current = UserModel.objects.select_for_update().get(pk=model.pk)
    if existing := JobQueue.objects.filter(idempotency_key=idempotency_key, model=current).first():
        return existing
    _require_current(current, idempotency_key)
    chosen = decide(current)
    if "adopt_run" not in chosen.payload:  # what is paid for already is always fetched
        limits.require(person, Limit.TRAININGS)
        limits.require(person, Limit.STORAGE)
    return _enqueue(current, idempotency_key, chosen)


def _require_current(model: UserModel, idempotency_key: str) -> None:
    if not model.is_editable:
        raise StartRefusedError(
            [Missing("review", _("This model is being trained or already trained."))]
        )
    if idempotency_key != next_idempotency_key(model):
        raise StartRefusedError(
            [Missing("review", _("This page is outdated. Check it and try again."))]
        )


def _fresh_start(model: UserModel, gone: Sequence[Missing]) -> _Start:
    if reasons := [*what_is_missing(model), *gone]:
        raise StartRefusedError(reasons)
    payload = {"options": hyperparameters_of(model).as_json(), "base_model": model.base_model}
    return _Start(model.provider, payload)


def _second_start(
    model: UserModel, job: JobQueue, provider: str | None, gone: Sequence[Missing]
) -> _Start:
    chosen = provider or job.provider
    if (run_id := run_to_fetch(job)) and chosen == job.provider:
        return _Start(chosen, {**job.payload, "adopt_run": run_id})
    if provider and provider != model.provider:
        model.provider = provider
        model.save(update_fields=["provider", "updated_at"])
    return _fresh_start(model, gone)


def _enqueue(model: UserModel, idempotency_key: str, chosen: _Start) -> JobQueue:
    expected = estimate(model)
    is_paid_for = "adopt_run" in chosen.payload  # always fetched, whatever budgets say
    job = enqueue(
        kind=JobQueue.Kind.TRAINING,
        model=model,
        provider=chosen.provider,
        idempotency_key=idempotency_key,
        payload=chosen.payload,
        deadline_in=TrainingWork.time_limit,
        cost_estimate=expected.price_usd,
        budget_usd=Decimal(0) if is_paid_for else expected.budget_usd,
    )
    UserModel.objects.filter(pk=model.pk).update(
        started_at=timezone.now(), status=UserModel.Status.PENDING, failed_reason=""
    )
    phone_links.end(model)  # for good, even if the training is cancelled within its hour
    return job
