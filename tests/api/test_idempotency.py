"""One key, one request, one answer; whoever is killed in between."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from api import idempotency
from api.models import IdempotentCall
from jobs.models import JobQueue
from models_app.models import UserModel
from tests.api.conftest import problem
from tests.factories import UserModelFactory

CREATE = "/api/models/create"
BODY = {"name": "Mug", "skipTraining": True}


def test_the_same_request_again_gets_the_same_answer_and_makes_nothing(program):
    first = program.post(CREATE, BODY, Idempotency_Key="k-1")
    again = program.post(CREATE, BODY, Idempotency_Key="k-1")
    assert (again.status_code, again.json()) == (first.status_code, first.json())
    assert again["Idempotent-Replayed"] == "true"
    assert UserModel.objects.count() == 1


def test_without_a_key_each_call_is_a_new_one(program):
    first, second = (program.post(CREATE, BODY).json()["id"] for _ in range(2))
    assert first != second


def test_another_request_with_the_same_key_is_refused(program):
    program.post(CREATE, BODY, Idempotency_Key="k-1")
    other = program.post(CREATE, {**BODY, "name": "Cup"}, Idempotency_Key="k-1")
    problem(other, 409, "idempotency_key_reused")


def test_a_key_is_its_persons_alone(program, strange_program):
    mine = program.post(CREATE, BODY, Idempotency_Key="k-1").json()["id"]
    theirs = strange_program.post(CREATE, BODY, Idempotency_Key="k-1").json()["id"]
    assert mine != theirs


def test_while_it_is_under_way_the_same_request_is_told_to_wait(owner, program):
    program.post(CREATE, BODY, Idempotency_Key="k-1")
    IdempotentCall.objects.update(status=None, answer=None)
    waiting = program.post(CREATE, BODY, Idempotency_Key="k-1")
    problem(waiting, 409, "request_in_progress")
    assert waiting["Retry-After"]


def test_what_a_killed_process_left_is_found_instead_of_made_again(program):
    first = program.post(CREATE, BODY, Idempotency_Key="k-1").json()["id"]
    IdempotentCall.objects.update(status=None, answer=None, lease_until=timezone.now())
    again = program.post(CREATE, BODY, Idempotency_Key="k-1")
    assert again.json()["id"] == first
    assert UserModel.objects.count() == 1


def test_a_refused_request_may_be_sent_again_once_it_is_mended(program):
    wrong = {**BODY, "triggerWord": "dog"}
    problem(program.post(CREATE, wrong, Idempotency_Key="k-1"), 409, "trigger_word_refused")
    assert not UserModel.objects.exists()
    assert program.post(CREATE, BODY, Idempotency_Key="k-1").status_code == 201


@pytest.mark.parametrize("key", ["", " ", "x" * 256, "é", "\x7f"])
def test_what_is_no_key_is_refused(key, program):
    problem(program.post(CREATE, BODY, Idempotency_Key=key), 422, "invalid")
    assert not UserModel.objects.exists()


def test_pictures_are_asked_for_once_for_a_key(owner, program, scripted_pictures):
    path = f"/api/models/{scripted_pictures.pk}/pictures"
    batches = [program.post(path, {"prompt": "at sea"}, Idempotency_Key="k").json() for _ in "ab"]
    IdempotentCall.objects.update(status=None, answer=None, lease_until=timezone.now())
    batches.append(program.post(path, {"prompt": "at sea"}, Idempotency_Key="k").json())
    assert len({one["job"]["id"] for one in batches}) == 1
    assert JobQueue.objects.count() == 1


def test_keys_are_forgotten_after_a_day_and_make_something_new_then(program):
    old = program.post(CREATE, BODY, Idempotency_Key="k-1").json()["id"]
    assert idempotency.prune() == 0
    IdempotentCall.objects.update(created_at=timezone.now() - timedelta(days=2))
    assert idempotency.prune() == 1
    new = program.post(CREATE, {**BODY, "name": "Cup"}, Idempotency_Key="k-1").json()
    assert (new["name"], new["id"] == old) == ("Cup", False)


def test_a_refused_call_with_an_old_key_deletes_nothing_of_before(program):
    old = program.post(CREATE, BODY, Idempotency_Key="k-1").json()["id"]
    IdempotentCall.objects.all().delete()
    fetch = {"name": "Cup", "zipUrl": "https://10.0.0.1/a.zip"}
    refused = program.post("/api/train-model", fetch, Idempotency_Key="k-1")
    problem(refused, 409, "address_refused")
    assert [str(one.pk) for one in UserModel.objects.all()] == [old]


@pytest.fixture
def scripted_pictures(owner, trainer):
    return UserModelFactory(owner=owner, ready=True)
