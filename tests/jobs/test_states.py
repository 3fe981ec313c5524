from itertools import product

import pytest
from django.db import IntegrityError, transaction

from jobs.engine.transitions import TransitionError, move
from jobs.models import JobEvent, JobQueue
from jobs.states import ALLOWED, FOLLOWED, OVER, UNFINISHED, Status, sources
from tests.factories import JobFactory, UserModelFactory

PAIRS = list(product(Status, Status))


def job_in(status: Status) -> JobQueue:
    run_id = "ft-1" if status in FOLLOWED | {Status.SUCCEEDED} else ""
    return JobFactory(status=status, run_id=run_id)


def changes_for(target: Status) -> dict[str, object]:
    if target is Status.SUCCEEDED:
        result = {"weights": "w.safetensors", "sha256": "0" * 64, "size": 7}
        return {"result": result, "run_id": "ft-1", "payload": {"base_model": BASE_MODEL}}
    return {"run_id": "ft-1"} if target in FOLLOWED else {}


BASE_MODEL = "black-forest-labs/FLUX.1-dev"


@pytest.mark.django_db
@pytest.mark.parametrize(("source", "target"), PAIRS)
def test_a_move_happens_exactly_where_the_table_allows_it(source, target):
    job = job_in(source)
    if target in ALLOWED[source]:
        move(job, target, **changes_for(target))
        assert JobQueue.objects.get().status == target
        assert job.events.get().text == target
    else:
        with pytest.raises(TransitionError):
            move(job, target, **changes_for(target))
        assert JobQueue.objects.get().status == source
        assert not JobEvent.objects.exists()


def test_a_state_without_exits_is_over_and_every_other_one_can_end():
    assert frozenset({Status.SUCCEEDED, Status.FAILED, Status.CANCELLED}) == OVER
    for status in UNFINISHED:
        reached, frontier = set(), {status}
        while frontier:
            reached |= frontier
            frontier = {exit_ for state in frontier for exit_ in ALLOWED[state]} - reached
        assert reached & OVER


def test_only_queue_leads_to_the_paid_call():
    assert sources(Status.SUBMITTING) == {Status.QUEUED}


@pytest.mark.django_db
def test_a_move_decided_on_an_older_reading_fails():
    first = JobFactory(submitting=True)
    second = JobQueue.objects.get()
    move(first, Status.QUEUED)
    move(first, Status.SUBMITTING)
    with pytest.raises(TransitionError):
        move(second, Status.UNKNOWN)
    assert JobQueue.objects.get().status == Status.SUBMITTING


@pytest.mark.django_db
@pytest.mark.parametrize("status", sorted(UNFINISHED))
def test_the_database_refuses_a_second_unfinished_training_of_a_model(status):
    model = UserModelFactory()
    JobFactory(model=model, status=status, run_id="ft-1")
    with pytest.raises(IntegrityError), transaction.atomic():
        JobFactory(model=model)


@pytest.mark.django_db
def test_the_database_refuses_a_followed_job_without_a_run():
    with pytest.raises(IntegrityError), transaction.atomic():
        JobFactory(status=Status.RUNNING, run_id="")


@pytest.mark.django_db
def test_the_database_refuses_a_word_that_is_no_state():
    with pytest.raises(IntegrityError), transaction.atomic():
        JobFactory(status="completed")


@pytest.mark.django_db
def test_a_run_is_followed_by_one_job_only():
    JobFactory(running=True, run_id="ft-1")
    with pytest.raises(IntegrityError), transaction.atomic():
        JobFactory(running=True, run_id="ft-1")
