from __future__ import annotations

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from models_app.limits import LIMITS
from models_app.models import UserModel
from tests.factories import (
    GeneratedImageFactory,
    JobFactory,
    TrainingImageFactory,
    UserModelFactory,
)


def test_the_landing_page_is_public(anonymous_client):
    page = anonymous_client.get("/")
    assert page.status_code == 200
    assert reverse("account_login") in page.content.decode()


def test_signed_in_people_are_redirected_from_the_landing_page_to_home(owner_client):
    assert owner_client.get("/")["Location"] == reverse("dashboard:home")


def test_an_empty_home_explains_the_first_steps(owner_client):
    page = owner_client.get(reverse("dashboard:home")).content.decode()
    assert "Your first model, in three steps" in page
    assert page.count("<svg") >= 3
    assert LIMITS.count_text in page
    assert reverse("dashboard:new_model") in page


def test_home_shows_first_what_is_in_progress(owner, owner_client):
    ready = UserModelFactory(owner=owner, ready=True, name="Finished one")
    JobFactory(model=UserModelFactory(owner=owner, training=True, name="Busy one"), running=True)
    GeneratedImageFactory(model=ready)
    response = owner_client.get(reverse("dashboard:home"))
    assert [card.model.name for card in response.context["busy"]] == ["Busy one"]
    assert [card.model.name for card in response.context["others"]] == ["Finished one"]
    assert len(response.context["images"]) == 1


def test_home_shows_a_training_that_is_older_than_six_other_models(owner, owner_client):
    JobFactory(model=UserModelFactory(owner=owner, training=True, name="Long one"), running=True)
    UserModelFactory.create_batch(8, owner=owner, ready=True)
    response = owner_client.get(reverse("dashboard:home"))
    assert [card.model.name for card in response.context["busy"]] == ["Long one"]


@pytest.mark.parametrize("count", [1, 30])
def test_home_costs_the_same_with_one_model_and_with_thirty(
    count, owner, owner_client, django_assert_num_queries
):
    for _ in range(count):
        model = UserModelFactory(owner=owner, training=True)
        TrainingImageFactory(model=model)
        JobFactory(model=model, running=True)
    # session, user, newest event, busy models, newest models, their jobs, pictures
    with django_assert_num_queries(7):
        owner_client.get(reverse("dashboard:home"))


def test_a_model_has_just_become_ready_until_somebody_asks_it_for_a_picture(owner, owner_client):
    """Also while its first picture is made by itself, and for some days at most."""
    model = UserModelFactory(owner=owner, ready=True, ready_at=timezone.now())

    def is_said() -> bool:
        pages = [reverse("dashboard:home"), reverse("dashboard:models")]
        said = {"Just ready" in owner_client.get(page).content.decode() for page in pages}
        return said == {True}

    assert is_said()
    key = f"images:{model.pk}:first-0"
    JobFactory(model=model, kind="generation", succeeded=True, idempotency_key=key)
    assert is_said()
    UserModel.objects.update(ready_at=timezone.now() - timedelta(days=8))
    assert not is_said()
    UserModel.objects.update(ready_at=timezone.now())
    JobFactory(model=model, kind="generation", succeeded=True)
    assert not is_said()
