"""The operator's page about providers."""

from __future__ import annotations

import pytest
from django.utils import timezone

from accounts.models import User
from jobs.engine import provider_status
from jobs.models import ProviderStatus
from providers.catalog import FLUX1_DEV, ZIMAGE_TURBO
from providers.errors import ProviderUnavailableError
from providers.types import Description

pytestmark = pytest.mark.django_db
PAGE = "/admin/jobs/providerstatus/"


@pytest.fixture
def operator(client):
    client.force_login(User.objects.create_superuser("op@example.org", "correct horse"))
    return client


@pytest.fixture
def fal(settings):
    settings.PROVIDERS = settings.PROVIDERS | {
        "fal": {"api_key": "secret-id:secret-key", "base_url": "https://queue.fal.run"}
    }
    provider_status.record_description(
        "fal",
        Description(
            True,
            can_train=(ZIMAGE_TURBO,),
            can_generate=(FLUX1_DEV,),
            unit_prices={"fal-ai/z-image-turbo-trainer-v2": 0.00085},
        ),
    )
    return ProviderStatus.objects.get(provider="fal")


def test_it_says_what_each_trains_and_draws_and_that_it_works(operator, fal):
    page = operator.get(PAGE).content.decode()
    for word in ("fal.ai", "valid", "Z-Image Turbo", "FLUX.1 dev", "Works"):
        assert word in page


def test_it_says_which_are_not_set_up_and_how_to_turn_them_on(operator, fal):
    assert "Together AI (TOGETHER_API_KEY)" in operator.get(PAGE).content.decode()


def test_one_provider_says_what_it_does_not_offer_now_and_its_prices(operator, fal):
    page = operator.get(f"{PAGE}{fal.pk}/change/").content.decode()
    assert "FLUX.2 klein base 4B" in page
    assert "0.00085" in page


def test_a_refused_key_comes_with_the_fix(operator, fal):
    provider_status.record_description("fal", Description(key_is_valid=False))
    page = operator.get(PAGE).content.decode()
    assert "fal.ai refuses the API key." in page
    assert "set FAL_KEY to it and restart" in page


def test_a_provider_that_is_away_comes_with_what_it_said(operator, fal):
    provider_status.record_failure("fal", ProviderUnavailableError("fal", "no route to host"))
    page = operator.get(PAGE).content.decode()
    assert "no route to host" in page
    assert "FAL_BASE_URL" in page


def test_no_key_is_on_any_of_these_pages(operator, fal):
    for address in (PAGE, f"{PAGE}{fal.pk}/change/"):
        assert "secret-key" not in operator.get(address).content.decode()


def test_a_provider_that_was_turned_off_says_so(operator):
    ProviderStatus.objects.create(provider="fal", described_at=timezone.now())
    assert "Not set up." in operator.get(PAGE).content.decode()


def test_people_who_are_no_operators_do_not_see_it(client, fal):
    client.force_login(User.objects.create_user("ann@example.org", "correct horse"))
    assert client.get(PAGE).status_code in {302, 403, 404}
    client.logout()
    assert client.get(PAGE).status_code in {302, 403, 404}
