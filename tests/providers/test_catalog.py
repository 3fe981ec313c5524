"""The catalog's data, and which of its offers can be chosen."""

from __future__ import annotations

import pytest

from providers import availability
from providers.availability import generation_options, training_options
from providers.catalog import (
    BASE_MODELS,
    DEFAULT_BASE_MODEL,
    FLUX1_DEV,
    FLUX1_PRO,
    FLUX2_DEV,
    base_model,
)
from providers.hyperparameters import (
    DEFAULT_PRESET,
    HYPERPARAMETERS,
    PRESETS,
    Defaults,
    Hyperparameters,
)
from providers.registry import CLASSES
from providers.types import Description

TRAINABLE = tuple(model.key for model in BASE_MODELS if not model.why_untrainable)
SIMULATED = Description(True, TRAINABLE, TRAINABLE, engine="simulated", training_seconds=30.0)
REAL = Description(True, TRAINABLE, TRAINABLE, engine="diffusers", training_seconds=3600.0)
TOGETHER = Description(True, (), (FLUX2_DEV,))
REFUSED = Description(key_is_valid=False)
LOCAL_REF = "http://127.0.0.1:1/v1/finetune/download?ft_id=ft-1"


def training(model: str, provider: str, **descriptions: Description | None):
    [found] = [
        option
        for option in training_options(descriptions)
        if option.base_model.key == model and option.provider == provider
    ]
    return found


def generation(
    provider: str,
    family: str = "flux2-dev",
    *,
    is_simulated: bool = False,
    remote_ref: str = LOCAL_REF,
    has_public_url: bool = True,
    **descriptions: Description | None,
):
    found = generation_options(
        family, is_simulated, descriptions, remote_ref, has_public_url=has_public_url
    )
    return {option.provider: option for option in found}[provider]


# --- data ------------------------------------------------------------------------------------


def test_defaults_and_presets_lie_in_their_ranges():
    assert DEFAULT_PRESET in PRESETS
    usual = [Defaults()]
    for cls in CLASSES.values():
        usual += [one for offer in cls.training_offers.values() for one in offer.defaults.values()]
    presets = [preset.values(one) for preset in PRESETS.values() for one in usual]
    for values in (Hyperparameters(), *presets):
        for name, value in values.as_json().items():
            assert HYPERPARAMETERS[name].problem_with(value) == "", (values, name)


def test_the_balanced_preset_is_what_is_usual_for_trainer_and_subject():
    usual = Defaults(steps_per_photo=40, learning_rate=0.0005, rank=64)
    balanced = PRESETS[DEFAULT_PRESET].values(usual)
    assert (balanced.epochs, balanced.learning_rate, balanced.rank) == (40, 0.0005, 64)
    assert balanced.steps(10) == 400


def test_the_classic_preset_has_a_thousand_steps_at_rank_32_for_any_number_of_photos():
    classic = PRESETS["classic"].values(Defaults())
    assert (classic.steps(5), classic.steps(50), classic.rank) == (1000, 1000, 32)


def test_keys_and_families_are_unique():
    assert len({model.key for model in BASE_MODELS}) == len(BASE_MODELS)
    assert len({model.family for model in BASE_MODELS}) == len(BASE_MODELS)
    assert any(DEFAULT_BASE_MODEL in cls.training_offers for cls in CLASSES.values())


def test_every_offer_is_for_a_known_base_model():
    for cls in CLASSES.values():
        for key in {*cls.training_offers, *cls.generation_offers}:
            assert base_model(key)


def test_model_that_cannot_be_trained_says_why_and_has_no_offer():
    for model in BASE_MODELS:
        is_offered = any(model.key in cls.training_offers for cls in CLASSES.values())
        assert not (model.why_untrainable and is_offered), model.key


def test_unknown_base_model_is_a_key_error():
    with pytest.raises(KeyError):
        base_model("x/unheard-of")


# --- training --------------------------------------------------------------------------------


def test_every_pair_is_listed_even_with_nothing_configured():
    found = training_options({})
    assert len(found) == len(BASE_MODELS) * len(CLASSES)
    assert not any(option.is_available for option in found)
    assert all(option.reason for option in found)


def test_trainer_that_answers_can_be_chosen_and_says_that_it_simulates():
    option = training(FLUX1_DEV, "local", local=SIMULATED)
    assert option.is_available
    assert option.is_simulated
    assert (option.reason, option.price_usd(500), option.seconds(500)) == ("", 0.0, 30.0)


def test_real_engine_is_not_called_simulated():
    assert not training(FLUX1_DEV, "local", local=REAL).is_simulated


def test_trainer_that_does_not_answer_can_still_be_chosen_with_a_note():
    option = training(FLUX1_DEV, "local", local=None)
    assert option.is_available
    assert option.is_simulated
    assert option.reason == availability.NO_ANSWER


def test_together_is_closed_until_it_names_the_model():
    assert training(FLUX2_DEV, "together", together=None).reason == availability.NOT_YET_KNOWN
    assert (
        training(FLUX2_DEV, "together", together=TOGETHER).reason == availability.NOT_TRAINED_THERE
    )
    opened = Description(True, (FLUX2_DEV,), (FLUX2_DEV,))
    assert training(FLUX2_DEV, "together", together=opened).is_available
    assert not training(FLUX1_DEV, "together", together=opened).is_available


def test_price_that_nobody_publishes_is_unknown_not_free():
    assert training(FLUX2_DEV, "together", together=TOGETHER).price_usd(500) is None


def test_refused_key_closes_everything_of_that_provider():
    assert training(FLUX1_DEV, "local", local=REFUSED).reason == availability.KEY_REFUSED
    assert generation("local", local=REFUSED).reason == availability.KEY_REFUSED


@pytest.mark.parametrize("provider", CLASSES)
def test_pro_cannot_be_trained_by_anybody_and_says_why(provider):
    option = training(FLUX1_PRO, provider, local=SIMULATED, together=TOGETHER)
    assert not option.is_available
    assert "not published" in option.reason


# --- drawing ---------------------------------------------------------------------------------


def test_simulated_weights_are_drawn_by_the_simulated_trainer_only():
    assert generation("local", is_simulated=True, local=SIMULATED).is_available
    assert generation("local", is_simulated=True, local=REAL).reason == availability.ONLY_REAL
    assert (
        generation("together", is_simulated=True, together=TOGETHER).reason
        == availability.ONLY_REAL
    )


def test_simulated_trainer_does_not_pretend_to_draw_with_real_weights():
    assert generation("local", local=SIMULATED).reason == availability.ONLY_SIMULATED


def test_weights_the_trainer_has_no_copy_of_cannot_be_drawn_there():
    option = generation("local", is_simulated=True, remote_ref="", local=SIMULATED)
    assert option.reason == availability.NOT_ITS_OWN


@pytest.mark.parametrize("family", ["flux1-dev", "flux1-schnell"])
def test_flux1_weights_do_not_fit_togethers_flux2(family):
    option = generation("together", family, together=TOGETHER)
    assert option.reason == availability.NOT_GENERATED_THERE


def test_together_needs_an_address_from_which_it_can_fetch_the_weights():
    assert generation("together", together=TOGETHER).is_available
    closed = generation("together", has_public_url=False, together=TOGETHER)
    assert closed.reason == availability.NEEDS_PUBLIC_URL


def test_provider_that_is_down_can_be_chosen_for_drawing_with_a_note():
    option = generation("together", together=None)
    assert option.is_available
    assert option.reason == availability.NO_ANSWER


def test_provider_that_is_not_set_up_cannot_be_chosen():
    assert generation("together").reason == availability.NOT_CONFIGURED


def test_unknown_family_is_a_key_error():
    with pytest.raises(KeyError):
        generation_options("unheard-of", False, {}, "")


def hosted(offers: str):
    return [
        pytest.param(offer, id=f"{key}-{model}")
        for key, cls in CLASSES.items()
        if not cls.runs_here
        for model, offer in getattr(cls, offers).items()
    ]


@pytest.mark.parametrize("offer", hosted("training_offers"))
def test_whatever_a_hosted_trainer_charges_counts_in_budgets(offer):
    """A price of nothing, or of one second, would pass every budget."""
    assert offer.budget_usd(1000) > 0
    assert offer.price.unit != "second" or offer.seconds(1000) is not None


@pytest.mark.parametrize("offer", hosted("generation_offers"))
def test_whatever_hosted_pictures_cost_counts_in_budgets(offer):
    assert offer.budget_usd(1, 1_000_000) > 0
    assert offer.price.unit != "second" or offer.seconds_per_image is not None
