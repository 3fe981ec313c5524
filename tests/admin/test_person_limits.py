"""What an operator allows one person, with what they have used beside it."""

from __future__ import annotations

import logging

import pytest
from django.forms.models import model_to_dict
from django.urls import reverse
from django.utils import timezone

from accounts.allowances import Limit
from jobs.models import JobQueue
from tests.factories import JobFactory, TrainingImageFactory, UserModelFactory

pytestmark = pytest.mark.django_db


def page_of(person) -> str:
    return reverse("admin:accounts_user_change", args=[person.pk])


def fields(person, **changes) -> dict:
    names = {"email", "is_active", *(limit.column for limit in Limit)}
    stored = model_to_dict(person, fields=names)
    return {name: "" if value is None else value for name, value in (stored | changes).items()}


def test_an_operator_sees_what_is_used(operator_client, owner, settings):
    settings.LIMIT_DRAFTS = 20
    UserModelFactory(owner=owner)
    page = operator_client.get(page_of(owner)).text
    assert "Drafts: 1 / 20" in page
    settings.LIMIT_DRAFTS = None
    assert "No limits" in operator_client.get(page_of(owner)).text


def test_an_operator_sets_a_persons_own_limits_and_it_is_logged(operator_client, owner, caplog):
    caplog.set_level(logging.INFO, "theway.security")
    changes = {"limit_drafts": 3, "limit_trainings_per_day": 0}
    assert operator_client.post(page_of(owner), fields(owner, **changes)).status_code == 302
    owner.refresh_from_db()
    assert (owner.limit_drafts, owner.limit_trainings_per_day, owner.limit_streams) == (3, 0, None)
    line = next(one for one in caplog.messages if one.startswith("limits changed"))
    assert f"account={owner.pk} by={operator_client.session['_auth_user_id']} " in line
    assert line.endswith("limit_drafts=3 limit_trainings_per_day=0")
    assert owner.email not in line


def test_a_limit_is_taken_back_and_other_changes_are_not_logged(operator_client, owner, caplog):
    owner.limit_drafts = 3
    owner.save()
    caplog.set_level(logging.INFO, "theway.security")
    operator_client.post(page_of(owner), fields(owner, limit_drafts=""))
    owner.refresh_from_db()
    assert owner.limit_drafts is None
    assert "limit_drafts=None" in caplog.text
    caplog.clear()
    operator_client.post(page_of(owner), fields(owner, email="other@example.org"))
    assert "limits changed" not in caplog.text


def test_nobody_raises_their_own_limits(owner, owner_client, anonymous_client):
    for client in (owner_client, anonymous_client):
        assert client.post(page_of(owner), fields(owner, limit_drafts=99)).status_code == 302
    owner.refresh_from_db()
    assert owner.limit_drafts is None


def test_trying_again_for_a_person_keeps_to_their_limit(operator_client, owner, settings):
    settings.LIMIT_TRAININGS_PER_DAY = 1
    model = UserModelFactory(owner=owner, failed=True)
    TrainingImageFactory.create_batch(4, model=model)
    job = JobFactory(failed=True, sent_at=timezone.now(), model=model)
    chosen = {"action": "try_again", "_selected_action": [str(job.pk)]}
    reply = operator_client.post("/admin/jobs/jobqueue/", chosen, follow=True)
    assert "1 training in 24 hours" in reply.text
    assert JobQueue.objects.count() == 1
