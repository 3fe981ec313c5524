"""What is done after the answer: in another thread, bounded, and never with a word in the log."""

from __future__ import annotations

import threading

import pytest

from accounts import history, later, mail
from accounts.models import User


@pytest.fixture
def really(monkeypatch):
    """Undo what other tests put in the place of the threads."""
    monkeypatch.undo()
    monkeypatch.setattr(later, "PAUSE", 0.0)


def test_it_is_done_in_another_thread(really):
    done = threading.Event()
    names: list[str] = []

    def work(name: str) -> None:
        names.extend([name, threading.current_thread().name])
        done.set()

    later.later(work, "given")
    assert done.wait(20)
    assert names[0] == "given" and names[1].startswith("later")


def test_what_fails_is_logged_without_the_address(caplog):
    def send(address: str) -> None:
        raise OSError(f"no route to {address}")

    later.do(send, "ann@example.org")
    assert "send is lost: OSError" in caplog.text
    assert "ann@" not in caplog.text


def test_too_much_at_once_is_lost_and_logged(really, caplog, monkeypatch):
    monkeypatch.setattr(later, "_room", threading.BoundedSemaphore(1))
    later._room.acquire()
    later.later(history.store_failure, "ann@example.org", None, "")
    assert "too much is waiting" in caplog.text and "ann@" not in caplog.text


@pytest.mark.django_db(transaction=True)
def test_it_reaches_the_database(really):
    found = threading.Event()

    def look() -> None:
        User.objects.count()
        found.set()

    later.later(look)
    assert found.wait(20)


def test_a_public_site_without_mail_prints_no_links_in_its_log(settings, mailoutbox):
    settings.SITE_IS_PUBLIC, settings.MAIL_IS_SET_UP = True, False
    mail.send("account/email/password_reset_key", "ann@example.org", {"link": "https://x.org"})
    assert not mailoutbox
