"""What is stored of the own trainer's word about itself, and who reads what of it."""

from __future__ import annotations

import pytest

from jobs.engine import provider_status
from jobs.models import ProviderStatus
from jobs.provider_report import answered
from jobs.selectors import descriptions
from providers.catalog import FLUX1_DEV, FLUX2_KLEIN_4B
from providers.fit import Fit
from providers.types import Description
from training.selectors import choices

pytestmark = pytest.mark.django_db
FITS = {
    FLUX1_DEV: Fit(True, "At 768 pixels in 4 bits.", 0.7),
    FLUX2_KLEIN_4B: Fit(False, "Too large.", None),
}


def described(**changes) -> Description:
    keys = tuple(FITS)
    return Description(
        **({"key_is_valid": True, "can_train": keys, "can_generate": keys} | changes)
    )


def test_what_it_says_about_memory_comes_back_from_the_database(scripted):
    provider_status.record_description("local", described(engine="diffusers", fits=FITS))
    found = descriptions()["local"]
    assert found is not None
    assert found.fits == FITS
    option = next(one for one in choices() if one.base_model.key == FLUX1_DEV and one.fit)
    assert (option.is_available, option.seconds(1000)) == (True, 700.0)


def test_nothing_of_it_that_is_stored_is_long(scripted):
    fits = {FLUX1_DEV: Fit(False, "x" * 10_000, 1e300)}
    provider_status.record_description("local", described(engine="diffusers", fits=fits))
    found = descriptions()["local"]
    assert found is not None
    assert found.fits[FLUX1_DEV] == Fit(False, "x" * 400, None)


def test_what_was_stored_before_there_was_such_a_word_is_read(scripted):
    provider_status.record_description("local", described(engine="diffusers"))
    row = ProviderStatus.objects.get(provider="local")
    del row.description["fits"]
    row.save()
    found = descriptions()["local"]
    assert found is not None
    assert found.fits == {}


def test_an_operator_is_told_what_does_not_fit_and_why():
    assert answered("local", described(engine="diffusers", fits=FITS)).notes == ("Too large.",)


def test_an_operator_is_told_what_a_real_trainer_lacks_and_nothing_of_a_simulated_one():
    real = answered("local", described(engine="diffusers"))
    assert {"Z-Image", "FLUX.1 schnell"} <= set(real.missing)
    simulated = answered("local", described(engine="simulated"))
    assert set(simulated.missing) == {"FLUX.1 schnell", "FLUX.2 dev"}
