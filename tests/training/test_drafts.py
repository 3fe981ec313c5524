"""Changing a draft as a program does: by the wizard's rules, all of it or nothing."""

from __future__ import annotations

import pytest

from models_app import trigger_words
from models_app.errors import NotEditableError
from models_app.models import UserModel
from providers.catalog import FLUX1_DEV
from providers.hyperparameters import PRESETS
from tests.dashboard.wizard_drafts import address, empty_draft, trainer_answered
from tests.factories import UserModelFactory
from training.drafts import InvalidDraftError, change


@pytest.fixture
def model(owner) -> UserModel:
    trainer_answered()
    return empty_draft(owner)


def refused(model: UserModel, **values: object) -> dict[str, list[str]]:
    """What is said about values that are wrong; nothing of the draft has changed then."""
    before = UserModel.objects.filter(pk=model.pk).values().get()
    with pytest.raises(InvalidDraftError) as caught:
        change(model, **values)
    assert UserModel.objects.filter(pk=model.pk).values().get() == before
    return caught.value.errors


def test_what_is_given_is_saved_and_the_rest_stays(model):
    model = change(model, name="Ann", kind="product", description="My lamp")
    model = change(model, description="Another lamp")
    model.refresh_from_db()
    assert (model.name, model.kind, model.description) == ("Ann", "product", "Another lamp")


def test_both_steps_are_changed_at_once(model):
    changed = change(
        model, name="Ann", kind="product", base_model=FLUX1_DEV, provider="local", preset="fast"
    )
    changed.refresh_from_db()
    assert (changed.name, changed.base_model, changed.provider) == ("Ann", FLUX1_DEV, "local")
    assert changed.preset == "fast"


def test_a_name_without_a_trigger_word_gets_the_one_the_wizard_suggests(model):
    word = trigger_words.suggest("Ann", owner=model.owner)
    assert change(model, name="Ann").trigger_word.split("_")[0] == word.split("_")[0]


def test_a_new_name_keeps_the_trigger_word_that_there_is(model):
    change(model, name="Ann", trigger_word="ann_k7")
    assert change(model, name="Anna").trigger_word == "ann_k7"


def test_consent_dates_from_when_it_was_first_given_and_can_be_taken_back(model):
    first = change(model, name="Ann", kind="person", consent=True).consent_at
    assert first is not None
    assert change(model, description="x", consent=True).consent_at == first
    assert change(model, kind="product", consent=False).consent_at is None


def test_an_unfinished_draft_can_be_changed_bit_by_bit(model):
    """What is missing is the review's business; only what is given has to be right."""
    assert change(model, kind="person").kind == "person"
    assert change(model, preset="fast").preset == "fast"


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", ""),
        ("name", "x" * 61),
        ("kind", "planet"),
        ("trigger_word", "a dog"),
        ("description", "x" * 5000),
        ("preset", "reckless"),
        ("base_model", "nobody/knows"),
        ("provider", "nobody"),
        ("options", {"epochs": -1}),
        ("options", {"epochs": "many"}),
        ("options", {"momentum": 1}),
    ],
)
def test_a_wrong_value_is_named_by_the_field_that_was_given(model, field, value):
    assert list(refused(model, **{field: value})) == [field]


def test_a_wrong_value_keeps_those_that_are_right_from_being_saved(model):
    errors = refused(model, name="Ann", preset="reckless", trigger_word="ann_k7")
    assert list(errors) == ["preset"]


def test_what_no_trainer_offers_is_named_by_each_field_that_was_given(model):
    errors = refused(model, base_model="nobody/knows", provider="local")
    assert set(errors) == {"base_model", "provider"}
    assert all(errors.values())


def test_options_are_saved_above_those_of_the_preset(model):
    change(model, preset="balanced", options={"epochs": 7})
    changed = change(model, options={"learning_rate": 0.0003})
    assert (changed.options["epochs"], changed.options["learning_rate"]) == (7, 0.0003)
    assert changed.preset == "balanced"


def test_an_option_that_is_null_goes_back_to_the_presets(model):
    usual = change(model, preset="balanced").options["epochs"]
    assert change(model, options={"epochs": usual + 1}).options["epochs"] == usual + 1
    assert change(model, options={"epochs": None}).options["epochs"] == usual


def test_the_wizard_shows_what_a_program_has_saved(model, owner_client):
    change(model, name="Ann", kind="product", description="My lamp")
    assert b"My lamp" in owner_client.get(address(model, "about")).content


def test_a_program_keeps_what_was_entered_in_the_wizard(owner):
    trainer_answered()
    model = UserModelFactory(owner=owner, answers={"about": {"name": "Ann", "kind": "product"}})
    changed = change(model, description="My lamp")
    assert (changed.name, changed.kind) == ("Ann", "product")


def test_two_changes_from_one_reading_do_not_undo_each_other(model):
    """Both callers have read the same, older, draft."""
    change(model, name="Ann", kind="product")
    change(model, description="My lamp")
    current = UserModel.objects.get(pk=model.pk)
    assert (current.name, current.description) == ("Ann", "My lamp")


def test_a_trigger_word_of_another_model_is_refused(model, owner):
    UserModelFactory(owner=owner, trigger_word="ann_k7")
    assert list(refused(model, trigger_word="ann_k7")) == ["trigger_word"]


def test_a_trigger_word_that_is_taken_in_this_moment_is_refused(model, owner, monkeypatch):
    UserModelFactory(owner=owner, trigger_word="ann_k7")
    problem_with, free = trigger_words.problem_with, iter([""])
    # The first look found it free: the database decides.
    monkeypatch.setattr(
        trigger_words,
        "problem_with",
        lambda *args, **options: (
            "" if next(free, None) is not None else problem_with(*args, **options)
        ),
    )
    errors = refused(model, trigger_word="ann_k7")
    assert "Another of your models" in errors["trigger_word"][0]


def test_a_model_in_training_is_not_changed(owner):
    with pytest.raises(NotEditableError):
        change(UserModelFactory(owner=owner, training=True), name="Other")


def test_a_name_that_no_draft_has_is_a_mistake_of_the_caller(model):
    with pytest.raises(TypeError, match="colour"):
        change(model, colour="teal")


def test_every_preset_can_be_chosen(model):
    assert {change(model, preset=key).preset for key in PRESETS} == set(PRESETS)
