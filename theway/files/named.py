"""The files that rows name."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator
from typing import Any, NamedTuple

from django.apps import apps
from django.db.models import FileField, Model

from jobs.models import JobQueue
from jobs.states import UNFINISHED
from models_app.models import FileDeletion

PAGE_ROWS = 5000


class Name(NamedTuple):
    """A file's name, and the column and row that have it."""

    file: str
    model: type[Model]
    field: str
    key: Any


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
    return {row.file for row in each_name()}


def each_name() -> Iterator[Name]:
    """Yield the same with their rows, some at a time: no query is left open in between."""
    for model, field in file_fields():
        rows = model._default_manager.order_by("pk").values_list("pk", field)
        page = list(rows[:PAGE_ROWS])
        while page:
            yield from (Name(file, model, field, key) for key, file in page if file)
            page = list(rows.filter(pk__gt=page[-1][0])[:PAGE_ROWS])


def still_there(names: Collection[Name]) -> set[str]:
    """Return which of these names, a few hundred at most, are in the same rows now."""
    by_column: dict[tuple[type[Model], str], list[Any]] = defaultdict(list)
    for row in names:
        by_column[row.model, row.field].append(row.key)
    stored = {
        name
        for (model, field), keys in by_column.items()
        for name in model._default_manager.filter(pk__in=keys).values_list(field, flat=True)
    }
    return stored & {row.file for row in names}


def still_named(names: Collection[str]) -> set[str]:
    """Return which of these, a few hundred at most, a row names now."""
    return {
        name
        for model, field in file_fields()
        for name in model._default_manager.filter(**{f"{field}__in": names}).values_list(
            field, flat=True
        )
    }


def going_files() -> tuple[str, ...]:
    """Return the names that are being deleted already; those of folders end with a slash."""
    return tuple(FileDeletion.objects.values_list("name", flat=True))


def busy_folders() -> tuple[str, ...]:
    """Return the folders that work under way may write to before a row names what is in it."""
    ids = JobQueue.objects.filter(status__in=UNFINISHED).values_list("model_id", flat=True)
    return tuple(f"{kind}/{model}/" for model in set(ids) for kind in ("weights", "images"))
