"""Deleting a model or an account: everything of it goes, here and elsewhere.

What stays is the record of what was paid (ids, amounts, states, times) without a word of anybody's.
What lies at providers is deleted by `jobs.engine.deletions`, what the storage refuses by
`models_app.file_deletions`, both from rows written here, in one transaction with the deletion.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext, gettext_noop

from accounts.deletion import delete_account_row, require_another_operator
from accounts.mentions import mention_of
from accounts.models import User
from jobs import clock, tasks
from jobs.dispatch import dispatch_on_commit
from jobs.engine.purge import note_deletion
from jobs.models import JobEvent, JobQueue, RemoteDeletion
from jobs.states import OVER
from models_app import services as models_app
from models_app.models import UserModel
from providers.registry import CLASSES
from providers.types import DELETING, Capability, WorkKind

# Numbers, ids and names of ours: what a bill can be checked with.
KEPT_OF_PAYLOAD = ("base_model", "options", "ratio", "width", "height", "count", "adopt_run")
KEPT_OF_RESULT = ("images", "size")
PERSONAL_EVENTS = [JobEvent.Kind.LOG, JobEvent.Kind.LOSS, JobEvent.Kind.PROGRESS]
CHUNK = 500


class ModelBusyError(Exception):
    """A job of the model is unfinished: deleting the model would orphan a paid run."""


class AccountBusyError(Exception):
    """A job of the account is unfinished: deleting the account would orphan a paid run."""


@dataclass(slots=True)
class Receipt:
    """What a deletion took, and what others still have for a while."""

    counts: Counter[str] = field(default_factory=Counter)  # rows by model, as Django names it
    asked: set[str] = field(default_factory=set)  # providers that are being asked to delete
    keeping: set[str] = field(default_factory=set)  # providers that cannot be asked

    @property
    def models(self) -> int:
        return self.counts["models_app.UserModel"]

    @property
    def photos(self) -> int:
        return self.counts["models_app.TrainingImage"]

    @property
    def pictures(self) -> int:
        return self.counts["generation.GeneratedImage"]


@transaction.atomic
def delete_model(model: UserModel) -> Receipt:
    """Delete a model with all that belongs to it; its finished jobs stay as the record of what
    was paid.

    Under the model's lock, so that no training and no picture starts in between. Raises
    ModelBusyError.
    """
    UserModel.objects.select_for_update().filter(pk=model.pk).first()
    jobs = JobQueue.objects.filter(model=model)
    if jobs.exclude(status__in=sorted(OVER)).exists():
        raise ModelBusyError
    return _delete([model], jobs)


@transaction.atomic
def delete_account(user: User) -> Receipt:
    """Delete a person's account with all that belongs to it.

    Raises AccountBusyError, and LastOperatorError for the only operator.
    """
    user = User.objects.select_for_update().get(pk=user.pk)
    models = list(UserModel.objects.select_for_update().filter(owner=user))
    jobs = JobQueue.objects.filter(owner=user)
    if jobs.exclude(status__in=sorted(OVER)).exists():
        raise AccountBusyError
    require_another_operator(user)
    receipt = _delete(models, jobs)
    _forget_address(user.email)
    delete_account_row(user)
    return receipt


def _delete(models: Iterable[UserModel], jobs: QuerySet[JobQueue]) -> Receipt:
    receipt = Receipt()
    _request_remote_deletions(jobs, receipt)
    _scrub(jobs)
    for model in models:
        receipt.counts += models_app.delete_model(model)
    note_deletion()
    return receipt


# --- at providers --------------------------------------------------------------------------


def _request_remote_deletions(jobs: QuerySet[JobQueue], receipt: Receipt) -> None:
    """Fill the outbox with what of these jobs lies at providers."""
    rows = []
    for job in jobs.prefetch_related("orphan_runs").iterator(CHUNK):
        for row in _remains_of(job):
            if _can_delete(row):
                receipt.asked.add(row.provider)
            else:
                receipt.keeping.add(row.provider)
                row.next_try_at, row.error_code = None, "unsupported"
            # Pictures are many, and where they cannot be deleted nobody can do it by hand either.
            if row.next_try_at or row.kind != RemoteDeletion.Kind.GENERATION:
                rows.append(row)
    _request(rows)


def request_dataset_deletion(job: JobQueue, dataset: str) -> None:
    """Have photos deleted at the provider that no job needs any more, where it can do that."""
    row = _remaining(job, RemoteDeletion.Kind.DATASET.value, remote_id=dataset)
    if dataset and _can_delete(row):
        _request([row])


def _request(rows: list[RemoteDeletion]) -> None:
    RemoteDeletion.objects.bulk_create(rows, batch_size=CHUNK, ignore_conflicts=True)
    for key in {row.provider for row in rows if row.next_try_at}:
        dispatch_on_commit(tasks.delete_at_provider, key)


def _remains_of(job: JobQueue) -> Iterator[RemoteDeletion]:
    run_ids = {job.run_id, str(job.payload.get("adopt_run", ""))}
    run_ids |= {orphan.run_id for orphan in job.orphan_runs.all()}
    for run_id in sorted(run_ids - {""}):
        yield _remaining(job, job.kind, remote_id=run_id)
    if not job.run_id and (job.sent_at or job.call_over_at):
        # Its answer was lost, and somebody gave up on it.
        yield _remaining(job, job.kind, token=job.token)
    if dataset := job.result.get("dataset"):
        yield _remaining(job, RemoteDeletion.Kind.DATASET.value, remote_id=str(dataset))


def _remaining(job: JobQueue, kind: str, *, remote_id: str = "", token: str = "") -> RemoteDeletion:
    now = clock.now()
    return RemoteDeletion(
        job=job,
        provider=job.provider,
        kind=kind,
        remote_id=remote_id,
        token=token,
        base_model=str(job.payload.get("base_model", "")),
        requested_at=now,
        next_try_at=now,
    )


def _can_delete(row: RemoteDeletion) -> bool:
    provider = CLASSES.get(row.provider)
    if row.kind == RemoteDeletion.Kind.DATASET:
        needed = Capability.DELETE_DATASETS
    else:
        needed = DELETING[WorkKind(row.kind)]
    return provider is not None and needed in provider.capabilities


# --- here ----------------------------------------------------------------------------------


def _scrub(jobs: QuerySet[JobQueue]) -> None:
    """Take every word of a person's, and every word about them, out of jobs and events.

    An incident stays: it names runs and states only, and may still cost money.
    """
    JobEvent.objects.filter(job__in=jobs, kind__in=PERSONAL_EVENTS).delete()
    scrubbed = []
    for job in jobs.only("payload", "result").iterator(CHUNK):
        job.payload = {key: job.payload[key] for key in KEPT_OF_PAYLOAD if key in job.payload}
        job.result = {key: job.result[key] for key in KEPT_OF_RESULT if key in job.result}
        scrubbed.append(job)
    JobQueue.objects.bulk_update(scrubbed, ["payload", "result"], batch_size=CHUNK)
    jobs.update(error_detail="", stage="")


def _forget_address(email: str) -> None:
    """Take an address out of the sentences about who did what, in other people's jobs too."""
    somebody = gettext_noop("somebody whose account is deleted")
    for event in JobEvent.objects.filter(kind=JobEvent.Kind.NOTE, text__contains=email):
        values = event.data.get("values", {})
        values = {name: _without(value, email, somebody) for name, value in values.items()}
        message = event.data.get("message", "")
        if message and values == event.data["values"]:
            continue  # another address, which this one is a part of
        event.text = gettext(message) % values if message else somebody
        event.data = {"message": message, "values": values} if message else {}
        event.save(update_fields=["text", "data"])


def _without(value: object, email: str, replacement: str) -> object:
    return mention_of(email).sub(replacement, value) if isinstance(value, str) else value
