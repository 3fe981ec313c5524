"""Attempts to get into, or hold, somebody else's account."""

from __future__ import annotations

from urllib.parse import quote

import pytest
from allauth.account.models import EmailAddress
from django.contrib.auth import get_user
from django.test import Client
from django.urls import reverse

from accounts.models import BrowserSession, SignUp, User
from tests.accounts.conftest import ORIGIN, confirmed, link_to, links_in
from tests.conftest import client_of
from tests.factories import PASSWORD, UserFactory

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("public")]
VICTIM = "victim@example.org"
OTHER = "an attackers own phrase"
EVIL = ["https://evil.example/", "//evil.example/", "/\\evil.example/", "javascript:alert(1)"]


def sign_up(email: str, password: str, mailoutbox) -> str:
    """Ask for an account and return the link in the mail."""
    Client().post(reverse("account_signup"), {"email": email, "password1": password})
    return link_to(email, mailoutbox)


def reset(email: str, mailoutbox, password: str = OTHER) -> None:
    """Set a new password through the link in the mail."""
    client = Client()
    client.post(reverse("account_reset_password"), {"email": email})
    form = client.get(link_to(email, mailoutbox), follow=True)
    client.post(form.redirect_chain[-1][0], {"password1": password, "password2": password})


def test_an_unconfirmed_sign_up_holds_nothing(mailoutbox):
    sign_up(VICTIM, OTHER, mailoutbox)
    assert not User.objects.exists() and not EmailAddress.objects.exists()
    link = sign_up(VICTIM, PASSWORD, mailoutbox)
    client = Client()
    assert client.post(link, {"password": PASSWORD}).url == reverse("dashboard:home")
    assert get_user(client).email == VICTIM
    assert not SignUp.objects.exists()


def test_a_prepared_account_is_not_confirmed_by_its_victims_click(mailoutbox):
    link = sign_up(VICTIM, OTHER, mailoutbox)
    victim = Client()
    assert victim.get(link).status_code == 200
    for password in ("", PASSWORD):
        assert victim.post(link, {"password": password}).context["form"].errors
    assert not User.objects.exists()


def test_the_first_confirmed_of_two_sign_ups_wins(mailoutbox):
    prepared, own = (sign_up(VICTIM, word, mailoutbox) for word in (OTHER, PASSWORD))
    Client().post(own, {"password": PASSWORD})
    assert Client().post(prepared, {"password": OTHER}).status_code == 404
    assert User.objects.get().check_password(PASSWORD)


def test_a_link_of_a_sign_up_works_once(mailoutbox):
    link = sign_up(VICTIM, PASSWORD, mailoutbox)
    Client().post(link, {"password": PASSWORD})
    assert Client().get(link).status_code == 404


def test_signing_up_for_a_taken_address_tells_its_owner_and_changes_nothing(mailoutbox):
    victim = confirmed(email=VICTIM)
    link = sign_up(VICTIM, OTHER, mailoutbox)
    assert link == reverse("account_reset_password")
    assert not SignUp.objects.exists()
    victim.refresh_from_db()
    assert victim.check_password(PASSWORD)


def test_rows_squatted_before_receive_no_reset(mailoutbox):
    squatter = confirmed()
    EmailAddress.objects.create(user=squatter, email=VICTIM)
    Client().post(reverse("account_reset_password"), {"email": VICTIM})
    assert not mailoutbox
    confirmed(email=VICTIM)
    assert not EmailAddress.objects.filter(user=squatter, email=VICTIM).exists()


def test_a_reset_leaves_the_account_to_the_mailbox_alone(mailoutbox):
    victim = UserFactory(email=VICTIM)
    EmailAddress.objects.create(user=victim, email="attacker@example.org", verified=True)
    inside = [client_of(victim), client_of(victim)]
    inside[0].post(
        reverse("account_change_address"), {"email": "a@example.org", "password": PASSWORD}
    )
    change = link_to("a@example.org", mailoutbox)
    reset(VICTIM, mailoutbox)
    assert all(get_user(client).is_anonymous for client in inside)
    assert not BrowserSession.objects.exists()
    rows = EmailAddress.objects.values_list("user", "email", "verified")
    assert list(rows) == [(victim.pk, VICTIM, True)]
    victim.refresh_from_db()
    assert victim.check_password(OTHER)
    assert client_of(victim).post(change).status_code == 404


def test_a_reset_link_works_once_and_not_after_a_change_of_address(mailoutbox):
    victim = confirmed(email=VICTIM)
    Client().post(reverse("account_reset_password"), {"email": VICTIM})
    first = link_to(VICTIM, mailoutbox)
    victim.email = "moved@example.org"
    victim.save()
    assert Client().get(first, follow=True).context["token_fail"]
    reset("moved@example.org", mailoutbox)
    assert Client().get(link_to("moved@example.org", mailoutbox), follow=True).status_code == 200
    Client().post(reverse("account_reset_password"), {"email": "moved@example.org"})
    second = link_to("moved@example.org", mailoutbox)
    reset("moved@example.org", mailoutbox, "yet another long phrase")
    assert Client().get(second, follow=True).context["token_fail"]


def test_a_reset_does_not_go_round_the_second_step(mailoutbox, one_time_codes):
    victim = confirmed(email=VICTIM)
    one_time_codes(victim)
    reset(VICTIM, mailoutbox)
    client = Client()
    answer = client.post(reverse("account_login"), {"login": VICTIM, "password": OTHER})
    assert answer.url == reverse("mfa_authenticate")
    assert get_user(client).is_anonymous


@pytest.mark.parametrize("header", ["HTTP_HOST", "HTTP_X_FORWARDED_HOST"])
@pytest.mark.parametrize("way", ["reset", "sign up", "taken"])
def test_links_in_mails_do_not_follow_the_host_header(way, header, mailoutbox, settings):
    settings.ALLOWED_HOSTS = ["*"]
    if way != "sign up":
        confirmed(email=VICTIM)
    name = "account_reset_password" if way == "reset" else "account_signup"
    data = {"email": VICTIM, "password1": PASSWORD}
    Client().post(reverse(name), data, **{header: "evil.example"})
    (mail,) = mailoutbox
    assert "evil" not in mail.body + mail.subject
    assert links_in(mail) and ORIGIN in mail.body


@pytest.mark.parametrize("target", EVIL)
@pytest.mark.parametrize("name", ["account_login", "account_logout", "account_reauthenticate"])
def test_next_never_leads_to_another_site(name, target):
    user = confirmed()
    client = Client() if name == "account_login" else client_of(user)
    data = {"login": user.email, "password": PASSWORD, "next": target}
    for address in (reverse(name), f"{reverse(name)}?next={quote(target)}"):
        answer = client.post(address, data)
        assert answer.status_code == 302
        assert answer.url.startswith("/") and "evil" not in answer.url.split("?")[0]


def test_a_session_planted_before_signing_in_is_worth_nothing_after():
    user, planted = confirmed(), Client()
    planted.get(reverse("mfa_login_webauthn"), headers={"accept": "application/json"})
    before = planted.session.session_key
    victim = Client()
    victim.cookies["sessionid"] = before
    victim.post(reverse("account_login"), {"login": user.email, "password": PASSWORD})
    assert get_user(victim) == user
    assert victim.session.session_key != before
    assert get_user(planted).is_anonymous


def test_an_unconfirmed_account_of_an_operators_making_confirms_at_its_first_sign_in(mailoutbox):
    user = UserFactory()
    client = Client()
    answer = client.post(reverse("account_login"), {"login": user.email, "password": PASSWORD})
    assert answer.url == reverse("account_email_verification_sent")
    assert get_user(client).is_anonymous
    link = link_to(user.email, mailoutbox)
    assert client.post(link, {"password": "guess"}).context["form"].errors
    client.post(link, {"password": PASSWORD})
    assert get_user(client) == user
    assert Client().get(link).status_code == 404


def test_a_public_site_without_mail_makes_no_accounts(settings):
    settings.MAIL_IS_SET_UP, settings.ACCOUNT_EMAIL_VERIFICATION = False, "none"
    page = Client().post(reverse("account_signup"), {"email": VICTIM, "password1": PASSWORD})
    assert "account/signup_closed.html" in [template.name for template in page.templates]
    assert not User.objects.exists()
