"""What a training shows on the way, on the page of its model: its owner's alone."""

from __future__ import annotations

import io
import json
import zipfile

import pytest
from django.contrib.auth.models import AnonymousUser
from django.http import Http404
from django.urls import reverse

from dashboard.live.fragments import templates_for
from jobs.models import JobQueue
from live.topics import Change
from tests.dashboard.rows import describe_local_trainer, stored_model
from tests.factories import JobFactory, TrainingSampleFactory, UserModelFactory, jpeg
from training.selectors import sample_for

EMPTY = "two samples appear here"


def page_of(client, model) -> str:
    response = client.get(reverse("dashboard:model", args=[model.pk]))
    assert response.status_code == 200
    return response.content.decode()


def pair(job: JobQueue, step: int) -> None:
    for number, prompt in enumerate(("photo of zorbik person", "photo of person")):
        TrainingSampleFactory(model=job.model, job=job, step=step, number=number, prompt=prompt)


@pytest.fixture
def job(owner) -> JobQueue:
    model = UserModelFactory(owner=owner, training=True)
    return JobFactory(model=model, running=True, engine="diffusers")


@pytest.fixture
def sample(owner):
    return TrainingSampleFactory(model=UserModelFactory(owner=owner, training=True))


def test_before_the_first_the_page_says_what_will_come(job, owner_client):
    page = page_of(owner_client, job.model)
    assert EMPTY in page
    assert page.count('id="live-samples"') == 1


def test_samples_stand_step_by_step_with_and_without_the_trigger_word(job, owner_client):
    pair(job, 0)
    pair(job, 1250)
    page = page_of(owner_client, job.model)
    assert EMPTY not in page
    # While it goes on in order, so that a new one pushes nothing aside; three are to come.
    assert page.index("Before the training</h3>") < page.index("Step 1,250</h3>")
    assert page.count('id="samples-to-come-') == 3
    assert 'alt="Step 1,250. With the trigger word: photo of zorbik person"' in page
    assert 'alt="Step 1,250. Without the trigger word: photo of person"' in page
    assert 'alt="Before the training. Without the trigger word: photo of person"' in page


@pytest.mark.parametrize("engine", ["simulated", ""])
def test_a_trainer_without_samples_has_no_place_for_them(job, owner_client, engine):
    JobQueue.objects.update(engine=engine)
    assert "ample" not in page_of(owner_client, job.model).split("live-body")[1]


def test_a_hosted_trainer_has_no_place_for_them(job, owner_client):
    JobQueue.objects.update(provider="together")
    assert 'id="live-samples"' not in page_of(owner_client, job.model)


def test_a_sample_that_came_damaged_is_not_shown(job, owner_client):
    TrainingSampleFactory(model=job.model, job=job, file="", thumbnail="", size=0)
    assert EMPTY in page_of(owner_client, job.model)


def test_a_prompt_is_text_wherever_it_stands(job, owner_client):
    TrainingSampleFactory(model=job.model, job=job, prompt="<script>alert(1)</script>")
    assert "<script>alert" not in page_of(owner_client, job.model)


def test_of_a_ready_model_they_have_a_tab(owner, owner_client):
    describe_local_trainer()
    model = stored_model(owner, engine="diffusers")
    job = JobFactory(model=model, succeeded=True, engine="diffusers")
    assert 'href="#samples"' not in page_of(owner_client, model)
    pair(job, 250)
    pair(job, 500)
    page = page_of(owner_client, model)
    assert 'href="#samples"' in page
    assert page.index("Step 500</h3>") < page.index("Step 250</h3>")
    assert 'id="live-samples"' not in page


def test_those_of_an_earlier_training_are_not_shown(job, owner_client):
    earlier = JobFactory(model=job.model, failed=True, engine="diffusers")
    TrainingSampleFactory(model=job.model, job=earlier)
    JobQueue.objects.filter(pk=earlier.pk).update(created_at="2026-01-01T00:00:00Z")
    assert EMPTY in page_of(owner_client, job.model)


def test_new_samples_bring_an_open_page_up_to_date():
    note = Change(1, job_kind="training", kind="note", model_id=None, owner_id=1)
    assert templates_for([note]) == {"live-body": "model/_body.html"}


@pytest.mark.parametrize("steps", [1, 5])
def test_the_page_costs_the_same_with_one_step_and_with_five(
    steps, job, owner_client, django_assert_num_queries
):
    for step in range(steps):
        pair(job, step * 100)
    # session, user, newest event, model, training, providers' statuses, losses, samples, photos,
    # timeline, log, pictures for the dialog
    with django_assert_num_queries(12):
        page_of(owner_client, job.model)


def test_a_simulated_training_costs_no_query_for_them(job, owner_client, django_assert_num_queries):
    JobQueue.objects.update(engine="simulated")
    with django_assert_num_queries(11):
        page_of(owner_client, job.model)


# --- the files -----------------------------------------------------------------------------------


@pytest.mark.parametrize(("size", "side"), [("full", 64), ("thumbnail", 32)])
def test_its_owner_gets_a_sample(sample, owner_client, size, side):
    response = owner_client.get(reverse("dashboard:sample_file", args=[sample.pk, size]))
    assert b"".join(response) == jpeg(side, side)
    assert response["Content-Type"] == "image/jpeg"
    assert response["Cache-Control"] == "private, no-store"


def test_a_stranger_gets_none(sample, stranger, stranger_client):
    for size in ("full", "thumbnail"):
        address = reverse("dashboard:sample_file", args=[sample.pk, size])
        assert stranger_client.get(address).status_code == 404
    with pytest.raises(Http404):
        sample_for(stranger, sample.pk)


def test_who_is_not_signed_in_gets_none(sample, anonymous_client):
    address = reverse("dashboard:sample_file", args=[sample.pk, "full"])
    assert anonymous_client.get(address).status_code == 302
    with pytest.raises(Http404):
        sample_for(AnonymousUser(), sample.pk)


def test_a_sample_without_a_file_is_none(owner, owner_client):
    model = UserModelFactory(owner=owner, training=True)
    row = TrainingSampleFactory(model=model, file="", thumbnail="", size=0)
    address = reverse("dashboard:sample_file", args=[row.pk, "full"])
    assert owner_client.get(address).status_code == 404


def test_they_are_in_what_a_person_takes_along(sample, owner_client):
    response = owner_client.get(reverse("dashboard:data_export"))
    archive = zipfile.ZipFile(io.BytesIO(b"".join(response)))
    [about] = [name for name in archive.namelist() if name.endswith("model.json")]
    [told] = json.loads(archive.read(about))["samples"]
    assert (told["step"], told["prompt"]) == (250, "photo of ann_k1")
    [file] = [name for name in archive.namelist() if "/samples/" in name]
    assert archive.read(file) == jpeg(64, 64)
