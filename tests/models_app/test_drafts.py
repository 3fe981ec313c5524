"""Drafts, their answers, and the end of a model."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.utils import timezone

from jobs.models import JobQueue
from models_app import services
from models_app.errors import NotEditableError
from models_app.models import TrainingImage, UserModel
from tests.factories import (
    GeneratedImageFactory,
    JobFactory,
    TrainingImageFactory,
    UserModelFactory,
)


def left_on_disk(settings) -> list[Path]:
    return [path for path in Path(settings.MEDIA_ROOT).rglob("*") if path.is_file()]


def test_a_draft_is_pending_and_editable(owner):
    draft = services.create_draft(owner)
    assert (draft.owner, draft.status, draft.is_editable) == (owner, "pending", True)


def test_answers_are_saved_as_entered_and_valid_ones_in_columns(owner):
    draft = services.create_draft(owner)
    typed = {"name": "Ann", "trigger_word": "Not Valid!"}
    saved = services.save_answers(draft, step="about", answers=typed, valid={"name": "Ann"})
    saved.refresh_from_db()
    assert saved.answers == {"about": typed}
    assert (saved.name, saved.trigger_word) == ("Ann", "")


def test_one_step_does_not_touch_the_answers_of_another(owner):
    draft = services.create_draft(owner)
    services.save_answers(draft, step="about", answers={"name": "Ann"}, valid={"name": "Ann"})
    saved = services.save_answers(
        draft, step="training", answers={"preset": "best"}, valid={"preset": "best"}
    )
    assert saved.answers == {"about": {"name": "Ann"}, "training": {"preset": "best"}}
    assert (saved.name, saved.preset) == ("Ann", "best")


def test_a_tab_with_old_values_overwrites_only_what_it_answers(owner):
    draft = services.create_draft(owner)
    old_tab = UserModel.objects.get(pk=draft.pk)
    services.save_answers(draft, step="about", answers={}, valid={"name": "Ann"})
    saved = services.save_answers(old_tab, step="about", answers={}, valid={"kind": "style"})
    assert (saved.name, saved.kind) == ("Ann", "style")


@pytest.mark.parametrize("state", ["training", "ready"])
def test_answers_of_a_started_model_are_refused(db, state):
    model = UserModelFactory(**{state: True})
    with pytest.raises(NotEditableError, match="cannot be changed"):
        services.save_answers(model, step="about", answers={}, valid={"name": "Other"})
    model.refresh_from_db()
    assert model.name == "Ann"


def test_an_outdated_tab_is_refused_after_the_start(owner):
    draft = services.create_draft(owner)
    UserModel.objects.filter(pk=draft.pk).update(started_at=timezone.now())
    assert draft.is_editable
    with pytest.raises(NotEditableError):
        services.save_answers(draft, step="about", answers={}, valid={"name": "Ann"})


def test_a_failed_model_may_be_changed_again(db):
    failed = UserModelFactory(failed=True)
    saved = services.save_answers(failed, step="about", answers={}, valid={"name": "Ben"})
    assert saved.name == "Ben"


@pytest.mark.parametrize("column", ["status", "owner_id", "weights", "started_at", "answers"])
def test_the_wizard_cannot_write_what_is_not_its_own(owner, column):
    draft = services.create_draft(owner)
    with pytest.raises(ValueError, match=column):
        services.save_answers(draft, step="about", answers={}, valid={column: "x"})


def test_a_trigger_word_taken_in_the_meantime_is_saved_as_an_answer_only(owner):
    UserModelFactory(owner=owner, trigger_word="ann_k7")
    draft = services.create_draft(owner)
    typed = {"name": "Ann", "trigger_word": "ann_k7"}
    saved = services.save_answers(draft, step="about", answers=typed, valid=typed)
    saved.refresh_from_db()
    assert (saved.name, saved.trigger_word) == ("Ann", "")
    assert saved.answers["about"] == typed


def test_deleting_a_model_leaves_no_row_and_no_file(
    owner, settings, django_capture_on_commit_callbacks
):
    model = UserModelFactory(owner=owner, ready=True)
    TrainingImageFactory.create_batch(2, model=model)
    GeneratedImageFactory(model=model)
    for name in (
        f"weights/{model.pk}/{'a' * 64}.safetensors",
        f"images/{model.pk}/orphan.jpg",
        f"photos/{model.pk}/orphan-of-a-crash.jpg",
    ):
        default_storage.save(name, ContentFile(b"x"))
    # Pictures are found by their folder, under which the factory does not write.
    for image in model.images.all():
        default_storage.delete(image.file.name)
        default_storage.delete(image.thumbnail.name)
    with django_capture_on_commit_callbacks(execute=True):
        services.delete_model(model)
    assert not UserModel.objects.exists()
    assert not TrainingImage.objects.exists()
    assert left_on_disk(settings) == []
    assert [path.name for path in Path(settings.MEDIA_ROOT).rglob(str(model.pk))] == []


def test_deleting_a_model_keeps_every_other(owner, settings, django_capture_on_commit_callbacks):
    gone, kept = UserModelFactory.create_batch(2, owner=owner, ready=True)
    photo = TrainingImageFactory(model=kept)
    with django_capture_on_commit_callbacks(execute=True):
        services.delete_model(gone)
    names = {str(path.relative_to(settings.MEDIA_ROOT)) for path in left_on_disk(settings)}
    assert names == {photo.file.name, photo.thumbnail.name, kept.weights.name}


def test_the_record_of_what_was_paid_outlives_the_model(owner):
    job = JobFactory(model=UserModelFactory(owner=owner), succeeded=True)
    services.delete_model(job.model)
    assert JobQueue.objects.get().model_id is None


def test_files_stay_when_deleting_the_rows_fails(owner, settings, monkeypatch):
    photo = TrainingImageFactory(model=UserModelFactory(owner=owner))

    def failing(*_, **__):
        raise RuntimeError("the database went away")

    monkeypatch.setattr(UserModel, "delete", failing)
    with pytest.raises(RuntimeError):
        services.delete_model(photo.model)
    assert default_storage.exists(photo.file.name)


def test_a_file_that_cannot_be_deleted_is_reported(
    owner, caplog, monkeypatch, django_capture_on_commit_callbacks
):
    photo = TrainingImageFactory(model=UserModelFactory(owner=owner))
    delete = default_storage.delete

    def stubborn(name):
        if name == photo.file.name:
            raise PermissionError(name)
        delete(name)

    monkeypatch.setattr(default_storage, "delete", stubborn)
    with (
        caplog.at_level(logging.ERROR, logger="models_app.file_deletions"),
        django_capture_on_commit_callbacks(execute=True),
    ):
        services.delete_model(photo.model)
    assert any("it is tried again" in record.getMessage() for record in caplog.records)
    assert not default_storage.exists(photo.thumbnail.name)
