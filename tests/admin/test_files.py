"""What the operator sees of stored files and rows that do not fit together."""

from __future__ import annotations

from datetime import timedelta

import pytest
from bs4 import BeautifulSoup
from django.contrib.auth.models import Permission
from django.utils import timezone

from accounts.models import User
from models_app.models import FileComparison
from tests.conftest import client_of
from tests.factories import UserFactory

pytestmark = pytest.mark.django_db
PAGE = "/admin/models_app/files/"


def words(response) -> str:
    return " ".join(BeautifulSoup(response.text, "html.parser").get_text(" ").split())


def troubles(response) -> str:
    soup = BeautifulSoup(response.text, "html.parser")
    return " ".join(one.get_text(" ") for one in soup.select("[data-trouble]"))


def compared(hours: float, **columns) -> None:
    at = timezone.now() - timedelta(hours=hours)
    FileComparison.objects.create(**{"began_at": at, "ended_at": at} | columns)


def test_owners_and_visitors_see_nothing(owner_client, stranger_client, anonymous_client):
    compared(1, lost=3)
    for client in (owner_client, stranger_client, anonymous_client):
        assert client.get(PAGE).status_code in {302, 403}


def test_staff_see_it_who_may_see_comparisons(operator_client):
    helper = UserFactory(is_staff=True)
    assert client_of(helper).get(PAGE).status_code == 403
    helper.user_permissions.add(Permission.objects.get(codename="view_filecomparison"))
    assert client_of(User.objects.get(pk=helper.pk)).get(PAGE).status_code == 200
    assert operator_client.get(PAGE).status_code == 200
    assert operator_client.post(PAGE).status_code == 405


def test_nothing_is_known_before_the_first_comparison(operator_client):
    page = operator_client.get(PAGE)
    text = words(page)
    assert "Never compared until now" in text and "files without a row (" not in text
    assert not FileComparison.objects.exists()


def test_a_comparison_without_differences_is_said_with_its_time(operator_client):
    compared(6)
    page = operator_client.get(PAGE)
    text = words(page)
    assert "0 files without a row (0 bytes)" in text
    assert "0 rows without a file" in text and "Compared 6 h ago ." in text
    assert "manage.py orphans --delete" in text and troubles(page) == ""


def test_what_is_left_over_or_lost_is_named_by_kind(operator_client):
    details = {
        "leftover": {"kinds": {"photos": 1200, "other": 3}, "names": ["photos/1/2.jpg"]},
        "lost": {"kinds": {"weights": 1}, "names": ["weights/1/2.safetensors"]},
    }
    compared(1, leftover=1203, leftover_bytes=5_000_000, lost=1, unfinished=2, details=details)
    page = operator_client.get(PAGE)
    text = words(page)
    assert "1,203 files without a row (4.8 MB)" in text
    assert "1,200 Photos" in text and "3 Other files" in text and "1 Weights" in text
    assert "photos/1/2.jpg" in text and "weights/1/2.safetensors" in text
    assert "uploads that were cut off" in troubles(page)
    front = operator_client.get("/admin/")
    assert "1 Rows without a file" in words(front)
    assert "Rows without a file" in troubles(front)


def test_a_silent_storage_is_said_beside_what_was_known(operator_client):
    compared(25, leftover=2, failed_at=timezone.now(), failure="The file storage cannot be used: X")
    text = troubles(operator_client.get(PAGE))
    assert "The last try failed" in text and "cannot be used: X" in text
    assert "The numbers are of the one before." in text


def test_one_that_is_under_way_or_was_killed_is_said(operator_client):
    compared(25)
    FileComparison.objects.update(began_at=timezone.now() - timedelta(minutes=5))
    assert "One began 5 min ago and has not ended." in words(operator_client.get(PAGE))


def test_one_that_is_overdue_asks_for_worker_and_beat(operator_client):
    compared(50)
    assert "Are worker and beat running?" in troubles(operator_client.get(PAGE))
