"""The operator's pages."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from jobs.models import JobEvent, JobQueue
from jobs.states import Status
from models_app.archive_fetch import ArchiveFetch
from models_app.models import UserModel
from tests.factories import (
    GeneratedImageFactory,
    JobFactory,
    TrainingImageFactory,
    UserModelFactory,
)

pytestmark = pytest.mark.django_db
JOBS = "/admin/jobs/jobqueue/"
LISTS = [
    JOBS,
    "/admin/jobs/providerstatus/",
    "/admin/models_app/usermodel/",
    "/admin/models_app/trainingimage/",
    "/admin/models_app/archivefetch/",
    "/admin/generation/generatedimage/",
    "/admin/accounts/user/",
    "/admin/accounts/invitation/",
]


def act(client, action: str, *jobs: JobQueue) -> str:
    data = {"action": action, "_selected_action": [str(job.pk) for job in jobs], "index": 0}
    return client.post(JOBS, data, follow=True).content.decode()


def fetched(model: UserModel) -> ArchiveFetch:
    url = "https://example.org/photos.zip?token=sesame"
    return ArchiveFetch.objects.create(model=model, url=url, status="fetching")


def test_of_an_address_that_is_fetched_operators_see_the_host_only(operator_client):
    fetch = fetched(UserModelFactory())
    rows = "/admin/models_app/archivefetch/"
    for address in (rows, f"{rows}{fetch.pk}/change/"):
        page = operator_client.get(address).content.decode()
        assert "example.org" in page
        assert "sesame" not in page and "photos.zip" not in page


@pytest.mark.parametrize("address", ["/admin/", *LISTS])
def test_operators_see_every_page(operator_client, address):
    JobFactory(running=True)
    TrainingImageFactory()
    GeneratedImageFactory()
    assert operator_client.get(address).status_code == 200


@pytest.mark.parametrize("address", ["/admin/", *LISTS])
def test_owners_without_the_role_see_none(owner_client, address):
    assert owner_client.get(address).status_code in {302, 403}
    assert owner_client.get(address, follow=True).status_code == 403


def test_strangers_are_sent_to_the_ordinary_sign_in(anonymous_client):
    answer = anonymous_client.get("/admin/", follow=True)
    assert answer.redirect_chain[-1][0].startswith(reverse("account_login"))


def test_the_front_page_counts_what_needs_attention(operator_client):
    JobFactory(unknown=True)
    JobFactory(failed=True)
    JobFactory(running=True, incident="A second run turned up")
    page = operator_client.get("/admin/")
    counts = {tally.label: tally.count for tally in page.context["attention"]}
    assert counts["Unclear whether they started"] == 1
    assert counts["Failed in the last 24 hours"] == 1
    assert counts["With an incident"] == 1
    states = {tally.label: tally.count for tally in page.context["states"]}
    assert states["Running"] == 1
    assert page.context["bars"][-1].total == 3


def test_the_front_page_reports_a_sweep_that_does_not_run(operator_client):
    assert "The sweep does not run" in operator_client.get("/admin/").content.decode()


def test_the_front_page_needs_no_inline_style_or_script(operator_client):
    JobFactory(running=True)
    html = operator_client.get("/admin/").content.decode()
    assert "style=" not in html
    assert "<script>" not in html


@pytest.mark.parametrize("address", ["/admin/", *LISTS])
def test_more_rows_cost_no_more_queries(operator_client, address):
    def fill() -> None:
        model = UserModelFactory(ready=True)
        TrainingImageFactory(model=model)
        GeneratedImageFactory(model=model)
        JobFactory(running=True, model=model)
        fetched(model)

    def queries() -> int:
        with CaptureQueriesContext(
            connection,
        ) as captured:
            operator_client.get(address)
        return len(captured)

    fill()
    queries()  # content types are cached once
    before = queries()
    for _ in range(5):
        fill()
    assert queries() == before


@pytest.mark.parametrize(
    ("attention", "traits"),
    [
        ("unclear", {"unknown": True}),
        ("failed", {"failed": True}),
        ("incident", {"running": True, "incident": "A second run turned up"}),
    ],
)
def test_the_attention_filter_finds(operator_client, attention, traits):
    wanted, other = JobFactory(**traits), JobFactory(succeeded=True)
    for value in (attention, "any"):
        html = operator_client.get(JOBS, {"attention": value}).content.decode()
        assert str(wanted.pk) in html
        assert str(other.pk) not in html


def test_the_attention_filter_finds_jobs_not_observed_for_long(operator_client):
    stuck = JobFactory(running=True, last_seen_at=timezone.now() - timedelta(hours=1))
    fine = JobFactory(running=True, last_seen_at=timezone.now())
    html = operator_client.get(JOBS, {"attention": "stuck"}).content.decode()
    assert str(stuck.pk) in html
    assert str(fine.pk) not in html


@pytest.mark.parametrize("term", ["id", "run_id"])
def test_a_job_is_found_by_the_beginning_of_its_id_and_by_its_run(operator_client, term):
    wanted, other = JobFactory(running=True, run_id="ft-wanted"), JobFactory(running=True)
    query = str(wanted.pk)[:13] if term == "id" else "ft-wanted"
    html = operator_client.get(JOBS, {"q": query}).content.decode()
    assert str(wanted.pk) in html
    assert str(other.pk) not in html


def test_a_job_shows_its_explanation_and_its_newest_events(operator_client):
    job = JobFactory(unknown=True)
    JobEvent.objects.bulk_create(
        JobEvent(job=job, kind="log", text=f"line-{number}.") for number in range(250)
    )
    html = operator_client.get(f"{JOBS}{job.pk}/change/").content.decode()
    assert "Unclear whether it started" in html
    assert "line-249." in html
    assert "line-50." in html
    assert "line-49." not in html


def test_jobs_cannot_be_written_by_hand(operator_client):
    job = JobFactory(running=True)
    assert operator_client.get(f"{JOBS}add/").status_code == 403
    assert operator_client.post(f"{JOBS}{job.pk}/delete/").status_code == 403
    operator_client.post(f"{JOBS}{job.pk}/change/", {"status": "failed"})
    job.refresh_from_db()
    assert job.status == Status.RUNNING


def test_the_actions_go_through_the_engine(operator_client):
    waiting, running = JobFactory(), JobFactory(running=True)
    unclear, other = JobFactory(unknown=True), JobFactory(unknown=True)
    assert "2 jobs: cancellation requested" in act(operator_client, "cancel_jobs", waiting, running)
    assert "1 job: abandoned" in act(operator_client, "abandon_jobs", unclear)
    assert "1 job: will be sent again" in act(operator_client, "declare_jobs_not_started", other)
    assert "1 job: will be polled" in act(operator_client, "poll_now", running)
    states = dict(JobQueue.objects.values_list("pk", "status"))
    assert states[waiting.pk] == states[unclear.pk] == Status.CANCELLED
    assert states[other.pk] == Status.QUEUED
    running.refresh_from_db()
    assert running.cancel_requested_at is not None


def test_a_job_that_refuses_an_action_is_reported_and_the_others_continue(operator_client):
    over, waiting = JobFactory(succeeded=True), JobFactory()
    html = act(operator_client, "cancel_jobs", over, waiting)
    assert "is done, so it cannot become cancelled" in html
    assert "1 job: cancellation requested" in html


def test_a_failed_training_is_tried_again(operator_client):
    model = UserModelFactory(failed=True)
    TrainingImageFactory.create_batch(5, model=model)
    job = JobFactory(failed=True, model=model)
    assert "1 training started again" in act(operator_client, "try_again", job)
    assert model.jobs.count() == 2


def test_staff_with_view_permission_only_get_no_actions(owner, owner_client):
    from django.contrib.auth.models import Permission

    owner.is_staff = True
    owner.save()
    owner.user_permissions.add(Permission.objects.get(codename="view_jobqueue"))
    job = JobFactory()
    assert "cancel_jobs" not in owner_client.get(JOBS).content.decode()
    act(owner_client, "cancel_jobs", job)
    job.refresh_from_db()
    assert job.status == Status.QUEUED


def test_thumbnails_are_for_staff_only(operator_client, owner_client, anonymous_client):
    addresses = [
        reverse("admin:photo_thumbnail", args=[TrainingImageFactory().pk]),
        reverse("admin:image_thumbnail", args=[GeneratedImageFactory().pk]),
    ]
    for address in addresses:
        shown = operator_client.get(address)
        assert shown.status_code == 200
        assert shown["Content-Type"] == "image/jpeg"
        assert shown["Cache-Control"].startswith("private")
        assert owner_client.get(address).status_code in {302, 403}
        assert anonymous_client.get(address).status_code == 302


def test_rows_that_own_files_cannot_be_deleted_here(operator_client):
    model = UserModelFactory()
    address = f"/admin/models_app/usermodel/{model.pk}/delete/"
    assert operator_client.post(address, {"post": "yes"}).status_code == 403


def test_an_operator_creates_an_account_with_a_lower_case_address(operator_client):
    data = {
        "email": "New.Person@Example.org",
        "usable_password": "true",
        "password1": "a long enough phrase",
        "password2": "a long enough phrase",
    }
    operator_client.post("/admin/accounts/user/add/", data)
    assert User.objects.filter(email="new.person@example.org").exists()
