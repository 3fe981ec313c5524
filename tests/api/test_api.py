from __future__ import annotations

import pytest

from models_app.limits import LIMITS
from tests.factories import JobFactory, TrainingImageFactory, UserModelFactory


@pytest.fixture
def job(owner):
    model = UserModelFactory(owner=owner, training=True)
    TrainingImageFactory.create_batch(2, model=model)
    return JobFactory(model=model, running=True, progress=0.5, engine="simulated")


def addresses(job) -> list[str]:
    return [
        "/api/limits",
        "/api/models",
        f"/api/models/{job.model_id}",
        f"/api/jobs/{job.pk}",
    ]


def test_a_program_that_is_not_signed_in_gets_401_as_json(job, anonymous_client):
    for address in addresses(job):
        response = anonymous_client.get(address)
        assert response.status_code == 401
        assert response.json() == {"detail": "Unauthorized"}


def test_for_a_stranger_there_is_no_such_thing(job, stranger_client):
    for address in addresses(job)[2:]:
        assert stranger_client.get(address).status_code == 404
    assert stranger_client.get("/api/models").json() == {"models": [], "next": ""}


def test_the_limits_are_those_of_the_pages(owner_client):
    limits = owner_client.get("/api/limits").json()
    assert limits["max_bytes"] == LIMITS.max_bytes
    assert limits["formats"] == list(LIMITS.formats)


def test_models_are_listed_with_what_they_are(job, owner_client):
    [model] = owner_client.get("/api/models").json()["models"]
    assert model["id"] == str(job.model_id)
    assert model["status"] == "training"
    assert model["photo_count"] == 2
    assert "answers" not in model


def test_a_model_comes_with_its_newest_training(job, owner_client):
    model = owner_client.get(f"/api/models/{job.model_id}").json()
    assert model["options"]["epochs"] == 100
    assert model["job"]["id"] == str(job.pk)


def test_a_job_explains_its_state_and_that_it_is_simulated(job, owner_client):
    answer = owner_client.get(f"/api/jobs/{job.pk}").json()
    assert answer["progress"] == 0.5
    assert answer["title"] == "Running"
    assert answer["is_simulated"] is True
    assert "run_id" not in answer


def test_the_list_is_paged_and_shows_nothing_twice(owner, owner_client):
    UserModelFactory.create_batch(103, owner=owner)
    first = owner_client.get("/api/models").json()
    second = owner_client.get("/api/models", {"before": first["next"]}).json()
    shown = [model["id"] for page in (first, second) for model in page["models"]]
    assert len(shown) == len(set(shown)) == 103
    assert second["next"] == ""


@pytest.mark.parametrize("count", [1, 30])
def test_the_list_costs_the_same_with_one_model_and_with_thirty(
    count, owner, owner_client, django_assert_num_queries
):
    for model in UserModelFactory.create_batch(count, owner=owner):
        TrainingImageFactory(model=model)
    with django_assert_num_queries(3):  # session, user, models
        owner_client.get("/api/models")


def test_invalid_requests_are_refused_with_a_reason(owner_client):
    assert owner_client.get("/api/models", {"before": "x"}).status_code == 422
    assert owner_client.get("/api/models/x").status_code == 404


def test_the_documentation_is_for_staff(owner_client, operator_client, anonymous_client):
    for address in ("/api/docs", "/api/openapi.json"):
        assert operator_client.get(address).status_code == 200
        assert owner_client.get(address).status_code == 302
        assert anonymous_client.get(address).status_code == 302


def test_what_may_be_used_is_told_to_its_person_alone(
    owner, owner_client, stranger_client, anonymous_client, settings
):
    settings.LIMIT_DRAFTS, settings.LIMIT_STORAGE_MB = 5, 100
    TrainingImageFactory(model=UserModelFactory(owner=owner), size=2**20 + 1)
    assert owner_client.get("/api/usage").json() == [
        {"limit": "storage_mb", "allowed": 100, "used": 2},
        {"limit": "drafts", "allowed": 5, "used": 1},
    ]
    assert [one["used"] for one in stranger_client.get("/api/usage").json()] == [0, 0]
    assert anonymous_client.get("/api/usage").status_code == 401
