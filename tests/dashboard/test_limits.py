"""What pages say about a person's limits: before they are reached, and then."""

from __future__ import annotations

import pytest
from bs4 import BeautifulSoup
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from jobs.models import JobQueue
from models_app.models import PhotoUpload, UserModel
from tests.dashboard.wizard_drafts import address, complete_draft, upload_address
from tests.factories import (
    JobFactory,
    TrainingImageFactory,
    UserModelFactory,
)
from tests.models_app.test_person_limits import upload
from training.selectors import next_idempotency_key

pytestmark = pytest.mark.django_db
JSON = {"accept": "application/json"}


def words(response) -> str:
    return " ".join(BeautifulSoup(response.text, "html.parser").get_text(" ").split())


@pytest.fixture
def drafted(owner) -> UserModel:
    """A draft that only has to be started."""
    return complete_draft(owner)


@pytest.fixture
def ready(owner) -> UserModel:
    return UserModelFactory(owner=owner, ready=True)


# --- “What you may use” -------------------------------------------------------------------


def test_your_data_shows_what_is_used_and_when_room_comes_back(owner, owner_client, settings):
    settings.LIMIT_PHOTOS_PER_DAY, settings.LIMIT_DRAFTS = 500, 20
    settings.LIMIT_STORAGE_MB, settings.LIMIT_STREAMS = 5000, 20
    PhotoUpload.objects.create(owner=owner)
    TrainingImageFactory(model=UserModelFactory(owner=owner), size=3 * 2**20)
    text = words(owner_client.get(reverse("dashboard:data")))
    assert "What you may use" in text
    assert "Photos in 24 hours 1 of 500 in 24 hours" in text
    assert "Drafts 1 of 20 when you train or delete one" in text
    assert "3 MB of 5,000 MB when you delete something" in text
    assert "Pages and programs with live updates 0 of 20" in text
    assert "Trainings" not in text.split("Download everything")[0].split("What you may use")[1]


def test_it_shows_a_persons_own_value_and_nobody_elses_use(
    owner, owner_client, stranger_client, settings
):
    settings.LIMIT_DRAFTS = 20
    owner.limit_drafts = 3
    owner.save(update_fields=["limit_drafts"])
    UserModelFactory(owner=owner)
    assert "1 of 3" in words(owner_client.get(reverse("dashboard:data")))
    assert "0 of 20" in words(stranger_client.get(reverse("dashboard:data")))


def test_nobody_sees_it_without_an_account(anonymous_client):
    assert anonymous_client.get(reverse("dashboard:data")).status_code == 302


def test_without_limits_there_is_nothing_to_show(owner_client):
    assert "What you may use" not in owner_client.get(reverse("dashboard:data")).text


# --- drafts -------------------------------------------------------------------------------


def test_the_first_step_says_what_is_left_and_later_what_is_reached(
    owner, owner_client, stranger_client, settings
):
    settings.LIMIT_DRAFTS = 5
    UserModelFactory.create_batch(4, owner=owner)
    page = owner_client.get(reverse("dashboard:new_model"))
    assert "1 of 5 drafts left." in page.text
    assert 'value="next">Continue' in page.text
    UserModelFactory(owner=owner)
    page = owner_client.get(reverse("dashboard:new_model"))
    assert "You have 5 drafts, which is as many as you may." in page.text
    assert 'value="next">Continue' not in page.text
    assert "drafts left" not in stranger_client.get(reverse("dashboard:new_model")).text


def test_answers_stay_on_the_page_where_no_draft_is_left(owner, owner_client, settings):
    settings.LIMIT_DRAFTS = 0
    answers = {"name": "My old dog", "kind": "product", "go": "next"}
    reply = owner_client.post(reverse("dashboard:new_model"), answers)
    assert reply.status_code == 409
    assert 'value="My old dog"' in reply.text
    assert "You may not make models here." in reply.text
    assert not owner.user_models.exists()


def test_a_save_while_typing_is_told_why_it_does_not_save(owner_client, settings):
    settings.LIMIT_DRAFTS = 0
    headers = {"x-autosave": "1"} | JSON
    reply = owner_client.post(reverse("dashboard:new_model"), {"name": "Rex"}, headers=headers)
    assert reply.status_code == 429
    assert reply.json()["code"] == "limit_reached"
    assert reply.json()["message"].startswith("You may not make models here.")


def test_a_draft_can_be_deleted_where_it_is_made(owner, owner_client, stranger_client, settings):
    settings.LIMIT_DRAFTS = 1
    model = UserModelFactory(owner=owner)
    page = owner_client.get(address(model, "about"))
    delete = reverse("dashboard:model_delete", args=[model.pk])
    assert f'action="{delete}"' in page.text
    assert stranger_client.post(delete).status_code == 404
    owner_client.post(delete)
    assert "as many as you may" not in owner_client.get(reverse("dashboard:new_model")).text


# --- photos -------------------------------------------------------------------------------


def test_the_photo_step_says_what_is_left(owner, owner_client, drafted, settings):
    settings.LIMIT_PHOTOS_PER_DAY = 5
    for _ in range(4):
        PhotoUpload.objects.create(owner=owner)
    text = words(owner_client.get(address(drafted, "photos")))
    assert "1 of 5 photos left to upload in 24 hours." in text
    assert "Drop your photos here" in text


def test_in_the_drop_zones_place_is_what_is_reached(owner_client, drafted, settings):
    settings.LIMIT_STORAGE_MB = 0
    page = owner_client.get(address(drafted, "photos"))
    assert "You may not store anything here." in page.text
    assert "Drop your photos here" not in page.text
    assert "Upload photos</button>" not in page.text


def test_an_upload_beyond_the_limit_is_told_so_and_can_be_tried_again(
    owner, owner_client, drafted, settings
):
    settings.LIMIT_PHOTOS_PER_DAY = 1
    PhotoUpload.objects.create(owner=owner)
    before = drafted.photos.count()
    reply = owner_client.post(upload_address(drafted), {"photos": upload()}, headers=JSON)
    assert reply.status_code == 429
    assert reply.json()["code"] == "limit_reached"
    assert 86_000 < int(reply["Retry-After"]) <= 86_400
    assert drafted.photos.count() == before


def test_a_form_of_photos_keeps_those_that_fit(owner_client, drafted, settings):
    settings.LIMIT_PHOTOS_PER_DAY = 1
    before = drafted.photos.count()
    reply = owner_client.post(
        upload_address(drafted), {"photos": [upload(0), upload(1), upload(2)]}, follow=True
    )
    assert drafted.photos.count() == before + 1
    assert words(reply).count("You have uploaded 1 photo in 24 hours") == 2  # message, drop zone


# --- trainings ----------------------------------------------------------------------------


def test_review_says_what_is_left_and_later_what_is_reached(owner, owner_client, drafted, settings):
    settings.LIMIT_TRAININGS_PER_DAY = 5
    for _ in range(4):
        JobFactory(
            succeeded=True, model=UserModelFactory(owner=owner, ready=True), sent_at=timezone.now()
        )
    page = owner_client.get(address(drafted, "review"))
    assert "1 of 5 trainings left in 24 hours." in page.text
    assert "Start training" in page.text
    settings.LIMIT_TRAININGS_PER_DAY = 4
    page = owner_client.get(address(drafted, "review"))
    assert "You have started 4 trainings in 24 hours" in page.text
    assert "There is room again in 24 hours." in page.text
    assert "Start training" not in page.text


def test_a_start_beyond_the_limit_starts_nothing_and_loses_nothing(owner_client, drafted, settings):
    settings.LIMIT_TRAININGS_PER_DAY = 0
    answers = {"go": "start", "idempotency_key": next_idempotency_key(drafted)}
    reply = owner_client.post(address(drafted, "review"), answers)
    assert reply.status_code == 409
    assert "Training did not start, and nothing was paid for" in reply.text
    assert "You may not start trainings here." in reply.text
    drafted.refresh_from_db()
    assert drafted.is_editable
    assert not JobQueue.objects.exists()


def test_trying_again_is_offered_where_it_is_allowed(owner, owner_client, settings):
    job = JobFactory(
        failed=True, sent_at=timezone.now(), model=UserModelFactory(owner=owner, failed=True)
    )
    page = reverse("dashboard:model", args=[job.model.pk])
    settings.LIMIT_TRAININGS_PER_DAY = 2
    assert "Try again with the same photos" in owner_client.get(page).text
    settings.LIMIT_TRAININGS_PER_DAY = 1
    refused = owner_client.get(page).text
    assert "Try again with the same photos" not in refused
    assert "You have started 1 training in 24 hours" in refused
    retry = reverse("dashboard:job_retry", args=[job.pk])
    key = next_idempotency_key(job.model)
    reply = owner_client.post(retry, {"idempotency_key": key}, follow=True)
    assert "You have started 1 training in 24 hours" in reply.text
    assert JobQueue.objects.count() == 1


def test_fetching_what_is_paid_for_is_offered_whatever_is_reached(owner, owner_client, settings):
    settings.LIMIT_TRAININGS_PER_DAY = settings.LIMIT_STORAGE_MB = 0
    model = UserModelFactory(owner=owner, failed=True)
    JobFactory(failed=True, run_id="ft-1", error_code="download_failed", model=model)
    page = owner_client.get(reverse("dashboard:model", args=[model.pk]))
    assert "Try again with the same photos" in page.text


# --- pictures -----------------------------------------------------------------------------


def test_the_studio_says_what_is_left_and_later_what_is_reached(
    ready, owner_client, stranger_client, settings
):
    settings.LIMIT_PICTURES_PER_DAY = 5
    page = reverse("dashboard:model", args=[ready.pk])
    JobFactory(
        kind="generation", succeeded=True, model=ready, sent_at=timezone.now(), payload={"count": 4}
    )
    assert "1 of 5 pictures left in 24 hours." in owner_client.get(page).text
    settings.LIMIT_PICTURES_PER_DAY = 4
    reached = owner_client.get(page)
    assert "You have made 4 pictures in 24 hours" in reached.text
    assert '<button class="button" type="submit">Make pictures</button>' not in reached.text
    assert stranger_client.get(page).status_code == 404


def test_a_prompt_stays_where_no_picture_is_left(ready, owner_client, settings):
    settings.LIMIT_PICTURES_PER_DAY = 1
    asked = {
        "prompt": "under the old oak",
        "ratio": "1:1",
        "count": "2",
        "strength": "1.0",
        "provider": "local",
        "idempotency_key": "a",
    }
    reply = owner_client.post(reverse("dashboard:generate", args=[ready.pk]), asked)
    assert reply.status_code == 422
    assert "under the old oak" in reply.text
    assert "1 of 1 pictures left in 24 hours." in reply.text
    assert not JobQueue.objects.exists()


# --- what it costs ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("step", "limits"), [("photos", 2), ("review", 2)], ids=["photos", "review"]
)
def test_a_limit_costs_a_page_one_query(
    step, limits, owner_client, drafted, settings, django_assert_num_queries
):
    with CaptureQueriesContext(connection) as without:
        owner_client.get(address(drafted, step))
    settings.LIMIT_PHOTOS_PER_DAY = settings.LIMIT_TRAININGS_PER_DAY = 50
    settings.LIMIT_STORAGE_MB = 50
    with django_assert_num_queries(len(without) + limits):
        owner_client.get(address(drafted, step))
