"""Who was signed out goes on at a page, never at an address that only takes forms."""

from __future__ import annotations

from urllib.parse import parse_qs, urlsplit
from uuid import uuid4

import pytest
from django.urls import reverse

from dashboard.urls import urlpatterns
from tests.accounts.test_sign_in import sign_in
from tests.factories import GeneratedImageFactory, UserModelFactory

HOME = reverse("dashboard:home")
SITE = "http://testserver"


def next_after(answer) -> str:
    address = urlsplit(answer["Location"])
    assert address.path == reverse("account_login")
    return parse_qs(address.query)["next"][0]


@pytest.fixture
def model(owner):
    return UserModelFactory(owner=owner, ready=True)


def forms_of(model) -> list[str]:
    """Addresses that buttons of a model's page send to."""
    image = GeneratedImageFactory(model=model)
    return [
        reverse("dashboard:model_delete", args=[model.pk]),
        reverse("dashboard:image_delete", args=[image.pk]),
    ]


def test_signing_in_leads_back_to_where_a_button_was_pressed(client, owner, model):
    page = reverse("dashboard:model", args=[model.pk])
    for address in forms_of(model):
        answer = client.post(address, headers={"Referer": f"{SITE}{page}"})
        assert next_after(answer) == page


@pytest.mark.parametrize("page", ["", "https://elsewhere.example/", f"{SITE}//elsewhere.example"])
def test_without_a_page_of_ours_it_leads_home(client, model, page):
    for address in forms_of(model):
        assert next_after(client.post(address, headers={"Referer": page})) == HOME


def test_a_page_that_was_asked_for_is_where_it_leads(client, owner, model):
    page = f"{reverse('dashboard:model', args=[model.pk])}?idea=1"
    assert next_after(client.get(page)).endswith(page)
    assert sign_in(client, owner.email).status_code == 302
    assert client.get(page).status_code == 200


def test_no_form_of_the_site_leads_to_itself(client, owner_client):
    """Whatever takes only forms, and asks to sign in, is asked without its page."""
    forms = 0
    for pattern in urlpatterns:
        kinds = {name: kind.regex for name, kind in pattern.pattern.converters.items()}
        values = {name: uuid4() if "a-f" in kind else "1" for name, kind in kinds.items()}
        address = reverse(f"dashboard:{pattern.name}", kwargs=values)
        answer = client.post(address)
        is_asked = answer.status_code == 302 and reverse("account_login") in answer["Location"]
        if is_asked and owner_client.get(address).status_code == 405:
            forms += 1
            assert next_after(answer) != address, pattern.name
    assert forms > 5
