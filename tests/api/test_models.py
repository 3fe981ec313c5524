"""Reading, changing, starting and deleting models."""

from __future__ import annotations

import pytest

from jobs.models import JobQueue
from models_app.models import UserModel
from tests.api.conftest import problem
from tests.factories import JobFactory, TrainingImageFactory, UserModelFactory


@pytest.fixture
def draft(owner):
    return UserModelFactory(owner=owner)


@pytest.fixture
def startable(owner, draft, trainer):
    TrainingImageFactory.create_batch(4, model=draft)
    return draft


def test_models_are_listed_newest_first_and_none_twice(owner, program):
    UserModelFactory.create_batch(7, owner=owner)
    seen, cursor = [], ""
    while cursor is not None:
        page = program.get(f"/api/models?limit=3&cursor={cursor}").json()
        seen += [one["id"] for one in page["items"]]
        cursor = page["nextCursor"]
    newest = UserModel.objects.order_by("-created_at", "-pk").values_list("pk", flat=True)
    assert seen == [str(pk) for pk in newest]


@pytest.mark.parametrize("count", [1, 30])
def test_the_list_costs_the_same_with_one_model_and_with_thirty(
    count, owner, program, django_assert_num_queries
):
    for model in UserModelFactory.create_batch(count, owner=owner):
        TrainingImageFactory(model=model)
    program.get("/api/me")  # notes the use of the token
    with django_assert_num_queries(2):  # token with person, models
        program.get("/api/models")


def test_a_model_is_told_with_its_newest_training(owner, program):
    model = UserModelFactory(owner=owner, training=True)
    JobFactory(model=model, failed=True)
    job = JobFactory(model=model, running=True, progress=0.5, engine="simulated")
    told = program.get(f"/api/models/{model.pk}").json()
    assert told["training"]["id"] == str(job.pk)
    assert told["training"]["isSimulated"] is True
    assert told["options"]["learningRate"] == 0.0002
    assert told["createdAt"].endswith("Z")
    assert not {"answers", "remoteRef", "runId", "owner"} & {*told, *told["training"]}


def test_what_is_sent_changes_and_the_rest_stays(draft, program):
    told = program.patch(
        f"/api/models/{draft.pk}", {"description": "Mine", "options": {"epochs": 40}}
    ).json()
    assert (told["name"], told["description"], told["options"]["epochs"]) == ("Ann", "Mine", 40)
    draft.refresh_from_db()
    assert draft.options["epochs"] == 40


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"name": ""}, "name"),
        ({"name": "x" * 61}, "name"),
        ({"triggerWord": "Dog!"}, "triggerWord"),
        ({"kind": "cat"}, "kind"),
        ({"options": {"epochs": 0}}, "options.epochs"),
        ({"options": {"epochs": "many"}}, "options.epochs"),
        ({"options": {"resolution": 700}}, "options.resolution"),
        ({"options": {"epoch": 5}}, "options.epoch"),
        ({"baseModel": "nobody/knows"}, "baseModel"),
        ({"nam": "Bea"}, "nam"),
        ({"name": None}, "name"),
    ],
)
def test_a_wrong_value_is_named_and_changes_nothing(body, field, draft, program):
    response = program.patch(f"/api/models/{draft.pk}", {"description": "New", **body})
    found = problem(response, 422, "invalid")
    assert [one["field"] for one in found["errors"]] == [field]
    draft.refresh_from_db()
    assert (draft.name, draft.description) == ("Ann", "")


@pytest.mark.parametrize("word", ["dog", "taken_tok"])
def test_a_word_that_means_something_or_is_taken_is_refused(word, owner, draft, program):
    UserModelFactory(owner=owner, trigger_word="taken_tok")
    body = {"name": "Bea", "triggerWord": word}
    problem(program.patch(f"/api/models/{draft.pk}", body), 409, "trigger_word_refused")
    draft.refresh_from_db()
    assert draft.name == "Ann"


def test_a_model_in_training_is_not_changed(owner, program):
    model = UserModelFactory(owner=owner, training=True)
    problem(program.patch(f"/api/models/{model.pk}", {"name": "Bea"}), 409, "not_editable")


def test_a_read_that_nothing_has_changed_costs_no_body(draft, program):
    path = f"/api/models/{draft.pk}"
    etag = program.get(path)["ETag"]
    again = program.get(path, If_None_Match=etag)
    assert (again.status_code, again.content) == (304, b"")
    program.patch(path, {"name": "Bea"})
    assert program.get(path, If_None_Match=etag).status_code == 200


def test_a_write_that_has_seen_an_older_state_is_refused(draft, program):
    path = f"/api/models/{draft.pk}"
    old = program.get(path)["ETag"]
    new = program.patch(path, {"name": "Bea"}, If_Match=old)["ETag"]
    problem(program.patch(path, {"name": "Cleo"}, If_Match=old), 412, "precondition_failed")
    problem(program.delete(path, If_Match=old), 412, "precondition_failed")
    assert program.patch(path, {"name": "Cleo"}, If_Match=new).status_code == 200
    assert program.delete(path, If_Match="*").status_code == 204


@pytest.mark.parametrize("changed", ["W/{}", '"{}-gzip"', 'W/"{};gzip"', '"other", {}'])
def test_an_etag_that_a_compressing_proxy_has_changed_still_counts(changed, draft, program):
    path = f"/api/models/{draft.pk}"
    etag = program.get(path)["ETag"]
    sent = changed.format(etag.strip('"')) if "gzip" in changed else changed.format(etag)
    assert program.patch(path, {"name": "Bea"}, If_Match=sent).status_code == 200


def test_a_deleted_model_is_gone_and_one_with_a_job_stays(owner, draft, program):
    assert program.delete(f"/api/models/{draft.pk}").status_code == 204
    problem(program.get(f"/api/models/{draft.pk}"), 404, "not_found")
    busy = UserModelFactory(owner=owner, training=True)
    JobFactory(model=busy, running=True)
    problem(program.delete(f"/api/models/{busy.pk}"), 409, "not_possible")


def test_what_is_missing_is_said_before_and_at_the_start(draft, program):
    told = program.get(f"/api/models/{draft.pk}/estimate").json()
    assert told["isStartable"] is False
    assert "photos" in [one["step"] for one in told["missing"]]
    found = problem(program.post(f"/api/models/{draft.pk}/start"), 409, "not_startable")
    assert "missing_photos" in [one["code"] for one in found["errors"]]
    assert not JobQueue.objects.exists()


def test_starting_again_and_again_is_one_training(startable, program):
    first = program.post(f"/api/models/{startable.pk}/start").json()
    again = program.post(f"/api/models/{startable.pk}/start").json()
    assert first["id"] == again["id"]
    assert JobQueue.objects.count() == 1


def test_a_failed_training_is_not_paid_again_by_starting(owner, program, trainer):
    model = UserModelFactory(owner=owner, failed=True)
    TrainingImageFactory.create_batch(4, model=model)
    job = JobFactory(model=model, failed=True)
    assert program.post(f"/api/models/{model.pk}/start").json()["id"] == str(job.pk)
    assert JobQueue.objects.count() == 1
