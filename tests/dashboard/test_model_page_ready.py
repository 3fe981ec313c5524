"""The page of a model that is ready: pictures, the form for more, and deleting it."""

from __future__ import annotations

import pytest
from django.core.files.base import ContentFile
from django.urls import reverse

from jobs.messages import explain
from jobs.models import JobQueue
from models_app.models import UserModel
from tests.dashboard.rows import PICTURES, describe_local_trainer, stored_model
from tests.factories import GeneratedImageFactory, JobFactory, UserModelFactory, jpeg


def page_of(client, model) -> str:
    response = client.get(reverse("dashboard:model", args=[model.pk]))
    assert response.status_code == 200
    return response.content.decode()


@pytest.fixture
def ready(owner):
    describe_local_trainer()
    return stored_model(owner)


def test_a_ready_model_shows_pictures_form_weights_and_photos(ready, owner_client):
    image = GeneratedImageFactory(model=ready)
    page = page_of(owner_client, ready)
    for text in (
        reverse("dashboard:image_file", args=[image.pk, "full"]),
        reverse("dashboard:generate", args=[ready.pk]),
        reverse("dashboard:weights", args=[ready.pk]),
        ready.weights_sha256,
        reverse("dashboard:photo_file", args=[ready.photos.first().pk, "thumbnail"]),
    ):
        assert text in page


def request_pictures(client, model, **changes):
    form = client.get(reverse("dashboard:model", args=[model.pk])).context["page"].form
    data = {"prompt": "on a boat", "ratio": "1:1", "count": "2", "strength": "0.9"}
    data |= {"provider": "local", "idempotency_key": form.initial["idempotency_key"]} | changes
    return data, client.post(reverse("dashboard:generate", args=[model.pk]), data)


def test_requesting_pictures_twice_with_one_key_makes_one_job(ready, owner_client):
    data, response = request_pictures(owner_client, ready)
    owner_client.post(reverse("dashboard:generate", args=[ready.pk]), data)
    job = JobQueue.objects.get(kind="generation")
    assert job.payload["count"] == 2
    # To the heading of what is being made, which takes the focus.
    page, _, place = response["Location"].partition("#")
    assert page == reverse("dashboard:model", args=[ready.pk])
    assert f'id="{place}" tabindex="-1"' in page_of(owner_client, ready)


def test_an_invalid_request_comes_back_as_typed_with_the_reason(ready, owner_client):
    _, response = request_pictures(owner_client, ready, prompt="on a boat", strength="9")
    page = response.content.decode()
    assert response.status_code == 422
    assert "on a boat" in page
    assert 'class="error"' in page
    assert not JobQueue.objects.filter(kind="generation").exists()


def test_pictures_in_progress_have_placeholders(ready, owner_client):
    JobFactory(model=ready, kind="generation", running=True, payload=PICTURES)
    response = owner_client.get(reverse("dashboard:model", args=[ready.pk]))
    [made] = response.context["page"].sets
    assert list(made.placeholders) == [0, 1]
    assert "on a boat" in response.content.decode()


def test_failed_pictures_explain_themselves_until_others_worked(ready, owner_client):
    failed = JobFactory(model=ready, kind="generation", failed=True, payload=PICTURES)
    page = page_of(owner_client, ready)
    assert explain(failed).sentence in page
    assert reverse("dashboard:job_retry", args=[failed.pk]) in page
    JobFactory(model=ready, kind="generation", succeeded=True, payload=PICTURES)
    assert explain(failed).sentence not in page_of(owner_client, ready)


def test_fewer_pictures_than_were_ordered_are_said_until_others_worked(ready, owner_client):
    made = {"model": ready, "kind": "generation", "succeeded": True, "payload": PICTURES}
    JobFactory(**made, result={"images": 1})
    response = owner_client.get(reverse("dashboard:model", args=[ready.pk]))
    assert "The trainer made 1 of 2 pictures." in response.content.decode()
    [shown] = response.context["page"].sets
    assert list(shown.placeholders) == []
    JobFactory(**made, result={"images": 2})
    assert "The trainer made" not in page_of(owner_client, ready)


def test_trying_failed_pictures_again_is_one_job_per_button(ready, owner_client):
    failed = JobFactory(model=ready, kind="generation", failed=True, payload=PICTURES)
    response = owner_client.get(reverse("dashboard:model", args=[ready.pk]))
    [made] = response.context["page"].sets
    for _ in range(2):
        response = owner_client.post(
            reverse("dashboard:job_retry", args=[failed.pk]),
            {"idempotency_key": made.idempotency_key},
        )
    again = JobQueue.objects.get(model=ready, status="queued")
    assert response["Location"].endswith(f"#set-{again.pk}-prompt")


def test_the_form_starts_with_the_last_request(ready, owner_client):
    JobFactory(model=ready, kind="generation", succeeded=True, payload=PICTURES)
    form = owner_client.get(reverse("dashboard:model", args=[ready.pk])).context["page"].form
    assert form["prompt"].value() == "on a boat"
    assert form["count"].value() == 2


@pytest.mark.parametrize("count", [1, 30])
def test_the_page_costs_the_same_with_one_picture_and_with_thirty(
    count, ready, owner_client, django_assert_num_queries
):
    GeneratedImageFactory.create_batch(count, model=ready)
    JobFactory(model=ready, succeeded=True)
    # session, user, newest event, model, training, generations, providers, pictures, photos,
    # timeline, log
    with django_assert_num_queries(11):
        owner_client.get(reverse("dashboard:model", args=[ready.pk]))


# --- deleting ------------------------------------------------------------------------------


def test_the_dialog_before_deleting_names_everything_that_is_deleted(ready, owner_client):
    GeneratedImageFactory.create_batch(2, model=ready)
    page = page_of(owner_client, ready)
    assert "4 photos, the trained weights and 2 pictures" in page


def test_deleting_takes_rows_and_files(ready, owner_client, django_capture_on_commit_callbacks):
    name = f"images/{ready.pk}/1.jpg"
    image = GeneratedImageFactory(model=ready, file=ContentFile(jpeg(), name=name))
    photo = ready.photos.first()
    storage = photo.file.storage
    with django_capture_on_commit_callbacks(execute=True):
        response = owner_client.post(reverse("dashboard:model_delete", args=[ready.pk]))
    assert response["Location"] == reverse("dashboard:models")
    assert not UserModel.objects.filter(pk=ready.pk).exists()
    gone = (photo.file, photo.thumbnail, ready.weights, image.file)
    assert [file.name for file in gone if storage.exists(file.name)] == []


def test_what_is_running_keeps_its_model(owner, owner_client):
    training = UserModelFactory(owner=owner, training=True)
    JobFactory(model=training, running=True)
    address = reverse("dashboard:model_delete", args=[training.pk])
    response = owner_client.post(address, follow=True)
    assert UserModel.objects.filter(pk=training.pk).exists()
    assert "Cancel it first" in response.content.decode()


def test_an_unclear_generation_keeps_its_buttons_however_many_came_after_it(owner, owner_client):
    model = UserModelFactory(owner=owner, ready=True)
    unclear = JobFactory(kind="generation", model=model, unknown=True)
    for _ in range(40):
        JobFactory(kind="generation", model=model, succeeded=True)
    page = owner_client.get(reverse("dashboard:model", args=[model.pk])).content.decode()
    assert reverse("dashboard:job_abandon", args=[unclear.pk]) in page
    assert "you may pay twice" in page
