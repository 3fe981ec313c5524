"""The About step: it creates the draft, and no answer is lost."""

from __future__ import annotations

import uuid

import pytest
from django.urls import reverse

from models_app.models import UserModel
from tests.dashboard.wizard_drafts import ABOUT, address, draft, empty_draft
from tests.factories import UserModelFactory

NEW = "/dashboard/models/new"


def test_the_first_answers_make_a_draft_and_lead_to_the_photos(owner, owner_client):
    response = owner_client.post(NEW, ABOUT | {"go": "next"})
    model = UserModel.objects.get(owner=owner)
    assert response["Location"] == address(model, "photos")
    assert (model.name, model.kind, model.trigger_word) == ("Ann", "person", "ann_k7")
    assert model.description == "My sister"
    assert model.consent_at is not None
    assert model.status == "pending"


def test_the_same_page_sent_twice_makes_one_draft(owner, owner_client):
    sent = ABOUT | {"draft": str(uuid.uuid4())}
    for _ in range(2):
        owner_client.post(NEW, sent)
    assert UserModel.objects.filter(owner=owner).count() == 1


def test_a_refused_first_page_continues_with_its_draft(owner, owner_client):
    response = owner_client.post(NEW, ABOUT | {"trigger_word": "house"})
    model = UserModel.objects.get(owner=owner)
    assert f'action="{address(model, "about")}"' in response.content.decode()


def test_going_back_at_once_leaves_no_empty_draft(owner_client):
    response = owner_client.post(NEW, {"kind": "person", "go": "back"})
    assert response["Location"] == "/dashboard/models"
    assert not UserModel.objects.exists()


def test_going_back_after_an_answer_keeps_the_draft(owner, owner_client):
    owner_client.post(NEW, {"kind": "person", "name": "Ann", "go": "back"})
    assert UserModel.objects.get(owner=owner).name == "Ann"


def test_the_page_carries_the_id_of_its_draft(owner, owner_client):
    draft_id = owner_client.get(NEW).context["draft_id"]
    owner_client.post(NEW, ABOUT | {"draft": str(draft_id)})
    assert UserModel.objects.get(owner=owner).pk == draft_id


def test_the_id_of_somebody_elses_model_is_refused(owner, stranger_client):
    model = draft(owner)
    response = stranger_client.post(NEW, ABOUT | {"draft": str(model.pk), "name": "Stolen"})
    assert response.status_code == 404
    model.refresh_from_db()
    assert model.name == "Ann"


def test_the_id_of_a_model_in_training_changes_nothing(owner, owner_client):
    model = UserModelFactory(owner=owner, training=True)
    response = owner_client.post(NEW, ABOUT | {"draft": str(model.pk), "name": "Changed"})
    assert response["Location"] == reverse("dashboard:model", args=[model.pk])
    model.refresh_from_db()
    assert model.name == "Ann"


def test_an_invalid_answer_is_saved_with_its_error(owner, owner_client):
    model = draft(owner, trigger_word="ann_k7")
    response = owner_client.post(address(model, "about"), ABOUT | {"trigger_word": "House"})
    assert response.status_code == 422
    assert b'value="House"' in response.content
    assert b"already means something to the image model" in response.content
    # A week later it is still there, and what was right has been written.
    page = owner_client.get(address(model, "about")).content
    assert b'value="House"' in page
    assert b"already means something to the image model" in page
    model.refresh_from_db()
    assert model.trigger_word == "ann_k7"
    assert model.description == "My sister"


@pytest.mark.parametrize("go", ["back", "about"])
def test_going_back_saves_even_invalid_answers(owner, owner_client, go):
    model = draft(owner)
    response = owner_client.post(
        address(model, "about"), ABOUT | {"name": "", "description": "half done", "go": go}
    )
    assert response.status_code == 302
    assert b"half done" in owner_client.get(address(model, "about")).content


@pytest.mark.parametrize("go", ["next", "photos", "review"])
def test_going_forward_needs_valid_answers(owner, owner_client, go):
    model = empty_draft(owner)
    response = owner_client.post(address(model, "about"), {"kind": "person", "go": go})
    assert response.status_code == 422
    assert b"Enter a name." in response.content
    assert b'aria-invalid="true"' in response.content


def test_an_empty_trigger_word_gets_the_suggestion(owner, owner_client):
    owner_client.post(NEW, ABOUT | {"trigger_word": "", "go": "next"})
    model = UserModel.objects.get(owner=owner)
    assert model.trigger_word.startswith("ann_")
    # And it stays the same: the step is complete and shows that word.
    page = owner_client.get(address(model, "about")).content.decode()
    assert f'value="{model.trigger_word}"' in page
    assert owner_client.get(address(model, "photos")).status_code == 200


def test_a_trigger_word_is_stored_in_lower_case(owner, owner_client):
    owner_client.post(NEW, ABOUT | {"trigger_word": "Ann_K7"})
    assert UserModel.objects.get(owner=owner).trigger_word == "ann_k7"


def test_a_word_of_another_model_is_refused(owner, owner_client):
    UserModelFactory(owner=owner, trigger_word="ann_k7")
    response = owner_client.post(NEW, ABOUT)
    assert response.status_code == 422
    assert b"Another of your models uses" in response.content


def test_two_people_may_have_the_same_word(owner_client, stranger):
    UserModelFactory(owner=stranger, trigger_word="ann_k7")
    assert owner_client.post(NEW, ABOUT).status_code == 302


def test_photos_of_a_person_need_consent(owner, owner_client):
    response = owner_client.post(NEW, ABOUT | {"consent": ""})
    assert response.status_code == 422
    assert b"Confirm that the person in the photos agrees." in response.content
    assert UserModel.objects.get(owner=owner).consent_at is None


@pytest.mark.parametrize("kind", ["product", "style"])
def test_things_and_styles_need_no_consent(owner_client, kind):
    assert owner_client.post(NEW, ABOUT | {"consent": "", "kind": kind}).status_code == 302


def test_consent_keeps_its_first_date_and_can_be_withdrawn(owner, owner_client):
    owner_client.post(NEW, ABOUT)
    model = UserModel.objects.get(owner=owner)
    given = model.consent_at
    owner_client.post(address(model, "about"), ABOUT | {"name": "Anna"})
    model.refresh_from_db()
    assert model.consent_at == given
    owner_client.post(address(model, "about"), ABOUT | {"consent": ""})
    model.refresh_from_db()
    assert model.consent_at is None


def test_an_overlong_answer_is_truncated(owner, owner_client):
    owner_client.post(NEW, ABOUT | {"description": "x" * 100_000})
    model = UserModel.objects.get(owner=owner)
    assert len(model.answers["about"]["description"]) == 4000
    assert model.description == ""


def test_a_word_is_suggested_without_storing_anything(owner_client, django_assert_num_queries):
    with django_assert_num_queries(3):  # session, user, the owner's words
        response = owner_client.get(f"{NEW}/trigger-word", {"name": "Ann"})
    assert response.json()["word"].startswith("ann_")
    assert UserModel.objects.count() == 0


def test_no_name_gives_no_suggestion(owner_client):
    assert owner_client.get(f"{NEW}/trigger-word").json() == {"word": ""}


def test_no_word_is_suggested_to_the_signed_out(db, anonymous_client):
    assert anonymous_client.get(f"{NEW}/trigger-word?name=Ann").status_code == 302
