"""A name and a ZIP, and the training starts."""

from __future__ import annotations

import io
import zipfile

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from jobs.models import JobQueue
from models_app.models import ArchiveFetch, UserModel
from tests.api.conftest import problem, program_of
from tests.factories import jpeg

PATH = "/api/train-model"
COLOURS = ("teal", "red", "blue", "green", "black")


def archive(*colours: str) -> SimpleUploadedFile:
    body = io.BytesIO()
    with zipfile.ZipFile(body, "w") as file:
        for colour in colours:
            file.writestr(f"{colour}.jpg", jpeg(colour=colour))
        file.writestr("notes.docx", b"no photo")
    return SimpleUploadedFile("set.zip", body.getvalue(), "application/zip")


def test_an_uploaded_zip_makes_a_model_invents_a_word_and_starts(owner, program, trainer):
    answer = program.post(PATH, {"name": "Mug", "zip": archive(*COLOURS)})
    told = answer.json()
    assert answer.status_code == 202, told
    assert (told["photoCount"], told["training"]["status"]) == (5, "queued")
    assert told["triggerWord"].startswith("mug")
    assert UserModel.objects.get().owner == owner
    assert JobQueue.objects.count() == 1


def test_the_same_call_again_is_the_same_model(program, trainer):
    whole = archive(*COLOURS).read()
    first, again = (
        program.post(PATH, {"name": "Mug", "zip": one}, Idempotency_Key="k").json()
        for one in (SimpleUploadedFile("set.zip", whole), SimpleUploadedFile("set.zip", whole))
    )
    assert first["id"] == again["id"]
    assert JobQueue.objects.count() == 1


@pytest.mark.parametrize(
    ("file", "status", "code"),
    [
        (SimpleUploadedFile("x.zip", b"nonsense"), 409, "photo_refused"),
        (SimpleUploadedFile("x.zip", jpeg()), 409, "photo_refused"),
        (None, 422, "invalid"),
    ],
)
def test_what_is_no_zip_makes_nothing(file, status, code, program):
    body = {"name": "Mug", "zip": file} if file else {"name": "Mug", "other": archive("teal")}
    problem(program.post(PATH, body), status, code)
    assert not UserModel.objects.exists()


def test_a_zip_without_photos_makes_nothing_and_says_why(program):
    found = problem(program.post(PATH, {"name": "Mug", "zip": archive()}), 409, "photo_refused")
    assert [one["field"] for one in found["errors"]] == ["notes.docx"]
    assert not UserModel.objects.exists()


def test_too_few_photos_leave_a_model_to_be_completed(program, trainer):
    problem(program.post(PATH, {"name": "Mug", "zip": archive("teal")}), 409, "not_startable")
    assert UserModel.objects.get().photos.count() == 1
    assert not JobQueue.objects.exists()


def test_an_address_is_fetched_by_and_by(program, trainer):
    body = {"name": "Mug", "zipUrl": "https://example.org/mug.zip"}
    answer = program.post(PATH, body, Idempotency_Key="k")
    told = answer.json()
    assert answer.status_code == 202
    assert (told["fetch"]["startsTraining"], told["training"]) == (True, None)
    assert program.post(PATH, body, Idempotency_Key="k").json()["id"] == told["id"]
    assert ArchiveFetch.objects.get().url == body["zipUrl"]


@pytest.mark.parametrize(
    "url", ["http://example.org/a.zip", "https://localhost/a.zip", "https://10.0.0.1/a", "x"]
)
def test_an_address_inside_makes_nothing(url, program):
    found = problem(program.post(PATH, {"name": "Mug", "zipUrl": url}), 409, "address_refused")
    assert found["errors"][0]["field"] == "zipUrl"
    assert not UserModel.objects.exists()


def test_it_takes_a_token_that_may_spend(owner, nobody):
    body = {"name": "Mug", "zipUrl": "https://example.org/mug.zip"}
    problem(program_of(owner, "write").post(PATH, body), 403, "scope_missing")
    problem(nobody.post(PATH, body), 401, "unauthorized")
