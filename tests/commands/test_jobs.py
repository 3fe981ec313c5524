"""`manage.py jobs`."""

from __future__ import annotations

from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from jobs.states import Status
from tests.factories import JobFactory, TrainingImageFactory, UserModelFactory

pytestmark = pytest.mark.django_db


def jobs(*arguments: str) -> str:
    out = StringIO()
    call_command("jobs", *arguments, stdout=out)
    return out.getvalue()


def test_without_a_verb_it_lists_the_newest_jobs():
    job = JobFactory(running=True, progress=0.41)
    output = jobs()
    assert str(job.pk)[:8] in output
    assert "41%" in output
    assert job.owner.email in output


def test_an_empty_queue_is_reported():
    assert jobs("list") == "No jobs.\n"


def test_the_list_can_be_filtered_by_state_account_and_attention():
    unclear, running = JobFactory(unknown=True), JobFactory(running=True)
    for narrowed in (
        ("--attention",),
        ("--state", "unknown"),
        ("--email", unclear.owner.email.upper()),
    ):
        output = jobs("list", *narrowed)
        assert str(unclear.pk)[:8] in output
        assert str(running.pk)[:8] not in output


def test_explain_shows_what_happened_and_what_it_cost():
    job = JobFactory(failed=True, error_detail="Photo 3 is blank")
    output = jobs("explain", str(job.pk)[:13])
    assert "The training failed." in output
    assert "Photo 3 is blank" in output
    assert "It cost nothing." in output


def test_cancel_stops_a_waiting_job():
    job = JobFactory()
    assert jobs("cancel", str(job.pk)) == "Cancelled.\n"
    job.refresh_from_db()
    assert job.status == Status.CANCELLED


def test_cancelling_what_is_over_fails_in_a_sentence():
    job = JobFactory(succeeded=True)
    with pytest.raises(CommandError, match="is done") as refused:
        jobs("cancel", str(job.pk))
    assert refused.value.returncode == 1


def test_retry_starts_a_new_job_with_the_same_photos():
    model = UserModelFactory(failed=True)
    TrainingImageFactory.create_batch(5, model=model)
    job = JobFactory(failed=True, model=model)
    assert "Started again as job" in jobs("retry", str(job.pk))
    assert model.jobs.count() == 2


def test_retrying_a_running_job_is_refused():
    job = JobFactory(running=True)
    with pytest.raises(CommandError, match="Only a failed or cancelled training"):
        jobs("retry", str(job.pk))


@pytest.mark.parametrize("beginning", ["no-hex", "", "%"])
def test_an_unknown_id_is_wrong_usage(beginning):
    JobFactory()
    with pytest.raises(CommandError, match="No job begins with") as refused:
        jobs("explain", beginning)
    assert refused.value.returncode == 2


def test_a_beginning_of_two_ids_is_refused():
    JobFactory(id="aaaaaaaa-0000-4000-8000-000000000001")
    JobFactory(id="aaaaaaaa-0000-4000-8000-000000000002")
    with pytest.raises(CommandError, match="Several jobs begin with aaaa"):
        jobs("explain", "aaaa")
