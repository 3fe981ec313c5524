"""Review and start: one press is one training, and what is missing is said."""

from __future__ import annotations

import pytest
from django.urls import reverse

from jobs.models import JobQueue
from tests.dashboard.wizard_drafts import address, complete_draft, trainer_answered


@pytest.fixture
def model(owner):
    return complete_draft(owner)


def press_of(client, model) -> str:
    return client.get(address(model, "review")).context["idempotency_key"]


def start(client, model, press):
    return client.post(address(model, "review"), {"go": "start", "idempotency_key": press})


def test_everything_is_on_one_page_with_the_way_back(model, owner_client):
    page = owner_client.get(address(model, "review")).content.decode()
    for word in ("Ann", model.trigger_word, "5 photos", "FLUX.1 dev", "Free", "About 30 seconds"):
        assert word in page
    for step in ("about", "photos", "training"):
        assert f'href="{address(model, step)}"' in page
    assert "Simulated" in page


def test_starting_makes_one_training_and_leads_to_its_page(model, owner_client):
    response = start(owner_client, model, press_of(owner_client, model))
    assert response["Location"] == reverse("dashboard:model", args=[model.pk])
    assert JobQueue.objects.get(model=model).kind == "training"
    model.refresh_from_db()
    assert not model.is_editable


def test_pressing_twice_starts_one_training(model, owner_client):
    press = press_of(owner_client, model)
    answers = [start(owner_client, model, press) for _ in range(3)]
    assert {answer["Location"] for answer in answers} == {
        reverse("dashboard:model", args=[model.pk])
    }
    assert JobQueue.objects.filter(model=model).count() == 1


def test_two_tabs_start_one_training(model, owner_client):
    presses = [press_of(owner_client, model) for _ in range(2)]
    for press in presses:
        start(owner_client, model, press)
    assert JobQueue.objects.filter(model=model).count() == 1


def test_an_outdated_page_starts_nothing_and_says_so(model, owner_client):
    response = start(owner_client, model, "training:of-last-week:7")
    assert response.status_code == 409
    assert b"Training did not start, and nothing was paid for" in response.content
    assert not JobQueue.objects.exists()


def test_what_is_missing_is_named_with_its_step(model, owner_client):
    press = press_of(owner_client, model)
    trainer_answered(can_train=[])  # while the page was open
    response = start(owner_client, model, press)
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
    press = press_of(owner_client, model)
    assert start(stranger_client, model, press).status_code == 404
    assert not JobQueue.objects.exists()


def test_nobody_starts_nothing(model, owner_client, anonymous_client):
    press = press_of(owner_client, model)
    assert start(anonymous_client, model, press).status_code == 302
    assert not JobQueue.objects.exists()


def test_enter_in_a_field_means_the_button_of_the_page(model, owner_client):
    """The first submit button of a form is what Enter presses; in the wizard it says next."""
    page = owner_client.get(address(model, "about")).content.decode()
    first = page.index('form="wizard" type="submit"')
    assert 'name="go" value="next"' in page[first : first + 120]
