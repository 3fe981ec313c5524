"""Answers are saved while they are entered, without a button."""

from __future__ import annotations

import pytest

from models_app.models import UserModel
from tests.dashboard.wizard_drafts import (
    ABOUT,
    TRAINING,
    address,
    draft,
    empty_draft,
    trainer_answered,
)
from tests.factories import UserModelFactory

NEW = "/dashboard/models/new"
AUTOSAVE = {"X-Autosave": "1"}


def test_an_incomplete_step_is_saved_without_errors_about_blanks(owner, owner_client):
    model = empty_draft(owner)
    page = address(model, "about")
    reply = owner_client.post(page, {"name": "Ann", "kind": "style"}, headers=AUTOSAVE)
    assert reply.status_code == 200
    assert reply.json()["errors"] == {}
    model.refresh_from_db()
    assert model.name == "Ann"
    assert b'value="Ann"' in owner_client.get(page).content


def test_the_first_answer_creates_the_draft_and_returns_its_address(owner, owner_client):
    draft_id = str(owner_client.get(NEW).context["draft_id"])
    sent = {"name": "Ann", "draft": draft_id}
    reply = owner_client.post(NEW, sent, headers=AUTOSAVE)
    model = UserModel.objects.get(owner=owner)
    assert reply.json()["address"] == address(model, "about")
    # The page itself, sent while the first save is under way, is the same draft.
    owner_client.post(NEW, ABOUT | {"draft": draft_id})
    assert UserModel.objects.filter(owner=owner).count() == 1


def test_an_invalid_answer_is_saved_and_explained(owner, owner_client):
    model = draft(owner)
    sent = ABOUT | {"trigger_word": "a b"}
    reply = owner_client.post(address(model, "about"), sent, headers=AUTOSAVE)
    assert "3 to 24 characters" in reply.json()["errors"]["trigger_word"][0]
    model.refresh_from_db()
    assert model.answers["about"]["trigger_word"] == "a b"


def test_an_autosave_fills_in_no_trigger_word(owner, owner_client):
    model = empty_draft(owner)
    owner_client.post(address(model, "about"), ABOUT | {"trigger_word": ""}, headers=AUTOSAVE)
    model.refresh_from_db()
    assert model.trigger_word == ""


def test_the_estimate_follows_the_choice(owner, owner_client):
    trainer_answered()
    model = draft(owner, photos=5)
    sent = TRAINING | {"preset": "best"}
    reply = owner_client.post(address(model, "training"), sent, headers=AUTOSAVE)
    estimate = reply.json()["fragments"]["estimate"]
    assert "1,000" in estimate  # 200 epochs of 5 photos
    assert "Free" in estimate
    assert "Simulated" in estimate


@pytest.mark.parametrize("trait", ["training", "ready"])
def test_a_started_model_refuses_an_autosave(owner, owner_client, trait):
    model = UserModelFactory(owner=owner, **{trait: True})
    reply = owner_client.post(address(model, "about"), ABOUT, headers=AUTOSAVE)
    assert reply.status_code == 409
    assert "cannot be changed" in reply.json()["message"]


def test_a_signed_out_autosave_gets_the_sign_in_address(owner, anonymous_client):
    page = address(draft(owner), "about")
    reply = anonymous_client.post(page, ABOUT, headers=AUTOSAVE)
    assert reply.status_code == 401
    assert reply.json()["sign_in"] == f"/accounts/login/?next={page}"


def test_a_stranger_saves_nothing(owner, stranger_client):
    model = draft(owner)
    reply = stranger_client.post(address(model, "about"), ABOUT, headers=AUTOSAVE)
    assert reply.status_code == 404
    model.refresh_from_db()
    assert model.answers == {}
