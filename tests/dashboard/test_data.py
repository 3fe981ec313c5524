"""Your data: everything to take along, and the account that is deleted with all that is in it."""

from __future__ import annotations

import io
import json
import zipfile

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.sessions.models import Session
from django.core.files.storage import default_storage
from django.test import Client

from accounts import tokens
from accounts.models import User
from dashboard.pages import archive
from dashboard.pages.deletion_texts import still_to_come
from dashboard.pages.export import ArchiveResponse
from jobs.deletion import Receipt
from jobs.models import JobQueue
from jobs.states import Status
from models_app.models import FileDeletion, UserModel
from tests.conftest import client_of
from tests.factories import (
    PASSWORD,
    GeneratedImageFactory,
    JobFactory,
    TrainingImageFactory,
    UserModelFactory,
)

pytestmark = pytest.mark.django_db
PAGE, EXPORT = "/dashboard/data", "/dashboard/data/export"
DELETE, STOP = "/dashboard/data/delete-account", "/dashboard/data/stop"


@pytest.fixture
def model(owner) -> UserModel:
    model = UserModelFactory(owner=owner, ready=True, name="Ann", answers={"about": {"name": "A"}})
    TrainingImageFactory(model=model, caption="with a hat")
    JobFactory(model=model, succeeded=True, run_id="ft-1", result={"dataset": "file-1"})
    image = GeneratedImageFactory(model=model, prompt="ann at the sea")
    JobFactory(
        model=model, kind="generation", succeeded=True, payload={"prompt": image.prompt}
    ).images.add(image)
    return model


def archived(client: Client) -> zipfile.ZipFile:
    response = client.get(EXPORT)
    assert response["Content-Type"] == "application/zip"
    return zipfile.ZipFile(io.BytesIO(b"".join(response)))


def test_the_archive_has_everything(owner, owner_client, model):
    content = archived(owner_client)
    assert content.testzip() is None
    names = {name.rpartition("/")[2]: name for name in content.namelist()}
    about = json.loads(content.read(names["model.json"]))
    assert about["answers"] == {"about": {"name": "A"}}
    assert [photo["caption"] for photo in about["photos"]] == ["with a hat"]
    assert [picture["prompt"] for picture in about["pictures"]] == ["ann at the sea"]
    jobs = json.loads(content.read("jobs.json"))
    assert {job["kind"] for job in jobs} == {"training", "generation"}
    assert json.loads(content.read("account.json"))["email"] == owner.email
    photo = model.photos.get()
    with photo.file.open() as stored:
        assert content.read(names[photo.file.name.rpartition("/")[2]]) == stored.read()
    assert content.read(names["ann.safetensors"]) == b"weights"
    assert model.images.get().file.name.rpartition("/")[2] in names


def test_a_strangers_archive_has_nothing_of_the_owner(owner, stranger_client, model):
    content = archived(stranger_client)
    assert set(content.namelist()) == {"account.json", "jobs.json", "sign-ins.json"}
    assert owner.email.encode() not in content.read("account.json")
    assert json.loads(content.read("jobs.json")) == []


def test_the_archive_says_who_signed_in_and_from_where(owner, stranger):
    browser = Client(REMOTE_ADDR="192.0.2.7", HTTP_USER_AGENT="Firefox/140.0")
    for person, password in ((owner, "wrong"), (stranger, "wrong"), (owner, PASSWORD)):
        browser.post("/accounts/login/", {"login": person.email, "password": password})
    content = archived(browser)
    signed_in = json.loads(content.read("sign-ins.json"))
    assert [one["succeeded"] for one in signed_in] == [False, True]
    (session,) = json.loads(content.read("account.json"))["sessions"]
    for one in (*signed_in, session):
        assert (one["address"], one["browser"]) == ("192.0.2.7", "Firefox/140.0")


def test_the_archive_names_tokens_and_holds_none(owner, owner_client, stranger):
    token, raw = tokens.make(owner, name="a script", scope="read", expires_in=None)
    tokens.make(stranger, name="not mine", scope="read", expires_in=None)
    text = archived(owner_client).read("account.json").decode()
    (found,) = json.loads(text)["tokens"]
    assert (found["name"], found["scope"], found["revoked_at"]) == ("a script", "read", None)
    assert raw[3:] not in text and token.token_hash not in text


def test_a_file_that_is_missing_does_not_spoil_the_archive(owner_client, model):
    default_storage.delete(model.photos.get().file.name)
    content = archived(owner_client)
    assert content.testzip() is None
    assert not [name for name in content.namelist() if "/photos/" in name]
    assert "/photos/" in content.read("missing.txt").decode()


def test_many_jobs_are_one_list(owner, owner_client, monkeypatch):
    monkeypatch.setattr(archive, "CHUNK", 2)
    model = UserModelFactory(owner=owner)
    JobFactory.create_batch(5, model=model, failed=True)
    assert len(json.loads(archived(owner_client).read("jobs.json"))) == 5


def test_a_large_file_is_sent_in_blocks(owner, model, monkeypatch):
    monkeypatch.setattr(archive, "BLOCK_BYTES", 64)
    blocks = list(archive.archive_of(owner))
    assert len(blocks) > 20
    assert max(map(len, blocks)) < 3000
    assert b"" not in blocks


@pytest.mark.django_db(transaction=True)
async def test_it_is_made_in_threads_that_are_free_while_it_is_sent(owner, model):
    response = ArchiveResponse(owner, filename="theway.zip")
    data = b"".join([block async for block in response])
    content = zipfile.ZipFile(io.BytesIO(data))
    assert content.testzip() is None
    assert len(content.namelist()) == 7


def test_the_page_tells_what_will_go(owner_client, model):
    page = owner_client.get(PAGE).content.decode()
    assert "1 model" in page and "1 photo" in page and "1 picture" in page


def test_an_account_goes_with_everything(
    owner, owner_client, model, django_capture_on_commit_callbacks
):
    client_of(owner)  # a second session
    photo = model.photos.get()
    with django_capture_on_commit_callbacks(execute=True):
        page = owner_client.post(DELETE, {"password": PASSWORD}).content.decode()
    assert "Your account is deleted" in page and owner.email not in page
    assert not User.objects.filter(pk=owner.pk).exists()
    assert not UserModel.objects.exists()
    assert not Session.objects.exists()
    assert not default_storage.exists(photo.file.name)
    assert set(FileDeletion.objects.values_list("attempts", flat=True)) <= {0}
    assert owner_client.get("/dashboard/").status_code == 302


def test_answers_that_wait_in_a_signed_out_browser_go_too(owner, owner_client, anonymous_client):
    session = anonymous_client.session
    session["unsaved_answers"] = {"/x": {"author": owner.pk, "answers": {"name": "Ann"}}}
    session.save()
    owner_client.post(DELETE, {"password": PASSWORD})
    assert not Session.objects.exists()


def test_the_receipt_says_what_is_still_to_come(owner_client, model):
    page = owner_client.post(DELETE, {"password": PASSWORD}).content.decode()
    assert "Trainer on this machine is asked to delete what it has" in page
    assert "within the hour" in page and "Backups" in page


def test_what_was_paid_stays_without_an_owner(owner_client, model):
    JobQueue.objects.update(cost_estimate="2.50")
    owner_client.post(DELETE, {"password": PASSWORD})
    jobs = list(JobQueue.objects.values_list("owner", "model", "cost_estimate", "payload"))
    assert [(owner, model, float(cost)) for owner, model, cost, _ in jobs] == [
        (None, None, 2.5)
    ] * 2
    assert "prompt" not in str([payload for *_, payload in jobs])


@pytest.mark.parametrize("password", ["", "wrong"])
def test_without_the_password_nothing_goes(owner, owner_client, model, password):
    response = owner_client.post(DELETE, {"password": password})
    assert response.status_code == 422
    assert UserModel.objects.filter(pk=model.pk).exists()
    assert owner_client.get("/dashboard/").status_code == 200


@pytest.mark.parametrize("trait", ["submitting", "unknown", "running", "finishing"])
def test_an_account_with_something_unfinished_stays_and_says_what(owner, owner_client, trait):
    job = JobFactory(model=UserModelFactory(owner=owner, training=True), **{trait: True})
    response = owner_client.post(DELETE, {"password": PASSWORD})
    page = response.content.decode()
    assert response.status_code == 409
    assert "still running" in page and "Cancel all of it" in page
    assert JobQueue.objects.filter(pk=job.pk, owner=owner).exists()


def test_cancelling_all_of_it_lets_the_account_go(owner, owner_client):
    for trait in ({}, {"unknown": True}):
        JobFactory(model=UserModelFactory(owner=owner, training=True), **trait)
    other = JobFactory()
    owner_client.post(STOP)
    own = JobQueue.objects.filter(owner=owner)
    assert set(own.values_list("status", flat=True)) == {Status.CANCELLED}
    other.refresh_from_db()
    assert other.status == Status.QUEUED
    page = owner_client.post(DELETE, {"password": PASSWORD}).content.decode()
    assert "Your account is deleted" in page


def test_a_running_job_is_asked_to_cancel(owner, owner_client):
    job = JobFactory(model=UserModelFactory(owner=owner, training=True), running=True)
    owner_client.post(STOP)
    job.refresh_from_db()
    assert job.cancel_requested_at is not None


def test_deleting_one_account_leaves_the_others(stranger, owner_client, model):
    theirs = UserModelFactory(owner=stranger)
    session = client_of(stranger)
    owner_client.post(DELETE, {"password": PASSWORD})
    assert UserModel.objects.get() == theirs
    assert session.get("/dashboard/").status_code == 200


def test_the_only_operator_cannot_lock_everybody_out(operator, operator_client):
    page = operator_client.post(DELETE, {"password": PASSWORD}).content.decode()
    assert "only operator" in page
    assert User.objects.filter(pk=operator.pk).exists()


# --- as an operator ------------------------------------------------------------------------


def admin_address(user: User) -> str:
    return f"/admin/accounts/user/{user.pk}/delete/"


def test_an_operator_deletes_an_account_after_a_confirmation(owner, operator_client, model):
    page = operator_client.get(admin_address(owner)).content.decode()
    assert "Are you sure" in page and "prompts" in page
    assert User.objects.filter(pk=owner.pk).exists()
    operator_client.post(admin_address(owner), {"post": "yes"})
    assert not User.objects.filter(pk=owner.pk).exists()
    assert not UserModel.objects.exists()
    assert [entry.object_repr for entry in LogEntry.objects.all()] == [f"account {owner.pk}"]


def test_an_operator_is_told_why_an_account_stays(owner, operator_client):
    JobFactory(model=UserModelFactory(owner=owner, training=True), running=True)
    response = operator_client.post(admin_address(owner), {"post": "yes"}, follow=True)
    assert "unfinished" in response.content.decode()
    assert User.objects.filter(pk=owner.pk).exists()


def test_an_operator_deletes_the_own_account_in_the_dashboard_only(operator, operator_client):
    assert operator_client.post(admin_address(operator), {"post": "yes"}).status_code == 403
    assert b"delete_selected" not in operator_client.get("/admin/accounts/user/").content


def test_owners_delete_no_accounts_of_others(owner_client, stranger):
    assert owner_client.post(admin_address(stranger), {"post": "yes"}).status_code == 302
    assert User.objects.filter(pk=stranger.pk).exists()


def test_what_a_trainer_cannot_delete_comes_with_the_day_when_it_is_gone():
    told = still_to_come(Receipt(keeping={"fal", "together"}))
    assert "The photos are deleted there after two days" in told[0]
    assert "Its own terms say how long it keeps that." in told[1]
