"""The outbox: what of a deleted model lies at a provider is deleted there, and nothing else."""

from datetime import timedelta

import pytest
import responses
import time_machine
from django.utils import timezone

from jobs.deletion import delete_model, request_dataset_deletion
from jobs.engine import deletions, sweep
from jobs.models import JobQueue, OrphanRun, RemoteDeletion
from providers.local.provider import Local
from tests.factories import JobFactory, UserModelFactory

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("machine_clock")]
BASE = "http://127.0.0.1:9/v1"


def waiting() -> set[tuple[str, str]]:
    return set(RemoteDeletion.objects.values_list("kind", "remote_id"))


def deletes(scripted, *paths: str, status: int = 200) -> None:
    for path in paths:
        scripted.mock.upsert(responses.DELETE, f"{BASE}{path}", json={}, status=status)


@pytest.fixture
def trained(db) -> JobQueue:
    return JobFactory(succeeded=True, run_id="ft-1", result={"dataset": "file-1"})


def test_everything_that_a_model_has_at_its_trainer_is_deleted_there(scripted, trained):
    OrphanRun.objects.create(job=trained, run_id="ft-2")
    JobFactory(kind="generation", model=trained.model, succeeded=True, run_id="img-1")
    delete_model(trained.model)
    paths = ["/fine-tunes/ft-1", "/fine-tunes/ft-2", "/files/file-1", "/images/generations/img-1"]
    assert len(waiting()) == 4
    deletes(scripted, *paths)
    assert deletions.due_providers() == ["local"]
    deletions.work_off("local")
    assert [scripted.count("DELETE", path) for path in paths] == [1, 1, 1, 1]
    assert waiting() == set()


def test_what_is_gone_already_counts_as_deleted(scripted, trained):
    delete_model(trained.model)
    deletes(scripted, "/fine-tunes/ft-1", "/files/file-1", status=404)
    deletions.work_off("local")
    assert waiting() == set()


def test_a_trainer_that_is_away_is_asked_again_once_it_is_back(scripted, trained):
    delete_model(trained.model)
    deletes(scripted, "/fine-tunes/ft-1", "/files/file-1", status=503)
    deletions.work_off("local")
    assert len(waiting()) == 2
    assert scripted.mock.calls.__len__() == 1  # one call finds out, the others wait
    assert deletions.due_providers() == []
    deletes(scripted, "/fine-tunes/ft-1", "/files/file-1")
    with time_machine.travel(timezone.now() + timedelta(minutes=5)):
        deletions.work_off("local")
    assert waiting() == set()


def test_one_that_is_refused_holds_up_no_other(scripted, trained):
    delete_model(trained.model)
    deletes(scripted, "/fine-tunes/ft-1", status=409)
    deletes(scripted, "/files/file-1")
    deletions.work_off("local")
    assert waiting() == {("training", "ft-1")}


def test_a_surprise_with_one_holds_up_no_other(scripted, trained, monkeypatch):
    delete_model(trained.model)
    monkeypatch.setattr(Local, "delete_run", lambda *_: 1 / 0)
    deletes(scripted, "/files/file-1")
    deletions.work_off("local")
    assert waiting() == {("training", "ft-1")}


def test_a_worker_that_died_is_replaced(scripted, trained, monkeypatch):
    delete_model(trained.model)

    def dies(*_):
        raise SystemExit

    with monkeypatch.context() as patch, pytest.raises(SystemExit):
        patch.setattr(Local, "delete_run", dies)
        deletions.work_off("local")
    assert deletions.due_providers() == []
    deletes(scripted, "/fine-tunes/ft-1", "/files/file-1")
    with time_machine.travel(timezone.now() + timedelta(minutes=6)):
        assert deletions.due_providers() == ["local"]
        deletions.work_off("local")
    assert waiting() == set()


def test_a_provider_that_is_not_set_up_keeps_its_items_waiting(settings, trained):
    settings.PROVIDERS = {}
    delete_model(trained.model)
    deletions.work_off("local")
    assert len(waiting()) == 2
    assert deletions.due_providers() == []


def test_after_a_month_only_the_operator_can_help(scripted, trained):
    delete_model(trained.model)
    deletes(scripted, "/fine-tunes/ft-1", "/files/file-1", status=400)
    with time_machine.travel(timezone.now() + timedelta(days=31)):
        deletions.work_off("local")
        assert deletions.due_providers() == []
    assert set(RemoteDeletion.objects.values_list("next_try_at", flat=True)) == {None}


def test_what_a_provider_cannot_delete_is_told_at_once(trained, monkeypatch):
    monkeypatch.setattr(Local, "capabilities", frozenset())
    JobFactory(kind="generation", model=trained.model, succeeded=True, run_id="img-1")
    receipt = delete_model(trained.model)
    assert (receipt.asked, receipt.keeping) == (set(), {"local"})
    left = RemoteDeletion.objects.values_list("kind", "next_try_at", "error_code")
    assert sorted(left) == [("dataset", None, "unsupported"), ("training", None, "unsupported")]


@pytest.mark.parametrize(
    "needing",
    [
        {"running": True, "run_id": "ft-1"},
        {"payload": {"adopt_run": "ft-1"}},
        {"result": {"dataset": "file-1"}},
    ],
)
def test_what_an_unfinished_job_needs_stays(scripted, trained, needing):
    delete_model(trained.model)
    JobFactory(model=UserModelFactory(training=True), **needing)
    deletes(scripted, "/fine-tunes/ft-1", "/files/file-1")
    deletions.work_off("local")
    kept = ("dataset", "file-1") if "result" in needing else ("training", "ft-1")
    assert waiting() == {kept}


def test_a_run_that_was_given_up_on_is_looked_up_and_deleted(scripted):
    job = JobFactory(cancelled=True, sent_at=timezone.now(), call_over_at=timezone.now())
    delete_model(job.model)
    scripted.lists()
    deletions.work_off("local")
    assert RemoteDeletion.objects.get().token == job.correlation  # it may still appear
    scripted.lists({"id": "ft-9", "status": "running", "suffix": job.correlation})
    deletes(scripted, "/fine-tunes/ft-9")
    with time_machine.travel(timezone.now() + timedelta(minutes=5)):
        deletions.work_off("local")
    assert scripted.count("DELETE", "/fine-tunes/ft-9") == 1
    assert waiting() == set()


def test_a_run_that_never_appears_is_no_longer_looked_for(scripted):
    job = JobFactory(cancelled=True, sent_at=timezone.now(), call_over_at=timezone.now())
    delete_model(job.model)
    scripted.lists()
    with time_machine.travel(timezone.now() + timedelta(hours=2)):
        deletions.work_off("local")
    assert waiting() == set()


def test_a_job_that_never_left_has_nothing_to_delete():
    delete_model(JobFactory(cancelled=True).model)
    assert waiting() == set()


def test_the_same_is_asked_for_once(trained):
    request_dataset_deletion(trained, "file-1")
    request_dataset_deletion(trained, "file-1")
    assert waiting() == {("dataset", "file-1")}


def test_a_clock_that_was_set_back_does_not_put_deletions_off(trained):
    with time_machine.travel(timezone.now() + timedelta(days=400)):
        delete_model(trained.model)
    sweep.bring_times_back()
    assert deletions.due_providers() == ["local"]
