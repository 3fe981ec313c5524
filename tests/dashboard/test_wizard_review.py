"""Review and start: one click starts one training, and missing answers are listed."""

from __future__ import annotations

import pytest
from django.urls import reverse

from jobs.models import JobQueue
from tests.dashboard.wizard_drafts import address, complete_draft, trainer_answered


@pytest.fixture
def model(owner):
    return complete_draft(owner)


def key_of(client, model) -> str:
    return client.get(address(model, "review")).context["idempotency_key"]


def start(client, model, key):
    return client.post(address(model, "review"), {"go": "start", "idempotency_key": key})


def test_everything_is_on_one_page_with_the_way_back(model, owner_client):
    page = owner_client.get(address(model, "review")).content.decode()
    for word in ("Ann", model.trigger_word, "5 photos", "FLUX.1 dev", "Free", "About 30 seconds"):
        assert word in page
    for step in ("about", "photos", "training"):
        assert f'href="{address(model, step)}"' in page
    assert "Simulated" in page
    assert "500 steps, learning rate 0.0002, batch size 1, 1024 pixels, rank 16" in page


def test_numbers_and_words_are_the_same_everywhere_on_it(model, owner_client):
    model.options = {**model.options, "epochs": 400}
    model.save()
    page = owner_client.get(address(model, "review")).content.decode()
    assert "2,000 steps, " in page and "2000 steps" not in page
    assert "<dt>Kind</dt>" in page  # as on the page of the model


def test_starting_makes_one_training_and_leads_to_its_page(model, owner_client):
    response = start(owner_client, model, key_of(owner_client, model))
    assert response["Location"] == reverse("dashboard:model", args=[model.pk])
    assert JobQueue.objects.get(model=model).kind == "training"
    model.refresh_from_db()
    assert not model.is_editable


def test_clicking_twice_starts_one_training(model, owner_client):
    key = key_of(owner_client, model)
    answers = [start(owner_client, model, key) for _ in range(3)]
    assert {answer["Location"] for answer in answers} == {
        reverse("dashboard:model", args=[model.pk])
    }
    assert JobQueue.objects.filter(model=model).count() == 1


def test_two_tabs_start_one_training(model, owner_client):
    keys = [key_of(owner_client, model) for _ in range(2)]
    for key in keys:
        start(owner_client, model, key)
    assert JobQueue.objects.filter(model=model).count() == 1


def test_an_outdated_page_starts_nothing_and_says_so(model, owner_client):
    response = start(owner_client, model, "training:of-last-week:7")
    assert response.status_code == 409
    assert b"Training did not start, and nothing was paid for" in response.content
    assert not JobQueue.objects.exists()


def test_missing_answers_are_listed_with_their_step(model, owner_client):
    key = key_of(owner_client, model)
    trainer_answered(can_train=[])  # while the page was open
    response = start(owner_client, model, key)
    assert response.status_code == 409
    page = response.content.decode()
    assert "This trainer does not train this model." in page
    assert f'<a href="{address(model, "training")}">Change</a>' in page
    assert not JobQueue.objects.exists()


def test_the_steps_are_reached_from_review_without_starting(model, owner_client):
    response = owner_client.post(address(model, "review"), {"go": "photos"})
    assert response["Location"] == address(model, "photos")
    assert not JobQueue.objects.exists()


def test_a_stranger_starts_nothing(model, owner_client, stranger_client):
    key = key_of(owner_client, model)
    assert start(stranger_client, model, key).status_code == 404
    assert not JobQueue.objects.exists()


def test_nobody_starts_nothing(model, owner_client, anonymous_client):
    key = key_of(owner_client, model)
    assert start(anonymous_client, model, key).status_code == 302
    assert not JobQueue.objects.exists()


def test_enter_in_a_field_continues(model, owner_client):
    """Enter submits a form with its first submit button; in the wizard that is Continue."""
    page = owner_client.get(address(model, "about")).content.decode()
    first = page.index('form="wizard" type="submit"')
    assert 'name="go" value="next"' in page[first : first + 120]
