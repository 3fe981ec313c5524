"""The files that rows name."""

from __future__ import annotations

from django.apps import apps
from django.db.models import FileField, Model

from jobs.models import JobQueue
from jobs.states import UNFINISHED
from models_app.models import FileDeletion


def file_fields() -> list[tuple[type[Model], str]]:
    """Return every column that names a file."""
    return [
        (model, field.name)
        for model in apps.get_models()
        for field in model._meta.concrete_fields
        if isinstance(field, FileField)
    ]


def named_files() -> set[str]:
    """Return the names of all files that rows have, as the storage knows them."""
    return {
        stored
        for model, name in file_fields()
        for stored in model._default_manager.values_list(name, flat=True)
        if stored
    }


def going_files() -> tuple[str, ...]:
    """Return the names that are being deleted already; those of folders end with a slash."""
    return tuple(FileDeletion.objects.values_list("name", flat=True))


def busy_folders() -> tuple[str, ...]:
    """Return the folders that work under way may write to before a row names what is in it."""
    ids = JobQueue.objects.filter(status__in=UNFINISHED).values_list("model_id", flat=True)
    return tuple(f"{kind}/{model}/" for model in set(ids) for kind in ("weights", "images"))
