"""`manage.py invite`: from a real process, and its refusals."""

from __future__ import annotations

import io
import os
import subprocess
import sys
from datetime import timedelta
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import Client

from accounts import errands, later
from accounts.models import Errand, Invitation
from tests.accounts.conftest import ORIGIN, links_in, public
from tests.factories import UserFactory
from theway.processes.installation import ROOT

__all__ = ["public"]  # a fixture
EMAIL = "ann@example.org"


def invite(**options) -> tuple[str, str]:
    """Run the command; return what it writes to standard output, and to the other."""
    out, err = io.StringIO(), io.StringIO()
    call_command("invite", stdout=out, stderr=err, no_color=True, **options)
    return out.getvalue(), err.getvalue()


@pytest.mark.django_db(transaction=True)
@pytest.mark.skipif("connection.vendor != 'sqlite'", reason="the process opens SQLite's own file")
def test_a_process_prints_a_link_that_works(tmp_path):
    environment = os.environ | {
        "DJANGO_SETTINGS_MODULE": "theway.settings",
        "THEWAY_DATA_DIR": str(tmp_path),
        "DATABASE_URL": f"sqlite:///{connection.settings_dict['NAME']}",
        "PUBLIC_URL": ORIGIN,
        "EMAIL_URL": "consolemail://",
        "TZ": "Pacific/Auckland",
    }
    done = subprocess.run(
        [sys.executable, "manage.py", "invite", "--email", EMAIL, "--days", "3", "--note", "x"],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    (link,) = done.stdout.splitlines()
    assert link.startswith(f"{ORIGIN}/accounts/invitation/")
    assert Client().get(urlsplit(link).path).status_code == 200
    invitation = Invitation.objects.get()
    assert (invitation.email, invitation.note, invitation.created_by) == (EMAIL, "x", None)
    assert invitation.expires_at - invitation.created_at == timedelta(days=3)
    there = invitation.expires_at.astimezone(ZoneInfo("Pacific/Auckland"))
    assert f"until {there:%Y-%m-%d %H:%M:%S %Z}." in done.stderr
    log = (tmp_path / "var" / "log" / "security.log").read_text()
    assert f"invitation made id={invitation.pk} by=terminal" in log
    assert link.split("/")[-2] not in log + done.stderr


@pytest.mark.django_db
def test_a_plain_invitation_is_for_a_week_and_for_anybody():
    out, err = invite()
    assert Client().get(urlsplit(out.strip()).path).status_code == 200
    assert "It works once, until" in err and "mailed" not in err
    invitation = Invitation.objects.get()
    assert invitation.email == ""
    assert invitation.expires_at - invitation.created_at == timedelta(days=7)


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"email": "no address"}, "--email: Enter a valid email"),
        ({"email": "TAKEN@example.org"}, "--email: There is an account"),
        ({"days": 0}, "--days: Ensure"),
        ({"note": "x" * 201}, "--note: Ensure"),
    ],
)
def test_what_cannot_be_is_refused_by_name(options, said):
    UserFactory(email="taken@example.org")
    with pytest.raises(CommandError, match=said):
        invite(**options)
    assert not Invitation.objects.exists()


@pytest.mark.django_db
def test_without_mail_a_public_site_wants_the_address(settings):
    settings.SITE_IS_PUBLIC = True
    with pytest.raises(CommandError, match="--email: Name the address"):
        invite()
    assert invite(email=EMAIL)[0]


@pytest.mark.django_db
def test_where_mail_is_set_up_the_link_is_mailed_too(public, mailoutbox):
    out, err = invite(email=EMAIL)
    (sent,) = mailoutbox
    assert sent.to == [EMAIL] and links_in(sent) == [urlsplit(out.strip()).path]
    assert f"mailed to {EMAIL}" in err
    invite()
    assert len(mailoutbox) == 1


@pytest.mark.django_db
def test_a_mail_server_that_fails_takes_nothing_from_the_link(public, monkeypatch):
    monkeypatch.setattr(later, "start", errands.keep)
    out, _err = invite(email=EMAIL)
    assert Errand.objects.get().email == EMAIL  # the worker tries again
    assert Client().get(urlsplit(out.strip()).path).status_code == 200
