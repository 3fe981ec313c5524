"""The Training step: only what works can be chosen, and its price is in view."""

from __future__ import annotations

import pytest

from tests.dashboard.wizard_drafts import TRAINING, address, draft, trainer_answered


@pytest.fixture
def model(owner):
    trainer_answered()
    return draft(owner, photos=5)


def test_the_default_choice_is_suggested(model, owner_client):
    page = owner_client.get(address(model, "training"))
    assert page.context["form"]["option"].value() == TRAINING["option"]
    assert page.context["form"]["preset"].value() == "balanced"
    text = page.content.decode()
    assert "Free" in text
    assert "About 30 seconds" in text
    assert "500" in text  # steps: 100 epochs of 5 photos


def test_a_simulated_trainer_says_so(model, owner_client):
    page = owner_client.get(address(model, "training")).content.decode()
    assert "Simulated" in page
    assert "nothing is learned from your photos" in page


def test_a_real_trainer_is_not_called_simulated(owner, owner_client):
    trainer_answered(engine="diffusers")
    page = owner_client.get(address(draft(owner, photos=5), "training")).content.decode()
    assert "Simulated" not in page


def test_unavailable_options_are_shown_with_their_reason(model, owner_client):
    page = owner_client.get(address(model, "training")).content.decode()
    assert "Not set up on this installation." in page
    assert "Its weights are not published" in page


def test_without_any_provider_nobody_is_asked_to_choose_one(owner, owner_client, settings):
    settings.PROVIDERS = {}
    page = owner_client.get(address(draft(owner, photos=5), "training")).content.decode()
    assert "No trainer is available right now" in page
    assert '<details class="closed" open>' in page


def test_the_choice_is_written(model, owner_client):
    response = owner_client.post(address(model, "training"), TRAINING | {"preset": "fast"})
    assert response["Location"] == address(model, "review")
    model.refresh_from_db()
    assert (model.provider, model.base_model) == tuple(TRAINING["option"].split(":", 1))
    assert model.preset == "fast"
    assert model.options == {
        "epochs": 50,
        "learning_rate": 0.0004,
        "batch_size": 1,
        "resolution": 768,
        "rank": 16,
        "fixed_steps": 0,
    }


def test_own_values_win_over_the_preset(model, owner_client):
    own = {"epochs": "42", "learning_rate": "0.0003", "batch_size": "2", "resolution": "512"}
    owner_client.post(address(model, "training"), TRAINING | own)
    model.refresh_from_db()
    assert model.options == {
        "epochs": 42,
        "learning_rate": 0.0003,
        "batch_size": 2,
        "resolution": 512,
        "rank": 16,
        "fixed_steps": 0,
    }
    page = owner_client.get(address(model, "training"))
    assert page.context["has_own_values"]
    assert b'value="42"' in page.content


@pytest.mark.parametrize(
    ("field", "value", "sentence"),
    [
        ("epochs", "0", "between 1 and 500"),
        ("epochs", "many", "whole number"),
        ("learning_rate", "1", "between"),
        ("learning_rate", "nan", "Enter a number"),
        ("batch_size", "9", "between 1 and 4"),
        ("resolution", "700", "valid choice"),
        ("preset", "cheapest", "valid choice"),
        ("option", "local:made-up", "no longer exists"),
        ("option", "", "Choose a base model and a trainer."),
    ],
)
def test_a_wrong_value_is_kept_and_explained(model, owner_client, field, value, sentence):
    response = owner_client.post(address(model, "training"), TRAINING | {field: value})
    assert response.status_code == 422
    assert sentence in response.content.decode()
    model.refresh_from_db()
    assert model.answers["training"][field] == value


def test_an_unavailable_trainer_cannot_be_forced(model, owner_client):
    forced = TRAINING["option"].replace("local", "together")
    response = owner_client.post(address(model, "training"), TRAINING | {"option": forced})
    assert response.status_code == 422
    assert b"Not set up on this installation." in response.content
    model.refresh_from_db()
    assert model.provider == ""


def test_a_choice_that_stopped_working_opens_the_step_again(model, owner_client):
    owner_client.post(address(model, "training"), TRAINING)
    trainer_answered(can_train=[])
    response = owner_client.get(address(model, "review"), follow=True)
    assert response.request["PATH_INFO"] == address(model, "training")
    assert b"This trainer does not train this model." in response.content


def test_a_model_made_elsewhere_shows_its_own_values(owner, owner_client):
    trainer_answered()
    provider, base_model = TRAINING["option"].split(":", 1)
    values = {"epochs": 77, "learning_rate": 0.0002, "batch_size": 1, "resolution": 1024}
    model = draft(
        owner, 5, provider=provider, base_model=base_model, preset="balanced", options=values
    )
    form = owner_client.get(address(model, "training")).context["form"]
    assert form["epochs"].value() == "77"
    assert form["learning_rate"].value() == ""
