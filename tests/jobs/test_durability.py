"""A paid call leaves only where the mark before it survives a power cut."""

from __future__ import annotations

import pytest
from django.db import connection

from jobs import health
from jobs.engine import durability, submit
from jobs.states import Status
from tests.factories import JobFactory


@pytest.mark.django_db
def test_the_settings_of_the_installation_keep_commits():
    assert durability.commits_are_kept()


@pytest.mark.django_db(transaction=True)
@pytest.mark.skipif("connection.vendor != 'sqlite'")
def test_settings_that_something_else_has_changed_are_noticed():
    try:
        with connection.cursor() as cursor:
            cursor.execute("PRAGMA synchronous=NORMAL")
        assert not durability.commits_are_kept()
    finally:
        connection.close()


@pytest.mark.django_db
def test_nothing_is_paid_where_commits_do_not_wait_for_the_disk(monkeypatch, caplog, scripted):
    job = JobFactory()
    monkeypatch.setattr(durability, "commits_are_kept", lambda: False)
    assert not submit.submit(job.pk)
    assert "do not wait for its disk" in caplog.text
    job.refresh_from_db()
    assert (job.status, scripted.starts) == (Status.QUEUED, 0)
    assert any("do not wait for its disk" in text for text in health.check().problems)
