"""An answer once read is stored, whatever fails while it is: nothing paid is thrown away."""

import json
import uuid

import pytest
from django.db import DataError, OperationalError, transaction
from django.utils import timezone

from jobs.engine import acceptance, journal, provider_status, sweep
from jobs.engine.acceptance import accept_run
from jobs.engine.submit import submit
from jobs.models import JobQueue
from jobs.states import Status
from providers.types import Output, Run, RunStatus
from tests.factories import JobFactory, UserModelFactory, jpeg
from training.selectors import next_idempotency_key
from training.services import start

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("machine_clock")]


@pytest.fixture(autouse=True)
def pauses(monkeypatch):
    """The seconds slept between tries; none of them is slept."""
    slept = []
    monkeypatch.setattr(acceptance.time, "sleep", slept.append)
    return slept


@pytest.fixture
def job(draft, scripted) -> JobQueue:
    return start(draft, idempotency_key=next_idempotency_key(draft))


@pytest.fixture
def sent(scripted) -> JobQueue:
    return JobFactory(submitting=True, sent_at=timezone.now())


def kept_ids() -> set[str]:
    return {journal.read_answer(path)[1].id for path in journal.kept_answers()}


def fails_at_the_commit(monkeypatch, times: int, error: Exception) -> None:
    """Everything was written; then the transaction does not come to its end."""
    follow, left = acceptance.mark_running, [error] * times

    def followed(job, run):
        with transaction.atomic():
            follow(job, run)
            if left:
                raise left.pop()

    monkeypatch.setattr(acceptance, "mark_running", followed)


@pytest.mark.parametrize(
    "error", [OperationalError("gone"), OSError("storage"), RuntimeError("a client of a bucket")]
)
def test_a_try_that_failed_at_its_end_does_not_spoil_the_next(sent, monkeypatch, error):
    fails_at_the_commit(monkeypatch, 1, error)
    accept_run(sent, Run("ft-paid", RunStatus.RUNNING))
    stored = JobQueue.objects.get()
    assert (stored.status, stored.run_id, stored.incident) == (Status.RUNNING, "ft-paid", "")
    assert kept_ids() == set()


def test_a_worker_that_is_killed_between_two_tries_leaves_a_copy(sent, monkeypatch):
    fails_at_the_commit(monkeypatch, 9, OperationalError("gone"))

    def killed(_seconds):
        raise KeyboardInterrupt

    monkeypatch.setattr(acceptance.time, "sleep", killed)
    with pytest.raises(KeyboardInterrupt):
        accept_run(sent, Run("ft-paid", RunStatus.RUNNING))
    assert kept_ids() == {"ft-paid"}


def test_with_no_room_anywhere_it_is_tried_until_there_is(sent, monkeypatch, pauses):
    """Embedded, the database and the journal share one disk."""
    fails_at_the_commit(monkeypatch, 20, OperationalError("database or disk is full"))

    def full(*_args):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(journal, "keep_answer", full)
    accept_run(sent, Run("ft-paid", RunStatus.RUNNING))
    sent.refresh_from_db()
    assert (sent.run_id, len(pauses)) == ("ft-paid", 20)


def test_a_database_that_never_takes_it_leaves_it_to_the_next_sweep(sent, monkeypatch):
    fails_at_the_commit(monkeypatch, 9, DataError("no"))
    accept_run(sent, Run("ft-paid", RunStatus.RUNNING))
    assert kept_ids() == {"ft-paid"}


def test_two_answers_of_one_job_are_both_kept(sent):
    for run_id in ("ft-1", "ft-2"):
        journal.keep_answer(sent, Run(run_id, RunStatus.RUNNING))
    assert kept_ids() == {"ft-1", "ft-2"}
    sweep.settle()
    sent.refresh_from_db()
    assert sent.run_id in {"ft-1", "ft-2"}
    assert sent.incident
    assert kept_ids() == set()


def test_an_answer_in_the_journal_prevents_a_second_call(job, scripted):
    scripted.accepts("ft-second")
    journal.keep_answer(job, Run("ft-paid", RunStatus.RUNNING))
    submit(job.pk)
    job.refresh_from_db()
    assert (job.run_id, scripted.starts) == ("ft-paid", 0)


def test_so_does_one_that_cannot_be_stored(job, scripted, monkeypatch):
    scripted.accepts("ft-second")
    journal.keep_answer(job, Run("ft-paid", RunStatus.RUNNING))
    fails_at_the_commit(monkeypatch, 1, DataError("no"))
    submit(job.pk)
    assert (JobQueue.objects.get().status, scripted.starts) == (Status.QUEUED, 0)


@pytest.mark.parametrize("text", ["[]", "null", "{}", "{", '{"job": 7}', '{"job": "x", "run": []}'])
def test_a_damaged_answer_costs_itself_only(sent, settings, text):
    journal.keep_answer(sent, Run("ft-paid", RunStatus.RUNNING))
    for name in ("0", "zz", str(uuid.uuid4())):
        (settings.JOURNAL_DIR / f"{name}.1.answer").write_text(text)
    sweep.settle()
    sent.refresh_from_db()
    assert sent.run_id == "ft-paid"


def test_a_kept_picture_that_is_gone_does_not_hide_the_run(scripted):
    model = UserModelFactory(ready=True)
    job = JobFactory(kind="generation", model=model, submitting=True, sent_at=timezone.now())
    outputs = (Output(data=jpeg()), Output(data=jpeg()))
    path = journal.keep_answer(job, Run("img-1", RunStatus.SUCCEEDED, outputs=outputs))
    path.with_name(json.loads(path.read_text())["outputs"][0]["file"]).unlink()
    sweep.settle()
    job.refresh_from_db()
    assert (job.status, job.run_id) == (Status.FINISHING, "img-1")
    assert len(job.result["outputs"]) == 1


def test_pictures_that_came_with_the_answer_are_kept_where_another_was_faster(scripted):
    model = UserModelFactory(ready=True)
    job = JobFactory(kind="generation", model=model, running=True, run_id="img-1")
    late = JobQueue.objects.get()
    late.version -= 1
    accept_run(late, Run("img-1", RunStatus.SUCCEEDED, outputs=(Output(data=jpeg()),)))
    job.refresh_from_db()
    assert job.status == Status.FINISHING
    assert "file" in job.result["outputs"][0]


def test_an_answer_that_carries_the_token_of_another_is_not_ours(job, scripted):
    other = JobFactory()
    reply = {"id": "ft-of-another", "status": "pending", "suffix": other.correlation}
    scripted.answers(200, json=reply)
    submit(job.pk)
    job.refresh_from_db()
    assert (job.status, job.run_id) == (Status.UNKNOWN, "")


@pytest.mark.parametrize(("status", "after"), [(400, Status.FAILED), (429, Status.QUEUED)])
def test_a_refusal_is_saved_before_the_bookkeeping(job, scripted, monkeypatch, status, after):
    def locked(*_args, **_kwargs):
        raise OperationalError("locked")

    for name in ("record_answer", "record_failure"):
        monkeypatch.setattr(provider_status, name, locked)
    scripted.answers(status)
    with pytest.raises(OperationalError):
        submit(job.pk)
    assert JobQueue.objects.get().status == after


@pytest.mark.parametrize("status", [400, 401, 403, 404])
def test_a_look_up_that_is_refused_says_nothing_about_the_call(job, scripted, status):
    JobQueue.objects.update(created_at=timezone.now() - timezone.timedelta(minutes=5))
    scripted.fails_to_list(status=status)
    submit(job.pk)
    job.refresh_from_db()
    assert (job.status, scripted.starts) == (Status.QUEUED, 0)


def test_a_disk_that_is_full_for_long_fails_no_job(job, scripted, monkeypatch):
    def full(*_args):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(journal, "raise_mark", full)
    for _ in range(job.max_attempts + 2):
        JobQueue.objects.update(next_poll_at=timezone.now())
        submit(job.pk)
    job.refresh_from_db()
    assert (job.status, job.error_code, scripted.starts) == (Status.QUEUED, "disk_full", 0)


@pytest.mark.parametrize("mark", ["[]", '""', "{", '{"local": NaN}', '{"local": "7"}', "[[1]]"])
def test_a_damaged_mark_pays_nothing(job, scripted, settings, mark):
    settings.JOURNAL_DIR.mkdir(exist_ok=True)
    (settings.JOURNAL_DIR / journal._MARK).write_text(mark)
    scripted.accepts("ft-1")
    submit(job.pk)
    assert scripted.starts == 0


def test_a_mark_that_is_damaged_just_before_the_call_pays_nothing(job, scripted, monkeypatch):
    monkeypatch.setattr(journal, "is_database_behind", lambda: False)

    def damaged():
        raise ValueError("the mark of paid calls is damaged")

    monkeypatch.setattr(journal, "raise_mark", damaged)
    submit(job.pk)
    assert (JobQueue.objects.get().status, scripted.starts) == (Status.QUEUED, 0)
