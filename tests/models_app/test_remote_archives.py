"""ZIPs from addresses: fetched by the worker from a real server, taken in, and started at most
once."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from uuid import UUID

import pytest
from django.db import connection
from django.utils import timezone

from accounts.limits import LimitReachedError
from jobs import tasks
from jobs.deletion import delete_account, delete_model
from jobs.engine import journal, restore, sweep
from jobs.models import JobQueue
from models_app import remote_archives, remote_taking
from models_app.archive_fetch import ArchiveFetch
from models_app.errors import NotEditableError
from models_app.limits import FETCHING
from models_app.models import UserModel
from models_app.remote_archives import FetchRefusedError, fetch_archive, fetch_of
from models_app.tasks import sweep_upload_counts
from providers.http.public_errors import AddressRefusedError
from tests.factories import TrainingImageFactory, UserModelFactory, jpeg
from tests.models_app.zips import archive
from tests.providers.raw_server import answer, json_answer
from tests.public_server import NAME
from training.selectors import next_idempotency_key
from training.services import start

pytestmark = pytest.mark.django_db

URL = f"https://{NAME}/photos.zip?token=a-secret-of-theirs"
COLOURS = ("teal", "navy", "olive", "maroon", "purple")


def photos(count: int = 4) -> bytes:
    return archive(*((f"{colour}.jpg", jpeg(colour=colour)) for colour in COLOURS[:count]))


@pytest.fixture
def model(owner) -> UserModel:
    return UserModelFactory(owner=owner)


@pytest.fixture
def opened(scripted) -> None:
    """Let the calls to the stranger's server through to it."""
    scripted.mock.add_passthru(f"https://{NAME}")
    scripted.accepts()


def worked_off(model: UserModel, times: int = 1) -> ArchiveFetch:
    for _ in range(times):
        ArchiveFetch.objects.update(next_try_at=timezone.now())
        for pk in remote_archives.due():
            remote_taking.go_on(pk)
    return ArchiveFetch.objects.get(model=model)


# --- the way there --------------------------------------------------------------------------


def test_a_zip_becomes_photos_and_a_training(internet, model, opened):
    internet.serve(json_answer(photos()))
    fetch = fetch_archive(model, url=URL, start=True)
    assert (fetch.status, internet.asked) == ("waiting", []), "no request waits for the server"
    done = worked_off(model)
    assert (done.status, done.photos, done.refused, done.error) == ("done", 4, 0, "")
    names = [photo.original_filename for photo in model.photos.all()]
    assert names == [f"{colour}.jpg" for colour in COLOURS[:4]]
    job = JobQueue.objects.get()
    assert (job.model, job.kind, job.idempotency_key) == (model, "training", fetch.start_key)


def test_the_address_goes_once_it_is_of_no_use(internet, model, opened):
    internet.serve(json_answer(photos()))
    fetch_archive(model, url=URL, start=False)
    assert "a-secret" not in str(ArchiveFetch.objects.filter(pk=worked_off(model).pk).values())
    internet.serve(json_answer(b"no zip"))
    fetch_archive(model, url=URL, start=False)
    assert "a-secret" not in str(ArchiveFetch.objects.filter(pk=worked_off(model).pk).values())


def test_without_a_start_nothing_is_started(internet, model, opened):
    internet.serve(json_answer(photos()))
    fetch_archive(model, url=URL, start=False)
    assert worked_off(model).status == "done"
    assert not JobQueue.objects.exists()


def test_the_sweep_brings_it_to_its_end(internet, model, opened, monkeypatch):
    internet.serve(json_answer(photos()))
    monkeypatch.setattr(tasks, "dispatch", lambda task, *args: task(*args))
    fetch_archive(model, url=URL, start=False)
    tasks.dispatching()["archives"]()
    assert fetch_of(model).status == "done"


def test_a_file_that_is_refused_stops_no_other(internet, model, opened):
    members = [(f"{colour}.jpg", jpeg(colour=colour)) for colour in COLOURS[:4]]
    internet.serve(json_answer(archive(*members, ("letter.jpg", b"no photo"))))
    fetch_archive(model, url=URL, start=True)
    done = worked_off(model)
    assert (done.status, done.photos, done.refused) == ("done", 4, 1)
    assert JobQueue.objects.count() == 1


# --- what is refused ------------------------------------------------------------------------


@pytest.mark.parametrize("url", ["http://files.example.com/", "https://10.0.0.1/a.zip", "x"])
def test_an_address_inside_is_refused_when_it_is_named(model, url):
    with pytest.raises(AddressRefusedError):
        fetch_archive(model, url=url, start=False)
    assert fetch_of(model) is None


@pytest.mark.parametrize(
    ("behaviour", "code"),
    [
        (json_answer(b""), "not_archive"),
        (json_answer(b"<html>Please sign in</html>"), "not_archive"),
        (json_answer(jpeg()), "not_archive"),
        (json_answer(photos()[:-30]), "archive_damaged"),
        (json_answer(archive()), "archive_empty"),
        (json_answer(archive(("a.jpg", b"none"))), "no_photos"),
        (json_answer(b"no", "404 Not found"), "unwanted_answer"),
        (answer(b"HTTP/1.1 302 Found\r\nLocation: https://10.0.0.1/\r\n\r\n"), "address_refused"),
    ],
)
def test_what_is_no_archive_of_photos_is_refused_for_good(internet, model, opened, behaviour, code):
    internet.serve(behaviour)
    fetch_archive(model, url=URL, start=True)
    failed = worked_off(model, times=2)
    assert (failed.status, failed.attempts) == ("failed", 1)
    assert failed.error.endswith(".")
    assert failed.code == code
    assert not JobQueue.objects.exists() and not model.photos.exists()


def test_more_than_an_upload_may_have_is_refused(internet, model, opened, settings):
    settings.MAX_REQUEST_BYTES = 1000
    internet.serve(json_answer(photos()))
    fetch_archive(model, url=URL, start=True)
    assert worked_off(model).code == "too_large"


def test_a_server_that_is_away_is_asked_three_times(internet, model, opened):
    server = internet.serve(json_answer(b"", "503 Busy"))
    fetch_archive(model, url=URL, start=False)
    waiting = worked_off(model)
    assert waiting.status == "fetching" and waiting.next_try_at > timezone.now()
    assert worked_off(model, times=5).code == "unwanted_answer"
    assert len(server.requests) == FETCHING.tries


def test_a_server_that_comes_back_is_no_failure(internet, model, opened):
    internet.serve(lambda connection: None)
    fetch_archive(model, url=URL, start=False)
    worked_off(model)
    internet.serve(json_answer(photos()))
    assert worked_off(model).status == "done"


def test_too_few_photos_start_nothing_and_say_why(internet, model, opened):
    internet.serve(json_answer(photos(2)))
    fetch_archive(model, url=URL, start=True)
    failed = worked_off(model)
    assert (failed.code, failed.photos) == ("not_startable", 2)
    assert failed.error and not JobQueue.objects.exists()


def test_a_full_disk_is_waited_for(internet, model, opened, monkeypatch):
    internet.serve(json_answer(photos()))
    monkeypatch.setattr(remote_taking, "has_room", lambda _size: False)
    fetch_archive(model, url=URL, start=False)
    assert worked_off(model).status == "fetching"
    monkeypatch.undo()


def test_a_started_model_gets_nothing_more(internet, model, opened):
    internet.serve(json_answer(photos()))
    fetch_archive(model, url=URL, start=True)
    UserModel.objects.update(started_at=timezone.now())
    assert worked_off(model).code == "not_editable"
    with pytest.raises(NotEditableError):
        fetch_archive(model, url=URL, start=False)


# --- limits of its owner --------------------------------------------------------------------


def test_a_limit_that_cuts_the_set_short_starts_no_training(internet, settings, model, opened):
    settings.LIMIT_PHOTOS_PER_DAY = 4
    internet.serve(json_answer(photos(5)))
    fetch_archive(model, url=URL, start=True)
    failed = worked_off(model)
    assert failed.code == "limit_reached" and not JobQueue.objects.exists()
    assert model.photos.count() == 4


def test_without_a_photo_left_for_the_day_nothing_is_asked_for(settings, model):
    settings.LIMIT_PHOTOS_PER_DAY = 0
    with pytest.raises(LimitReachedError):
        fetch_archive(model, url=URL, start=False)


def test_a_limit_on_trainings_holds_for_this_start_too(internet, settings, model, opened):
    settings.LIMIT_TRAININGS_PER_DAY = 0
    internet.serve(json_answer(photos()))
    fetch_archive(model, url=URL, start=True)
    failed = worked_off(model)
    assert (failed.code, failed.photos) == ("limit_reached", 4)
    assert not JobQueue.objects.exists()


def test_a_draft_has_one_fetch_under_way(model):
    first = fetch_archive(model, url=URL, start=True)
    assert fetch_archive(model, url=URL, start=True) == first
    for url, starts in ((f"{URL}2", True), (URL, False)):
        with pytest.raises(FetchRefusedError) as refusal:
            fetch_archive(model, url=url, start=starts)
        assert refusal.value.code == "already_fetching"


def test_a_person_has_few_waiting(owner, stranger):
    for _ in range(FETCHING.most_per_person):
        fetch_archive(UserModelFactory(owner=owner), url=URL, start=False)
    with pytest.raises(FetchRefusedError) as refusal:
        fetch_archive(UserModelFactory(owner=owner), url=URL, start=False)
    assert refusal.value.code == "too_many_fetches"
    fetch_archive(UserModelFactory(owner=stranger), url=URL, start=False)


def test_one_person_never_takes_all_places(owner, stranger):
    mine = [fetch_archive(UserModelFactory(owner=owner), url=URL, start=False) for _ in range(3)]
    theirs = fetch_archive(UserModelFactory(owner=stranger), url=URL, start=False)
    assert sorted(remote_archives.due()) == sorted([str(mine[0].pk), str(theirs.pk)])
    assert remote_archives.claim(mine[1].pk)
    assert remote_archives.claim(mine[0].pk) is None
    assert remote_archives.due() == [str(theirs.pk)]


@pytest.mark.django_db(transaction=True)
def test_workers_that_come_together_take_one_fetch_of_a_person(owner):
    mine = [fetch_archive(UserModelFactory(owner=owner), url=URL, start=False) for _ in range(3)]

    def take(pk: UUID) -> bool:
        try:
            return remote_archives.claim(pk) is not None
        finally:
            connection.close()

    with ThreadPoolExecutor(6) as workers:
        taken = list(workers.map(take, [fetch.pk for fetch in mine] * 2))
    assert sum(taken) == 1


# --- killed at any moment -------------------------------------------------------------------


class KilledError(BaseException):
    """What a process that is killed leaves: nothing is caught, nothing is tidied up."""


def killed_in(monkeypatch, module, name: str, model: UserModel) -> None:
    """Kill the worker where it calls `name`, and let its lease run out."""

    def dies(*_args: object, **_kwargs: object) -> None:
        raise KilledError

    with monkeypatch.context() as patched:
        patched.setattr(module, name, dies)
        with pytest.raises(KilledError):
            worked_off(model)
    assert remote_archives.due() == [], "nobody takes it over while it may be alive"
    ArchiveFetch.objects.update(lease_until=timezone.now() - timedelta(seconds=1))


def test_killed_between_the_photos_and_the_start_it_starts_once(
    internet, model, opened, monkeypatch
):
    server = internet.serve(json_answer(photos()))
    fetch_archive(model, url=URL, start=True)
    killed_in(monkeypatch, remote_archives, "starter", model)
    assert worked_off(model, times=3).status == "done"
    assert JobQueue.objects.count() == 1
    assert len(server.requests) == 1, "what is here is not fetched again"


def test_killed_after_the_start_it_starts_once(internet, model, opened, monkeypatch):
    internet.serve(json_answer(photos()))
    fetch_archive(model, url=URL, start=True)
    killed_in(monkeypatch, remote_archives, "finish", model)
    assert JobQueue.objects.count() == 1
    assert worked_off(model, times=3).status == "done"
    assert JobQueue.objects.count() == 1


def test_killed_after_the_photos_it_has_each_once(internet, model, opened, monkeypatch):
    internet.serve(json_answer(photos()))
    fetch_archive(model, url=URL, start=True)
    killed_in(monkeypatch, remote_taking, "_require_whole", model)
    assert model.photos.count() == 4
    done = worked_off(model)
    assert (done.status, done.photos, done.refused) == ("done", 4, 0)
    assert model.photos.count() == 4 and JobQueue.objects.count() == 1


def test_a_training_that_its_owner_started_meanwhile_is_not_started_twice(
    internet, model, opened, monkeypatch
):
    internet.serve(json_answer(photos()))
    fetch_archive(model, url=URL, start=True)
    killed_in(monkeypatch, remote_archives, "starter", model)
    start(model, idempotency_key=next_idempotency_key(model))
    JobQueue.objects.update(status="failed")
    UserModel.objects.update(status="failed", started_at=None)
    assert worked_off(model).status == "done"
    assert JobQueue.objects.count() == 1


def test_one_that_kills_every_worker_ends(internet, model, opened, monkeypatch):
    internet.serve(json_answer(photos()))
    fetch_archive(model, url=URL, start=True)
    for _ in range(FETCHING.most_attempts):
        killed_in(monkeypatch, remote_taking, "read_archive", model)
    assert worked_off(model).code == "gave_up"


def test_a_frozen_worker_changes_nothing_of_what_another_took_over(internet, model, opened):
    internet.serve(json_answer(photos()))
    fetch_archive(model, url=URL, start=True)
    frozen = remote_archives.claim(fetch_of(model).pk)
    ArchiveFetch.objects.update(lease_until=timezone.now() - timedelta(seconds=1))
    assert worked_off(model).status == "done"
    with pytest.raises(remote_archives.LostError):
        remote_archives.fail(frozen, "gave_up", "Too late.")
    assert fetch_of(model).status == "done"


def test_a_model_that_is_deleted_meanwhile_ends_it(internet, model, opened, monkeypatch):
    def deletes(*_args: object) -> bool:
        delete_model(model)
        return True

    internet.serve(json_answer(photos()))
    fetch_archive(model, url=URL, start=True)
    monkeypatch.setattr(remote_taking, "is_zip", deletes)
    for pk in remote_archives.due():
        assert remote_taking.go_on(pk)
    assert not ArchiveFetch.objects.exists() and not JobQueue.objects.exists()


# --- what stays -----------------------------------------------------------------------------


def test_it_goes_with_the_account(model, owner):
    fetch_archive(model, url=URL, start=True)
    delete_account(owner)
    assert not ArchiveFetch.objects.exists()


def test_an_account_that_is_switched_off_fetches_and_starts_nothing(internet, model, opened, owner):
    server = internet.serve(json_answer(photos()))
    fetch_archive(model, url=URL, start=True)
    owner.is_active = False
    owner.save()
    assert worked_off(model).status == "waiting" and server.requests == []
    ArchiveFetch.objects.update(created_at=timezone.now() - timedelta(days=2))
    sweep_upload_counts()
    ended = fetch_of(model)
    assert (ended.status, ended.code, ended.url) == ("failed", "gave_up", "")


def test_after_a_restore_nothing_is_started_by_itself(internet, model, opened, monkeypatch):
    internet.serve(json_answer(photos()))
    fetch_archive(model, url=URL, start=True)
    monkeypatch.setattr(journal, "is_database_behind", lambda: True)
    waiting = worked_off(model, times=8)
    assert (waiting.status, waiting.photos) == ("fetching", 4) and not JobQueue.objects.exists()
    monkeypatch.setattr(restore.registry, "configured", lambda: [])
    restore.reconcile_all()
    monkeypatch.setattr(journal, "is_database_behind", lambda: False)
    assert worked_off(model).code == "restored" and not JobQueue.objects.exists()


def test_a_clock_that_was_set_back_holds_nothing_up(model):
    fetch_archive(model, url=URL, start=True)
    ahead = timezone.now() + timedelta(days=400)
    ArchiveFetch.objects.update(next_try_at=ahead, lease_until=ahead)
    sweep.bring_times_back()
    assert len(remote_archives.due()) == 1


def test_photos_that_are_there_already_count(internet, model, opened):
    TrainingImageFactory.create_batch(3, model=model)
    internet.serve(json_answer(photos(1)))
    fetch_archive(model, url=URL, start=False)
    worked_off(model)
    fetch_archive(model, url=URL, start=True)
    done = worked_off(model)
    assert (done.status, done.photos) == ("done", 1)
    assert JobQueue.objects.count() == 1
