"""Many calls at once: one training, whatever they carry."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connections

from jobs.models import JobQueue
from models_app.models import UserModel
from tests.api.conftest import Program
from tests.api.test_models import TrainingImageFactory, UserModelFactory
from tests.factories import UserFactory

CALLS = 12


@pytest.fixture
def startable(transactional_db, trainer):
    model = UserModelFactory(owner=UserFactory())
    TrainingImageFactory.create_batch(4, model=model)
    return model


def at_once(token: str, path: str, body: dict, **headers: str) -> list[tuple[int, dict]]:
    """Send the same call from many threads."""

    def send(_number: int) -> tuple[int, dict]:
        try:
            answer = Program(token).post(path, body, **headers)
            return answer.status_code, answer.json()
        finally:
            connections.close_all()

    with ThreadPoolExecutor(CALLS) as threads:
        return list(threads.map(send, range(CALLS)))


def token_of(user) -> str:
    from accounts import tokens

    return tokens.make(user, name="hammer", scope="spend", expires_in=None)[1]


@pytest.mark.parametrize("headers", [{}, {"Idempotency_Key": "one"}])
def test_start_training_is_one_training_and_one_answer(headers, startable):
    path, body = "/api/models/start-training", {"modelId": str(startable.pk)}
    answers = at_once(token_of(startable.owner), path, body, **headers)
    ids = {body["id"] for status, body in answers if status == 200}
    assert len(ids) == 1
    # With a key some are told that the same call is under way.
    assert {status for status, _body in answers} <= ({200, 409} if headers else {200})
    assert JobQueue.objects.count() == 1


def test_a_key_makes_one_model(startable):
    body = {"name": "Cup", "skipTraining": True}
    answers = at_once(token_of(startable.owner), "/api/models/create", body, Idempotency_Key="k")
    assert {status for status, _body in answers} <= {201, 409}
    assert UserModel.objects.filter(name="Cup").count() == 1
