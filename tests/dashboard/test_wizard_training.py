"""The Training step: only what works can be chosen, and its price is in view."""

from __future__ import annotations

import pytest

from jobs.engine import provider_status
from providers.base_models import BASE_MODELS, base_model
from providers.catalog import FLUX1_DEV, FLUX2_DEV, FLUX2_KLEIN_4B, TINY_SHAPES
from providers.types import Description, priced
from tests.dashboard.wizard_drafts import TRAINING, address, draft, trainer_answered
from training.selectors import what_is_missing


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


def test_what_needs_a_key_is_counted_apart_from_what_nobody_trains(model, owner_client, hosted):
    closed = owner_client.get(address(model, "training")).context["closed"]
    assert {one.reason for one in closed.keys} == {"Not set up on this installation."}
    assert "fal.ai" not in {one.trainer for one in closed.keys}
    assert closed.trainers == len({one.trainer for one in closed.keys})
    trained = {FLUX1_DEV, FLUX2_DEV}
    nobodys = {label for one in closed.others for label in one.base_models}
    assert nobodys.isdisjoint({base_model(key).label for key in trained})
    assert closed.base_models == len(nobodys)
    page = owner_client.get(address(model, "training")).content.decode()
    assert f"{closed.trainers} more trainers with a key from the operator" in page
    assert "that nobody can train now" in page


def test_outcomes_come_first_and_the_recommended_one_is_open(model, owner_client, hosted):
    response = owner_client.get(address(model, "training"))
    groups = [one for one in response.context["groups"] if one.cards]
    assert [one.is_recommended for one in groups] == [True, *[False] * (len(groups) - 1)]
    page = response.content.decode()
    first = page.index("Best likeness")
    assert first < page.index("Finest detail")
    opening = '<details class="base-model" name="base-model"'
    assert page.rindex(opening, 0, first) == page.index(f"{opening} open>")
    assert page.count(f"{opening} open>") == 1
    assert "FLUX.1 dev · personal use only" in page


def test_every_base_model_says_in_a_few_words_what_it_gives():
    outcomes = [str(one.outcome) for one in BASE_MODELS]
    assert len(set(outcomes)) == len(outcomes)
    assert all(0 < len(text) <= 32 for text in outcomes)
    assert all(str(one.terms) for one in BASE_MODELS)


def test_a_simulation_is_said_once_in_a_line_and_a_tag(model, owner_client):
    owner_client.post(address(model, "training"), TRAINING)
    for step in ("training", "review"):
        page = owner_client.get(address(model, step)).content.decode()
        assert page.count("nothing is learned from your photos") == 1
        assert "Simulated</span>" in page
    assert page.count("Simulated</span>") == 1


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
        "keep_prior": False,
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
        "keep_prior": False,
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
        ("keep_prior", "perhaps", "valid choice"),
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


# --- several trainers --------------------------------------------------------------------------

TRAINS = (FLUX1_DEV, FLUX2_DEV)
PER_STEP = priced("fal-ai/flux-2-trainer", "step")


@pytest.fixture
def hosted(settings):
    """A hosted trainer is set up, and has said what it trains and what its list prices are."""
    settings.PROVIDERS = settings.PROVIDERS | {
        "fal": {"api_key": "id:secret", "base_url": "https://queue.fal.run"}
    }

    def says(**changes):
        known = {"can_train": TRAINS, "unit_prices": {PER_STEP: 0.0064}}
        provider_status.record_description("fal", Description(True, **(known | changes)))

    says()
    return says


def group(page, base_model):
    return next(one for one in page.context["groups"] if one.base_model.key == base_model)


def test_the_trainers_of_a_base_model_stand_side_by_side_with_price_and_time(
    model, owner_client, hosted
):
    found = group(owner_client.get(address(model, "training")), FLUX1_DEV)
    texts = [
        (card.option.label, card.estimate.price_text, card.estimate.time_text)
        for card in found.cards
    ]
    assert texts == [
        ("Trainer on this machine", "Free", "About 30 seconds"),
        ("fal.ai", "$1.00", "About 4 minutes"),
    ]
    assert found.price_text == "Free"


def test_each_trainer_says_what_it_keeps_and_who_has_the_weights(model, owner_client, hosted):
    page = owner_client.get(address(model, "training")).content.decode()
    assert "The photos stay on your own machine" in page
    assert "The photos are deleted there after two days" in page
    assert "The trained weights are yours to download." in page


def test_a_preset_means_what_is_usual_for_the_chosen_trainer(model, owner_client, hosted):
    owner_client.post(address(model, "training"), TRAINING | {"option": f"fal:{FLUX2_DEV}"})
    model.refresh_from_db()
    assert model.options["learning_rate"] == 0.00005
    form = owner_client.get(address(model, "training")).context["form"]
    assert form["learning_rate"].value() == ""


def test_what_a_trainer_decides_itself_is_said(model, owner_client, hosted):
    owner_client.post(address(model, "training"), TRAINING | {"option": f"fal:{FLUX2_DEV}"})
    for step in ("training", "review"):
        page = owner_client.get(address(model, step)).content.decode()
        assert "fal.ai decides these itself: Batch size, Resolution, Rank." in page


def test_a_changed_list_price_is_said_and_followed(model, owner_client, hosted):
    hosted(unit_prices={PER_STEP: 0.0096})
    found = group(owner_client.get(address(model, "training")), FLUX2_DEV)
    card = found.cards[-1]
    assert card.estimate.price_text == "$4.80"  # 500 steps at $0.0064, half as much again
    assert "changed by +50 %" in str(card.option.reason)


def test_a_price_per_another_unit_is_compared_with_nothing(model, owner_client, hosted):
    hosted(unit_prices={priced("fal-ai/flux-2-trainer", "compute seconds"): 0.00017})
    card = group(owner_client.get(address(model, "training")), FLUX2_DEV).cards[-1]
    assert card.estimate.price_text == "$3.20"
    assert "list price" not in str(card.option.reason)


def test_a_trainer_that_vanished_is_closed_with_its_reason(model, owner_client, hosted):
    hosted(can_train=(FLUX1_DEV,))
    page = owner_client.get(address(model, "training"))
    assert all(one.base_model.key != FLUX2_DEV for one in page.context["groups"])
    others = page.context["closed"].others
    reasons = {(one.trainer, one.reason): one.base_models for one in others}
    assert "FLUX.2 dev" in reasons["fal.ai", "This trainer does not train this model."]


def test_the_numbers_of_steps_a_trainer_takes_bound_the_estimate(model, owner_client, hosted):
    own = {"option": f"fal:{FLUX2_DEV}", "fixed_steps": "7"}
    owner_client.post(address(model, "training"), TRAINING | own)
    page = owner_client.get(address(model, "review"))
    assert page.context["estimate"].steps == 100


def test_the_estimate_names_the_day_its_price_was_read(model, owner_client, hosted):
    owner_client.post(address(model, "training"), TRAINING | {"option": f"fal:{FLUX2_DEV}"})
    page = owner_client.get(address(model, "review")).content.decode()
    assert "list price of Nov. 25, 2026" in page


# --- keeping what the base model knows ----------------------------------------------------------


def test_keeping_the_prior_is_offered_explained_and_shown_in_the_review(model, owner_client):
    page = owner_client.get(address(model, "training")).content.decode()
    assert '<div id="keeping">' in page
    assert "A step takes about twice as long." in page
    owner_client.post(address(model, "training"), TRAINING | {"keep_prior": "True"})
    model.refresh_from_db()
    assert model.options["keep_prior"] is True
    review = owner_client.get(address(model, "review")).content.decode()
    assert "Keeps what the base model knows" in review
    assert owner_client.get(address(model, "training")).context["has_own_values"]


def test_a_prior_that_is_not_kept_is_no_news_in_the_review(model, owner_client):
    owner_client.post(address(model, "training"), TRAINING)
    review = owner_client.get(address(model, "review")).content.decode()
    assert "Keeps what the base model knows" not in review


def test_a_trainer_that_cannot_keep_the_prior_does_not_offer_it(model, owner_client, hosted):
    owner_client.post(address(model, "training"), TRAINING | {"option": f"fal:{FLUX2_DEV}"})
    model.refresh_from_db()
    assert "keep_prior" not in model.options
    page = owner_client.get(address(model, "training")).content.decode()
    assert '<div id="keeping" hidden>' in page


def test_a_trainer_that_cannot_keep_the_prior_refuses_it_in_a_sentence(model, owner_client, hosted):
    asked = TRAINING | {"option": f"fal:{FLUX2_DEV}", "keep_prior": "True"}
    page = owner_client.post(address(model, "training"), asked)
    assert page.status_code == 422
    assert "fal.ai cannot keep what the base model knows. Turn that off." in page.content.decode()
    assert '<div id="keeping">' in page.content.decode()


def test_a_training_that_keeps_the_prior_does_not_start_where_nobody_can(
    model, owner_client, hosted
):
    owner_client.post(address(model, "training"), TRAINING | {"keep_prior": "True"})
    model.refresh_from_db()
    model.provider, model.base_model = "fal", FLUX2_DEV
    assert [str(one) for one in what_is_missing(model)] == [
        "fal.ai cannot keep what the base model knows. Turn that off."
    ]


def test_a_base_model_that_forgets_easily_keeps_its_prior_by_itself(owner, owner_client):
    trainer_answered(
        engine="diffusers", can_train=[TINY_SHAPES], fits={TINY_SHAPES: said(True, "")}
    )
    model = draft(owner, photos=5)
    chosen = TRAINING | {"option": f"local:{TINY_SHAPES}"}
    owner_client.post(address(model, "training"), chosen)
    model.refresh_from_db()
    assert model.options["keep_prior"] is True
    owner_client.post(address(model, "training"), chosen | {"keep_prior": "False"})
    model.refresh_from_db()
    assert model.options["keep_prior"] is False


def test_keeping_the_prior_doubles_the_estimate(owner, owner_client):
    really_trains(dev=said(True, FITS, 0.7))
    model = draft(owner, photos=5)
    owner_client.post(address(model, "training"), TRAINING | {"keep_prior": "True"})
    for step in ("training", "review"):
        assert "About 12 minutes" in owner_client.get(address(model, step)).content.decode()


# --- the person's own trainer, when it really trains --------------------------------------------

FITS = "At 768 pixels in 4 bits on NVIDIA GeForce RTX 4070: needs 9.8 of 11.2 GB that are free."
TOO_LARGE = "FLUX.1 dev needs 11.0 GB at the least. Train FLUX.2 klein base 4B, or close a game."


def really_trains(**fits: dict[str, object]) -> None:
    """The bundled trainer has two base models and says of them what `dev` and `klein` hold."""
    keys = {"dev": FLUX1_DEV, "klein": FLUX2_KLEIN_4B}
    trainer_answered(
        engine="diffusers",
        training_seconds=None,
        can_train=list(keys.values()),
        can_generate=list(keys.values()),
        fits={keys[name]: fit for name, fit in fits.items()},
    )


def said(fits: bool, words: str, seconds_per_step: float | None = None) -> dict[str, object]:
    return {"fits": fits, "words": words, "seconds_per_step": seconds_per_step}


def test_the_own_trainer_says_how_a_training_fits_and_how_long_it_takes(owner, owner_client):
    really_trains(dev=said(True, FITS, 0.7))
    page = owner_client.get(address(draft(owner, photos=5), "training"))
    text = page.content.decode()
    assert FITS in text
    assert "About 6 minutes" in text  # 500 steps at 0.7 s
    assert "It costs nothing: your own machine does the work." in text
    assert "has not measured" not in text
    assert "imulat" not in text


def test_more_photos_at_a_time_than_the_machine_has_memory_for_are_refused(owner, owner_client):
    really_trains(dev=said(True, FITS, 0.7) | {"largest_batch": 2})
    model = draft(owner, photos=5)
    page = owner_client.post(address(model, "training"), TRAINING | {"batch_size": "3"})
    assert page.status_code == 422
    assert "has memory for 2 at a time at most" in page.content.decode()
    page = owner_client.post(address(model, "training"), TRAINING | {"batch_size": "2"})
    assert page.status_code == 302
    model.refresh_from_db()
    assert what_is_missing(model) == []
    really_trains(dev=said(True, FITS, 0.7) | {"largest_batch": 1})
    assert [str(one) for one in what_is_missing(model)] == [
        "The trainer's machine has memory for 1 at a time at most."
    ]


def test_a_step_of_several_photos_is_expected_to_take_as_long_as_they_do(owner, owner_client):
    really_trains(dev=said(True, FITS, 0.7))
    model = draft(owner, photos=5)
    owner_client.post(address(model, "training"), TRAINING | {"batch_size": "2"})
    page = owner_client.get(address(model, "review"))
    assert page.context["estimate"].steps == 250
    assert "About 6 minutes" in page.content.decode()


def test_what_was_never_measured_has_no_time(owner, owner_client):
    really_trains(dev=said(True, FITS))
    text = owner_client.get(address(draft(owner, photos=5), "training")).content.decode()
    assert "Not measured yet" in text
    assert "This machine has not measured yet how long a step takes." in text


def test_what_the_own_trainer_has_not_said_is_shown_as_unknown(owner, owner_client):
    really_trains()
    page = owner_client.get(address(draft(owner, photos=5), "training"))
    assert "has not said yet whether it fits" in page.content.decode()
    assert page.context["groups"][0].base_model.key == FLUX1_DEV


def test_what_does_not_fit_is_shown_with_why_and_cannot_be_chosen(owner, owner_client):
    really_trains(dev=said(False, TOO_LARGE), klein=said(True, FITS))
    model = draft(owner, photos=5)
    page = owner_client.get(address(model, "training"))
    found = {one.base_model.key: len(one.cards) for one in page.context["groups"]}
    assert found == {FLUX1_DEV: 0, FLUX2_KLEIN_4B: 1}
    assert page.content.decode().count(TOO_LARGE) == 1
    response = owner_client.post(address(model, "training"), TRAINING)
    assert response.status_code == 422
    assert TOO_LARGE in response.content.decode()


def test_where_only_the_own_machine_is_too_small_other_trainers_stay(owner, owner_client, hosted):
    really_trains(dev=said(False, TOO_LARGE))
    found = group(owner_client.get(address(draft(owner, photos=5), "training")), FLUX1_DEV)
    assert [card.option.provider for card in found.cards] == ["fal"]
    assert str(found.unfit.reason) == TOO_LARGE


def test_where_nothing_fits_the_page_says_that_no_trainer_is_available(owner, owner_client):
    really_trains(dev=said(False, TOO_LARGE), klein=said(False, "Too large."))
    page = owner_client.get(address(draft(owner, photos=5), "training")).content.decode()
    assert "No trainer is available right now" in page
    assert TOO_LARGE in page


def test_what_no_longer_fits_is_refused_at_the_start_and_nothing_is_lost(owner, owner_client):
    really_trains(dev=said(True, FITS))
    model = draft(owner, photos=5)
    owner_client.post(address(model, "training"), TRAINING)
    page = owner_client.get(address(model, "review"))
    really_trains(dev=said(False, TOO_LARGE))
    start = {"go": "start", "idempotency_key": page.context["idempotency_key"]}
    response = owner_client.post(address(model, "review"), start)
    assert TOO_LARGE in response.content.decode()
    model.refresh_from_db()
    assert (model.base_model, model.started_at, model.jobs.count()) == (FLUX1_DEV, None, 0)
    assert model.photos.count() == 5


def test_how_to_get_more_base_models_is_said_in_one_line(owner, owner_client):
    really_trains(dev=said(True, FITS))
    page = owner_client.get(address(draft(owner, photos=5), "training"))
    text = page.content.decode()
    assert ".venv/bin/python -m trainer models get Z-Image</code>" in text
    assert "Stable Diffusion XL" in text
    assert "Tiny shapes" not in text
    closed = {one.reason for one in page.context["closed"].others}
    assert "This base model is not on the trainer's machine yet." not in closed


def test_a_simulated_trainer_says_nothing_of_base_models_that_it_cannot_have(model, owner_client):
    text = owner_client.get(address(model, "training")).content.decode()
    for words in ("models get", "Z-Image<", "Stable Diffusion", "Tiny shapes", "It costs nothing"):
        assert words not in text


def test_each_base_model_shows_its_licence(owner, owner_client):
    really_trains(dev=said(True, FITS), klein=said(True, FITS))
    text = owner_client.get(address(draft(owner, photos=5), "training")).content.decode()
    assert "Non-commercial licence of Black Forest Labs" in text
    assert "Apache 2.0" in text


@pytest.mark.parametrize(
    ("kind", "rank", "epochs"), [("person", 16, 100), ("product", 16, 100), ("style", 32, 60)]
)
def test_the_own_trainer_starts_from_what_suits_base_model_and_subject(
    owner, owner_client, kind, rank, epochs
):
    really_trains(dev=said(True, FITS), klein=said(True, FITS))
    model = draft(owner, photos=5, kind=kind)
    owner_client.post(address(model, "training"), TRAINING | {"option": f"local:{FLUX2_KLEIN_4B}"})
    model.refresh_from_db()
    assert model.options["learning_rate"] == 0.0001
    assert (model.options["rank"], model.options["epochs"]) == (rank, epochs)
