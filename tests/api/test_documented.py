"""The calls that were documented first, in their documented shapes."""

from __future__ import annotations

import io
import zipfile
from uuid import uuid4

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from jobs.models import JobQueue
from models_app.models import TrainingImage, UserModel
from tests.api.conftest import problem, program_of
from tests.factories import TrainingImageFactory, UserModelFactory, jpeg

COLOURS = ("teal", "red", "blue", "green", "black")


def photo(colour: str, name: str = "") -> SimpleUploadedFile:
    return SimpleUploadedFile(name or f"{colour}.jpg", jpeg(colour=colour), "image/jpeg")


def send(program, model_id, *files, **headers):
    body = {"images": list(files), **({"userModelId": str(model_id)} if model_id else {})}
    return program.post("/api/models/training-images", body, **headers)


@pytest.fixture
def made(program):
    return program.post("/api/models/create", {"name": "Mug", "skipTraining": True}).json()


def test_with_skip_training_only_the_record_is_made(owner, program):
    answer = program.post(
        "/api/models/create",
        {
            "name": "Mug",
            "description": "Mine",
            "triggerWord": "mug_tok",
            "baseModel": "black-forest-labs/FLUX.1-dev",
            "skipTraining": True,
        },
    )
    told = answer.json()
    assert answer.status_code == 201
    assert (told["name"], told["triggerWord"], told["training"]) == ("Mug", "mug_tok", None)
    model = UserModel.objects.get(pk=told["id"])
    assert (model.owner, model.description) == (owner, "Mine")
    assert not JobQueue.objects.exists()


def test_a_trigger_word_is_invented_where_none_is_sent(made):
    assert made["triggerWord"].startswith("mug")


def test_photos_are_taken_one_by_one_and_a_bad_one_stops_no_other(program, made):
    told = send(
        program, made["id"], photo("teal"), SimpleUploadedFile("x.txt.jpg", b"no"), photo("teal")
    ).json()
    assert (told["modelId"], told["stored"]) == (made["id"], 1)
    first, bad, twin = told["images"]
    assert (first["filename"], first["status"], first["code"]) == ("teal.jpg", "stored", "")
    stored = TrainingImage.objects.get()
    assert (first["id"], first["size"]) == (str(stored.pk), stored.size)
    assert program.get(first["url"]).status_code == 200
    assert (bad["status"], bad["id"]) == ("refused", None)
    assert bad["detail"]
    assert (twin["status"], twin["code"], twin["id"]) == ("refused", "duplicate", first["id"])


def test_a_zip_among_the_files_gives_its_photos_and_captions(program, made):
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as file:
        file.writestr("a.jpg", jpeg(colour="red"))
        file.writestr("a.txt", "mug on a table")
    told = send(program, made["id"], SimpleUploadedFile("set.zip", archive.getvalue())).json()
    assert [one["filename"] for one in told["images"]] == ["a.jpg"]
    assert TrainingImage.objects.get().caption == "mug on a table"


def test_nobody_sends_photos_to_anothers_model(strange_program, made, nobody):
    problem(send(strange_program, made["id"], photo("teal")), 404, "not_found")
    problem(send(nobody, made["id"], photo("teal")), 401, "unauthorized")
    assert not TrainingImage.objects.exists()


def test_the_older_form_sends_photos_first_and_names_them(owner, program, trainer):
    told = send(program, None, *(photo(colour) for colour in COLOURS)).json()
    ids = [one["id"] for one in told["images"]]
    answer = program.post("/api/models/create", {"name": "Mug", "imageIds": ids})
    model = answer.json()
    assert answer.status_code == 201
    assert model["photoCount"] == 5
    assert model["training"]["status"] == "queued"
    assert JobQueue.objects.get().model_id == UserModel.objects.get(name="Mug").pk


def test_photos_of_others_are_not_copied(owner, stranger, program):
    theirs = TrainingImageFactory(model=UserModelFactory(owner=stranger))
    body = {"name": "Mug", "imageIds": [str(theirs.pk)], "skipTraining": True}
    found = problem(program.post("/api/models/create", body), 404, "not_found")
    assert found["errors"][0]["field"] == "imageIds.0"
    assert not UserModel.objects.filter(owner=owner).exists()


def test_without_photos_a_start_is_refused_and_the_model_stays_to_be_completed(owner, program):
    problem(program.post("/api/models/create", {"name": "Mug"}), 409, "not_startable")
    assert not JobQueue.objects.exists()


def test_starting_uses_the_models_own_photos_whatever_addresses_are_sent(program, made, trainer):
    send(program, made["id"], *(photo(colour) for colour in COLOURS))
    body = {
        "modelId": made["id"],
        "trainingImages": ["https://example.org/evil.jpg", {"url": "file:///etc/passwd"}],
        "trainingParams": {"steps": 200, "learningRate": 0.0001, "rank": 8},
    }
    job = program.post("/api/models/start-training", body).json()
    assert (job["status"], job["modelId"]) == ("queued", made["id"])
    row = JobQueue.objects.get()
    assert row.payload["options"]["fixed_steps"] == 200
    assert "example.org" not in str(row.payload)


def test_repeating_a_start_returns_the_same_job_with_other_words_too(program, made, trainer):
    send(program, made["id"], *(photo(colour) for colour in COLOURS))
    first = program.post("/api/models/start-training", {"modelId": made["id"]}).json()
    again = program.post(
        "/api/models/start-training", {"modelId": made["id"], "trainingParams": {"steps": 9}}
    ).json()
    keyed = [
        program.post(
            "/api/models/start-training", {"modelId": made["id"]}, Idempotency_Key="one"
        ).json()
        for _ in range(2)
    ]
    assert {one["id"] for one in (again, *keyed)} == {first["id"]}
    assert JobQueue.objects.count() == 1


def test_a_strangers_model_is_not_started(strange_program, made):
    body = {"modelId": made["id"]}
    problem(strange_program.post("/api/models/start-training", body), 404, "not_found")
    body = {"modelId": str(uuid4())}
    problem(strange_program.post("/api/models/start-training", body), 404, "not_found")


def test_wrong_parameters_start_nothing(program, made):
    body = {"modelId": made["id"], "trainingParams": {"steps": -1, "magic": 1}}
    found = problem(program.post("/api/models/start-training", body), 422, "invalid")
    assert {one["field"] for one in found["errors"]} == {
        "trainingParams.steps",
        "trainingParams.magic",
    }


def test_a_token_that_may_only_write_sends_photos(owner, made):
    assert send(program_of(owner, "write"), made["id"], photo("teal")).json()["stored"] == 1
    problem(send(program_of(owner, "read"), made["id"], photo("red")), 403, "scope_missing")
