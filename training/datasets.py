"""Photos at a trainer that were kept for a run which may have gone on, until none can any more.

Most go with the end of their job (`TrainingWork.on_transition`). A job that failed because its run
was not heard of, or ran out of time, leaves them to that run, and to a retry that adopts it.
"""

from __future__ import annotations

from collections.abc import Iterator

from django.db import transaction

from jobs import clock
from jobs.deletion import request_dataset_deletion
from jobs.models import JobQueue
from jobs.states import Status
from training.work import TrainingWork

# After the end of the job: no run takes longer.
KEPT_FOR = TrainingWork.time_limit


def release() -> int:
    """Have the photos deleted that failed trainings left; return how many sets of them.

    The engine leaves alone those that an unfinished job still works with.
    """
    return sum(_release(job) for job in _kept())


def _kept() -> Iterator[JobQueue]:
    over = JobQueue.objects.filter(kind=TrainingWork.kind, status=Status.FAILED)
    over = over.filter(finished_at__lt=clock.now() - KEPT_FOR, result__has_key="dataset")
    return over.iterator(100)


@transaction.atomic
def _release(job: JobQueue) -> bool:
    """Ask for the deletion, once: afterwards the job no longer names them."""
    rest = {name: value for name, value in job.result.items() if name != "dataset"}
    if not JobQueue.objects.filter(pk=job.pk, result=job.result).update(result=rest):
        return False  # another worker was first
    request_dataset_deletion(job, str(job.result["dataset"]))
    return True
