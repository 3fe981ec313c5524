"""Changing the address: both mailboxes, the password, and nobody else."""

from __future__ import annotations

from datetime import timedelta

import pytest
import time_machine
from allauth.account.models import EmailAddress
from django.urls import reverse
from django.utils import timezone

from accounts import addresses
from accounts.models import AddressChange, User
from tests.accounts.conftest import confirmed, link_to
from tests.conftest import client_of
from tests.factories import PASSWORD, UserFactory

FORM = reverse("account_change_address")
NEW = "new@example.org"


@pytest.fixture
def person(public, db) -> User:
    return confirmed()


@pytest.fixture
def browser(person):
    return client_of(person)


def ask(browser, email: str = NEW, password: str = PASSWORD):
    return browser.post(FORM, {"email": email, "password": password})


def test_the_address_changes_once_both_ends_agreed(person, browser, mailoutbox):
    old = person.email
    ask(browser)
    for email in (NEW, old):
        link = link_to(email, mailoutbox)
        person.refresh_from_db()
        assert person.email == old
        browser.get(link)
        browser.post(link)
    person.refresh_from_db()
    assert person.email == NEW
    rows = EmailAddress.objects.filter(user=person).values_list("email", "verified", "primary")
    assert list(rows) == [(NEW, True, True)]
    told = [mail.to for mail in mailoutbox if "address was changed" in mail.subject]
    assert sorted(told) == sorted([[NEW], [old]])


def test_opening_the_links_changes_nothing(person, browser, mailoutbox):
    ask(browser)
    for email in (NEW, person.email):
        assert browser.get(link_to(email, mailoutbox)).status_code == 200
    change = AddressChange.objects.get()
    assert not change.approved_by_old and not change.confirmed_by_new


def test_one_end_twice_is_not_both_ends(person, browser, mailoutbox):
    ask(browser)
    link = link_to(NEW, mailoutbox)
    browser.post(link)
    browser.post(link)
    person.refresh_from_db()
    assert person.email != NEW


@pytest.mark.parametrize("password", ["", "a wrong password"])
def test_it_takes_the_password(person, browser, mailoutbox, password):
    assert ask(browser, password=password).context["form"].errors
    assert not AddressChange.objects.exists() and not mailoutbox


def test_a_taken_address_gets_a_warning_and_no_link(person, browser, mailoutbox):
    taken = confirmed()
    ask(browser, taken.email)
    warning = next(mail for mail in mailoutbox if mail.to == [taken.email])
    assert "Nothing was changed" in warning.body
    assert "/account/address/" not in warning.body
    browser.post(link_to(person.email, mailoutbox))
    person.refresh_from_db()
    assert person.email != taken.email


def test_an_address_taken_in_the_meantime_is_not_taken_away(person, browser, mailoutbox):
    ask(browser)
    links = [link_to(NEW, mailoutbox), link_to(person.email, mailoutbox)]
    other = confirmed(email=NEW)
    answers = [browser.post(link, follow=True) for link in links]
    person.refresh_from_db()
    assert person.email != NEW
    assert User.objects.get(email=NEW) == other
    assert "Nothing was changed" in answers[-1].content.decode()


def test_the_link_of_anothers_change_does_not_work(person, browser, mailoutbox):
    ask(browser)
    stranger = client_of(confirmed())
    for email in (NEW, person.email):
        link = link_to(email, mailoutbox)
        assert stranger.get(link).status_code == 404
        assert stranger.post(link).status_code == 404
    assert not AddressChange.objects.filter(approved_by_old=True).exists()


def test_the_links_ask_for_a_sign_in(person, browser, mailoutbox, anonymous_client):
    ask(browser)
    answer = anonymous_client.post(link_to(NEW, mailoutbox))
    assert answer.url.startswith(reverse("account_login"))
    assert not AddressChange.objects.filter(confirmed_by_new=True).exists()


def test_a_new_change_ends_the_one_before(person, browser, mailoutbox):
    ask(browser, "first@example.org")
    old_link = link_to("first@example.org", mailoutbox)
    ask(browser)
    assert browser.post(old_link).status_code == 404


def test_the_links_expire_after_a_day(person, browser, mailoutbox):
    ask(browser)
    with time_machine.travel(timezone.now() + timedelta(days=1, minutes=1), tick=True):
        fresh = client_of(person)
        assert fresh.post(link_to(NEW, mailoutbox)).status_code == 404
        addresses.prune()
    assert not AddressChange.objects.exists()


@pytest.mark.parametrize("token", ["forged", "a:b:c", "%00", "x" * 4000])
def test_a_forged_link_does_not_work(browser, token):
    assert browser.post(reverse("account_change_address_link", args=[token])).status_code == 404


def test_without_mail_no_second_address_can_be_claimed(owner, owner_client, mailoutbox):
    ask(owner_client)
    assert "can't send mail" in owner_client.get(FORM).content.decode().replace("&#x27;", "'")
    assert not AddressChange.objects.exists() and not mailoutbox


def test_the_own_address_is_no_change(person, browser):
    assert ask(browser, person.email.upper()).context["form"].errors


def test_rows_for_other_addresses_are_dropped_when_an_address_is_confirmed(db):
    owner, squatter = UserFactory(), UserFactory()
    EmailAddress.objects.create(user=squatter, email=owner.email)
    EmailAddress.objects.create(user=owner, email="second@example.org", verified=True)
    addresses.claim(owner)
    assert EmailAddress.objects.get().email == owner.email


def test_an_address_written_by_an_operator_is_confirmed_anew(owner, operator_client):
    addresses.claim(owner)
    data = {"email": "Other@example.org", "is_active": "on", "password": owner.password}
    operator_client.post(f"/admin/accounts/user/{owner.pk}/change/", data)
    owner.refresh_from_db()
    assert owner.email == "other@example.org"
    assert not addresses.is_confirmed(owner)
