"""What people were refused is in the security log, and nothing of what it was about."""

from __future__ import annotations

import logging

import pytest
from django.urls import reverse

from accounts.deletion import delete_account_row
from tests.factories import UserModelFactory

WORD = "quetzalcoatl"


@pytest.fixture
def written(caplog):
    caplog.set_level(logging.INFO, "theway.security")
    return lambda start: [line for line in caplog.messages if line.startswith(start)]


def address_of(model) -> str:
    return reverse("dashboard:model", args=[model.pk])


def test_who_asks_for_what_is_somebody_elses_is_named_without_its_words(
    owner, owner_client, stranger, stranger_client, written
):
    model = UserModelFactory(owner=owner, name=WORD, ready=True)
    assert owner_client.get(address_of(model)).status_code == 200
    assert written("nothing there") == []
    assert stranger_client.get(address_of(model)).status_code == 404
    (line,) = written("nothing there")
    assert f"account={stranger.pk} from=127.0.0.1 at=dashboard:model id={model.pk}" in line
    assert WORD not in line and stranger.email not in line


def test_a_program_that_asks_is_named_too(owner, stranger, stranger_client, written):
    model = UserModelFactory(owner=owner)
    assert stranger_client.get(reverse("api:get_model", args=[model.pk])).status_code == 404
    assert f"account={stranger.pk} " in written("nothing there")[0]


def test_an_address_that_never_was_and_a_visitor_write_nothing(
    owner, stranger_client, anonymous_client, written
):
    stranger_client.get(f"/{WORD}/")
    stranger_client.get(reverse("account_change_address_link", args=[WORD]))
    anonymous_client.get(address_of(UserModelFactory(owner=owner)))
    assert written("nothing there") == []


def test_a_reached_limit_is_written_once_in_a_while(owner, owner_client, settings, written):
    settings.LIMIT_REQUESTS_PER_MINUTE = 0
    for _ in range(3):
        assert owner_client.get(reverse("dashboard:home")).status_code == 429
    (line,) = written("limit reached")
    assert f"account={owner.pk} from=127.0.0.1" in line


def test_a_limit_that_a_page_explains_is_written_too(owner, owner_client, settings, written):
    settings.LIMIT_DRAFTS = 0
    data = {"name": WORD, "goal": "person", "description": WORD}
    owner_client.post(reverse("dashboard:new_model"), data)
    (line,) = written("limit reached")
    assert line == f"limit reached account={owner.pk} limit=LIMIT_DRAFTS"


def test_without_the_cache_it_is_written_each_time(owner_client, settings, written, monkeypatch):
    settings.LIMIT_REQUESTS_PER_MINUTE = 0
    monkeypatch.setattr("theway.refused_access.cache", None)
    for _ in range(2):
        owner_client.get(reverse("dashboard:home"))
    assert len(written("limit reached")) == 2


def test_a_deleted_account_is_named_by_its_number(owner, written):
    number, email = owner.pk, owner.email
    delete_account_row(owner)
    (line,) = written("account deleted")
    assert line == f"account deleted account={number}"
    assert email not in line
