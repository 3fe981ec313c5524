"""What password managers find on the pages that ask for a password."""

from __future__ import annotations

import re

import pytest
from django.urls import reverse

from tests.accounts.conftest import confirmed
from tests.accounts.test_passwords import RESET, link_in
from tests.conftest import client_of

pytestmark = pytest.mark.django_db
NAME = re.compile(r'<input[^>]*autocomplete="username"[^>]*value="([^"]*)"')
ASKING = [
    reverse("account_change_password"),
    reverse("account_change_address"),
    reverse("account_reauthenticate"),
    reverse("dashboard:data"),
]


@pytest.mark.parametrize("address", ASKING)
def test_a_page_that_asks_for_a_password_says_whose(address, public):
    user = confirmed()
    page = client_of(user).get(address).content.decode()
    assert 'type="password"' in page
    assert NAME.findall(page) == [user.email]
    assert page.index('autocomplete="username"') < page.index('type="password"')


def test_a_password_that_is_set_by_a_link_is_kept_under_its_address(owner, client, mailoutbox):
    client.post(RESET, {"email": owner.email})
    page = client.get(link_in(mailoutbox[0]), follow=True).content.decode()
    assert 'type="password"' in page
    assert NAME.findall(page) == [owner.email]


@pytest.mark.parametrize("name", ["account_login", "account_signup", "account_reset_password"])
def test_where_nobody_is_known_nobody_is_named(name, client):
    assert not NAME.findall(client.get(reverse(name)).content.decode())


@pytest.mark.parametrize(
    ("name", "fields"),
    [
        ("account_login", {"login": "username", "password": "current-password"}),
        ("account_signup", {"email": "email", "password1": "new-password"}),
        (
            "account_change_password",
            {
                "oldpassword": "current-password",
                "password1": "new-password",
                "password2": "new-password",
            },
        ),
        ("account_reauthenticate", {"password": "current-password"}),
    ],
)
def test_each_field_says_what_it_is_for(name, fields, client, owner_client):
    browser = client if name in {"account_login", "account_signup"} else owner_client
    page = browser.get(reverse(name)).content.decode()
    for field, use in fields.items():
        tag = re.search(rf'<input[^>]*name="{field}"[^>]*>', page)
        assert f'autocomplete="{use}"' in tag[0]


@pytest.mark.parametrize("address", [reverse("account_login"), *ASKING])
def test_each_password_can_be_shown_on_request_by_a_button_of_its_own_name(address, owner, client):
    browser = client if address == reverse("account_login") else client_of(owner)
    page = browser.get(address).content.decode()
    fields = re.findall(r'<input type="password"[^>]* id="(\w+)"', page)
    buttons = re.findall(r'data-shows="(\w+)" aria-pressed="false" aria-label="(.*?)"', page)
    assert [field for field, _ in buttons] == fields
    assert len({name for _, name in buttons}) == len(buttons)
    assert all("password" in name for _, name in buttons)
    assert "js/password" in page
