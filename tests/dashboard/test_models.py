from __future__ import annotations

import pytest
from django.urls import reverse

from tests.factories import (
    GeneratedImageFactory,
    JobFactory,
    TrainingImageFactory,
    UserModelFactory,
)

MODELS = "/dashboard/models"


def test_the_empty_list_explains_the_first_steps(owner_client):
    assert "Your first model, in three steps" in owner_client.get(MODELS).content.decode()


def test_a_draft_leads_to_the_wizard_and_a_training_to_its_page(owner, owner_client):
    draft = UserModelFactory(owner=owner)
    training = UserModelFactory(owner=owner, training=True)
    JobFactory(model=training, running=True)
    page = owner_client.get(MODELS).content.decode()
    assert reverse("dashboard:wizard", args=[draft.pk, "about"]) in page
    assert f'href="{reverse("dashboard:model", args=[training.pk])}"' in page


def test_a_cancelled_training_is_called_cancelled_and_not_a_draft(owner, owner_client):
    job = JobFactory(model=UserModelFactory(owner=owner), cancelled=True)
    for address in (MODELS, reverse("dashboard:model", args=[job.model_id])):
        page = owner_client.get(address).content.decode()
        assert '<span class="tag" data-tone="plain">Cancelled</span>' in page
        assert ">Draft<" not in page


def test_the_cover_is_the_newest_picture_else_the_first_photo(owner, owner_client):
    ready = UserModelFactory(owner=owner, ready=True)
    photo = TrainingImageFactory(model=ready)
    image = GeneratedImageFactory(model=ready)
    plain = UserModelFactory(owner=owner)
    first = TrainingImageFactory(model=plain, position=0)
    TrainingImageFactory(model=plain, position=1)
    page = owner_client.get(MODELS).content.decode()
    assert reverse("dashboard:image_file", args=[image.pk, "thumbnail"]) in page
    assert reverse("dashboard:photo_file", args=[first.pk, "thumbnail"]) in page
    assert str(photo.pk) not in page


def test_a_card_shows_how_far_a_training_is(owner, owner_client):
    model = UserModelFactory(owner=owner, training=True)
    JobFactory(model=model, running=True, progress=0.419)
    page = owner_client.get(MODELS).content.decode()
    assert 'value="41"' in page


def test_a_card_never_calls_an_unclear_job_waiting(owner, owner_client):
    JobFactory(model=UserModelFactory(owner=owner, training=True), unknown=True)
    page = owner_client.get(MODELS).content.decode()
    assert "Unclear" in page
    assert "<progress" not in page


def test_a_simulated_model_is_marked_on_its_card(owner, owner_client):
    UserModelFactory(owner=owner, ready=True)
    assert "Simulated" in owner_client.get(MODELS).content.decode()


def test_older_models_are_on_the_next_page_and_none_is_shown_twice(owner, owner_client):
    UserModelFactory.create_batch(35, owner=owner)
    first = owner_client.get(MODELS)
    second = owner_client.get(MODELS, {"before": first.context["next"]})
    shown = [card.model.pk for page in (first, second) for card in page.context["cards"]]
    assert len(shown) == len(set(shown)) == 35
    assert second.context["next"] == ""


def test_an_invalid_page_key_shows_the_newest(owner, owner_client):
    UserModelFactory(owner=owner)
    for key in ("x", "20260101T000000.000000_nonsense", "_", "99999999999"):
        assert len(owner_client.get(MODELS, {"before": key}).context["cards"]) == 1


@pytest.mark.parametrize("count", [1, 30])
def test_the_list_costs_the_same_with_one_model_and_with_thirty(
    count, owner, owner_client, django_assert_num_queries
):
    for _ in range(count):
        model = UserModelFactory(owner=owner, training=True)
        TrainingImageFactory(model=model)
        JobFactory(model=model, running=True)
    # session, user, newest event, models, their jobs
    with django_assert_num_queries(5):
        owner_client.get(MODELS)
