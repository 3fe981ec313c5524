"""Mails wait in the database until the worker has sent them, whatever the mail server does."""

from __future__ import annotations

import smtplib
import socket
import threading
from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.core.mail import EmailMessage
from django.urls import reverse
from django.utils import timezone

from accounts import errands, later, mail, passwords
from accounts.deletion import delete_account_row
from accounts.models import Errand, SignUp
from jobs import health, tasks
from tests.factories import UserFactory

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def kept(monkeypatch, at_once):
    """What is asked for is kept, as in the installation; only the threads are left out."""

    def start(work, args):
        if errands.is_kept(work):
            errands.keep(work, args)

    monkeypatch.setattr(later, "start", start)


@pytest.fixture
def refusing(monkeypatch):
    """Make the mail server raise this error; return the addresses it was given."""
    tried: list[str] = []

    def make(error: Exception | None) -> list[str]:
        def send(message, **options):
            tried.extend(message.to)
            if error:
                raise error

        monkeypatch.setattr(EmailMessage, "send", send)
        return tried

    return make


def make_due() -> None:
    Errand.objects.exclude(next_try_at=None).update(
        next_try_at=timezone.now() - timedelta(seconds=1), lease_until=None
    )


def queue(*addresses: str) -> None:
    for address in addresses:
        later.later(mail.deliver, address, "Subject", "Words")


def test_a_page_only_writes_down_what_is_to_be_sent(client, public, mailoutbox):
    UserFactory(email="ann@example.org")
    for email in ("ann@example.org", "nobody@example.org"):
        client.post(reverse("account_reset_password"), {"email": email})
    assert [one.email for one in Errand.objects.order_by("pk")] == [
        "ann@example.org",
        "nobody@example.org",
    ]
    assert not mailoutbox
    errands.work_off()
    assert [mail.to for mail in mailoutbox] == [["ann@example.org"]]
    assert not Errand.objects.exists()


def test_a_process_that_is_killed_loses_no_mail(client, public, mailoutbox):
    """All that the page left is a row: nothing waits in its memory."""
    client.post(
        reverse("account_signup"),
        {"email": "ann@example.org", "password1": "correct horse battery staple"},
    )
    assert SignUp.objects.count() == 1 and Errand.objects.count() == 1
    tasks.send_due_mails()
    errands.work_off()
    assert mailoutbox[0].to == ["ann@example.org"]


def test_a_worker_that_is_killed_while_it_sends_leaves_the_mail_to_the_next(mailoutbox):
    queue("ann@example.org")
    Errand.objects.update(lease_until=timezone.now() + errands.LEASE, attempts=1)
    errands.work_off()
    assert not mailoutbox
    Errand.objects.update(lease_until=timezone.now() - timedelta(seconds=1))
    errands.work_off()
    assert len(mailoutbox) == 1


def test_mails_leave_although_the_clock_was_set_back_by_an_hour(refusing, mailoutbox):
    """While a worker was sending, and while others waited for their next try."""
    queue("ann@example.org", "bob@example.org")
    ahead = timezone.now() + timedelta(hours=1)
    Errand.objects.update(next_try_at=ahead)
    Errand.objects.filter(email="ann@example.org").update(lease_until=ahead, attempts=1)
    errands.work_off()
    assert len(mailoutbox) == 2


@pytest.mark.parametrize(
    "error", [ConnectionRefusedError(), TimeoutError(), smtplib.SMTPServerDisconnected("bye")]
)
def test_a_server_that_fails_is_asked_once_and_all_mails_wait(refusing, mailoutbox, error):
    tried = refusing(error)
    queue("ann@example.org", "bob@example.org")
    errands.work_off()
    assert tried == ["ann@example.org"]
    assert not errands.due().exists() and Errand.objects.count() == 2
    refusing(None)
    make_due()
    errands.work_off()
    assert not Errand.objects.exists()


def test_an_address_that_has_to_wait_holds_up_no_other(refusing):
    tried = refusing(smtplib.SMTPRecipientsRefused({"ann@example.org": (450, b"greylisted")}))
    queue("ann@example.org", "bob@example.org")
    errands.work_off()
    assert tried == ["ann@example.org", "bob@example.org"]
    assert Errand.objects.count() == 2


def test_an_address_that_does_not_exist_is_not_tried_again(refusing, caplog):
    refusing(smtplib.SMTPRecipientsRefused({"ann@example.org": (550, b"ann: unknown")}))
    queue("ann@example.org")
    errands.work_off()
    assert not Errand.objects.exists()
    assert "ann" not in caplog.text


def test_the_waits_grow_to_ten_minutes(refusing):
    refusing(TimeoutError())
    queue("ann@example.org")
    waits = []
    for _ in range(10):
        make_due()
        errands.work_off()
        left = Errand.objects.get().next_try_at - timezone.now()
        waits.append(round(left.total_seconds()))
    assert waits == sorted(waits)
    assert (waits[0], waits[-1]) == (5, 600)


def test_a_mail_is_given_up_after_a_day_and_operators_see_that(refusing, operator_client):
    refusing(TimeoutError())
    queue("ann@example.org")
    Errand.objects.update(useful_until=timezone.now())
    errands.work_off()
    one = Errand.objects.get()
    assert (one.given_up_at is not None, one.error) == (True, "TimeoutError")
    assert (one.arguments, one.email) == ([], ""), "nothing of the mail is kept"
    page = operator_client.get("/admin/").content.decode()
    assert "Mails that could not be sent" in page
    listed = operator_client.get(reverse("admin:accounts_errand_changelist"))
    assert "TimeoutError" in listed.content.decode()


def test_how_long_a_mail_is_tried():
    queue("ann@example.org")
    later.later(mail.deliver_soon, "ann@example.org", "Reset", "Link")
    kept_for = [
        round((one.useful_until - one.created_at) / timedelta(hours=1))
        for one in Errand.objects.order_by("pk")
    ]
    assert kept_for == [24, 1], "a link to a new password is of no use after an hour"


def test_a_server_that_fails_for_minutes_is_named_to_operators(refusing):
    refusing(TimeoutError())
    queue("ann@example.org")
    Errand.objects.update(created_at=timezone.now() - timedelta(minutes=6))
    for _ in range(2):
        make_due()
        errands.work_off()
    assert any("EMAIL_URL" in text for text in health.check().warnings)


def test_what_waits_goes_with_the_account(owner):
    queue(owner.email, "bob@example.org")
    delete_account_row(owner)
    assert [one.email for one in Errand.objects.all()] == ["bob@example.org"]


def test_an_errand_and_the_mails_it_leads_to_are_one_change(monkeypatch):
    user = UserFactory()
    later.later(passwords.send_reset_link, user.email)

    def fail(*args: object) -> None:
        raise RuntimeError("while the mail is written down")

    monkeypatch.setattr(errands, "keep", fail)
    errands.work_off()
    assert [one.work for one in Errand.objects.all()] == ["send_reset_link"]


@pytest.fixture
def silent_server() -> Iterator[int]:
    """A mail server that accepts connections and never says a word."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        held: list[socket.socket] = []

        def accept() -> None:
            try:
                while True:
                    held.append(server.accept()[0])
            except OSError:
                return

        thread = threading.Thread(target=accept, daemon=True)
        thread.start()
        yield server.getsockname()[1]
        server.shutdown(socket.SHUT_RDWR)
        thread.join(10)
        for one in held:
            one.close()


def test_a_silent_mail_server_is_left_after_its_timeout(settings, silent_server):
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", silent_server
    settings.EMAIL_TIMEOUT = 0.2
    queue("ann@example.org")
    errands.work_off()
    one = Errand.objects.get()
    assert one.error == "SMTPServerDisconnected" and one.next_try_at > timezone.now()


def test_no_waiting_mail_names_a_person_who_is_gone():
    gone = UserFactory(email="ann@example.org")
    queue(gone.email, "joann@example.org")
    for words in ("The account of Ann@example.org moves.", "From joann@example.org."):
        later.later(mail.deliver, "new@example.org", "Subject", words)
    delete_account_row(gone)
    waiting = Errand.objects.order_by("pk").values_list("arguments", flat=True)
    assert [one[0] for one in waiting] == ["joann@example.org", "new@example.org"]
    assert waiting[1][2] == "From joann@example.org."
