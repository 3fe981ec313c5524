"""Pictures, batches and weights, over the API."""

from __future__ import annotations

import pytest

from generation.models import GeneratedImage
from jobs.models import JobQueue
from tests.api.conftest import problem, program_of
from tests.factories import GeneratedImageFactory, JobFactory, UserModelFactory


@pytest.fixture
def ready(owner):
    return UserModelFactory(owner=owner, ready=True)


@pytest.fixture
def picture(ready):
    job = JobFactory(model=ready, kind="generation", succeeded=True, payload={"prompt": "at sea"})
    return GeneratedImageFactory(model=ready, owner=ready.owner, job=job)


def test_pictures_are_asked_for_as_a_batch(ready, program, trainer):
    wishes = {"prompt": "in the snow", "ratio": "3:2", "count": 2, "seed": 7}
    answer = program.post(f"/api/models/{ready.pk}/pictures", wishes)
    told = answer.json()
    assert answer.status_code == 202, told
    assert (told["count"], told["pictures"], told["job"]["kind"]) == (2, [], "generation")
    assert told["prompt"].startswith(ready.trigger_word)
    assert JobQueue.objects.get().payload["seed"] == 7


@pytest.mark.parametrize(
    ("wishes", "field"),
    [
        ({}, "prompt"),
        ({"prompt": " "}, "prompt"),
        ({"prompt": "x" * 1001}, "prompt"),
        ({"prompt": "x", "ratio": "7:1"}, "ratio"),
        ({"prompt": "x", "count": 9}, "count"),
        ({"prompt": "x", "seed": -1}, "seed"),
        ({"prompt": "x", "strength": 9}, "strength"),
        ({"prompt": "x", "provider": "nobody"}, "provider"),
    ],
)
def test_wrong_wishes_are_named_and_ask_for_nothing(wishes, field, ready, program):
    found = problem(program.post(f"/api/models/{ready.pk}/pictures", wishes), 422, "invalid")
    assert [one["field"] for one in found["errors"]] == [field]
    assert not JobQueue.objects.exists()


def test_a_model_that_is_not_trained_draws_nothing(owner, program):
    draft = UserModelFactory(owner=owner)
    wishes = {"prompt": "x"}
    problem(program.post(f"/api/models/{draft.pk}/pictures", wishes), 409, "not_possible")
    assert program.get(f"/api/models/{draft.pk}/generators").json() == []
    problem(program.get(f"/api/models/{draft.pk}/weights"), 404, "not_found")


def test_a_batch_has_the_pictures_that_there_are(picture, program):
    told = program.get(f"/api/batches/{picture.job_id}").json()
    assert (told["prompt"], [one["id"] for one in told["pictures"]]) == (
        "at sea",
        [str(picture.pk)],
    )
    [listed] = program.get("/api/batches").json()["items"]
    assert listed == told


def test_a_training_is_no_batch(owner, ready, program):
    job = JobFactory(model=ready, succeeded=True)
    problem(program.get(f"/api/batches/{job.pk}"), 404, "not_found")


@pytest.mark.parametrize("count", [1, 20])
def test_lists_cost_the_same_with_one_batch_and_with_twenty(
    count, ready, program, django_assert_num_queries
):
    for _ in range(count):
        job = JobFactory(model=ready, kind="generation", succeeded=True)
        GeneratedImageFactory(model=ready, owner=ready.owner, job=job)
    program.get("/api/me")
    with django_assert_num_queries(3):  # token with person, jobs, pictures
        program.get("/api/batches")
    with django_assert_num_queries(2):
        program.get("/api/pictures")


def test_pictures_are_listed_of_one_model_or_of_all(owner, picture, program):
    other = GeneratedImageFactory(model=UserModelFactory(owner=owner, ready=True), owner=owner)
    assert len(program.get("/api/pictures").json()["items"]) == 2
    path = f"/api/pictures?model_id={other.model_id}"
    assert [one["id"] for one in program.get(path).json()["items"]] == [str(other.pk)]


def test_a_picture_is_fetched_and_deleted(picture, program):
    told = program.get(f"/api/pictures/{picture.pk}").json()
    assert program.get(told["url"]).whole[:2] == b"\xff\xd8"
    assert program.delete(f"/api/pictures/{picture.pk}").status_code == 204
    assert not GeneratedImage.objects.exists()


def test_weights_come_under_the_models_name(ready, program):
    answer = program.get(f"/api/models/{ready.pk}/weights")
    assert answer.status_code == 200
    assert 'filename="ann.safetensors"' in answer["Content-Disposition"]


def test_pictures_are_nobody_elses(picture, ready, strange_program, nobody, owner):
    paths = [
        f"/api/pictures/{picture.pk}",
        f"/api/pictures/{picture.pk}/file",
        f"/api/batches/{picture.job_id}",
        f"/api/models/{ready.pk}/weights",
        f"/api/models/{ready.pk}/generators",
    ]
    for path in paths:
        problem(strange_program.get(path), 404, "not_found")
        problem(nobody.get(path), 401, "unauthorized")
    wishes = {"prompt": "x"}
    path = f"/api/models/{ready.pk}/pictures"
    problem(strange_program.post(path, wishes), 404, "not_found")
    problem(program_of(owner, "write").post(path, wishes), 403, "scope_missing")
    assert strange_program.get("/api/pictures").json()["items"] == []
