"""A person's archive, written block by block: neither a file nor the archive is ever in memory.

account.json                  the address, the sessions that are open, and tokens for programs
sign-ins.json                 when somebody signed in or failed to, and from where
jobs.json                     everything that was started, and what it cost
models/<name>/model.json      answers, settings, captions, prompts
models/<name>/photos/         as they are stored, and what was cropped of them
models/<name>/pictures/
models/<name>/samples/        what its training showed on the way
models/<name>/<name>.safetensors
missing.txt                   files that the storage has lost, only if there are any
"""

from __future__ import annotations

import json
import zipfile
from collections.abc import Iterator
from pathlib import PurePath
from typing import Any

from django.core.files.storage import default_storage
from django.core.serializers.json import DjangoJSONEncoder
from django.db.models import QuerySet
from django.utils.translation import gettext, gettext_noop

from accounts.models import ApiToken, BrowserSession, SignIn, User
from generation.models import GeneratedImage
from jobs.models import JobQueue
from models_app.file_names import model_stem, weights_name
from models_app.models import TrainingImage, UserModel
from training.models import TrainingSample

BLOCK_BYTES = 64 * 1024
MODEL_FIELDS = (
    "id", "name", "description", "kind", "trigger_word", "base_model", "provider", "preset",
    "options", "answers", "consent_at", "status", "weights_sha256", "engine", "created_at",
    "ready_at",
)  # fmt: skip
PHOTO_FIELDS = (
    "id", "file", "original_filename", "width", "height", "caption", "changes", "crop", "cropped",
    "created_at",
)  # fmt: skip
SAMPLE_FIELDS = (
    "id", "file", "step", "number", "prompt", "has_trigger", "engine", "created_at",
)  # fmt: skip
PICTURE_FIELDS = ("id", "file", "prompt", "seed", "settings", "engine", "created_at")
JOB_FIELDS = (
    "id", "kind", "model_id", "provider", "status", "payload", "progress", "error_code",
    "error_detail", "cost_estimate", "cost_usd", "created_at", "started_at", "finished_at",
)  # fmt: skip
SESSION_FIELDS = ("started_at", "last_used_at", "address", "browser")
TOKEN_FIELDS = (
    "name", "scope", "created_at", "expires_at", "last_used_at", "last_used_from", "revoked_at",
)  # fmt: skip
SIGN_IN_FIELDS = ("at", "succeeded", "address", "browser")
CHUNK = 200  # rows
LOST = gettext_noop("The storage of this installation no longer has these files:")


class _Sink:
    """What the ZIP writes to: it can only be appended to, and emptied."""

    def __init__(self) -> None:
        self._pieces: list[bytes] = []

    def write(self, data: bytes) -> int:
        self._pieces.append(bytes(data))
        return len(data)

    def flush(self) -> None:
        """Nothing to do: `take` sees everything."""

    def take(self) -> bytes:
        data = b"".join(self._pieces)
        self._pieces.clear()
        return data


def archive_of(user: User) -> Iterator[bytes]:
    """Yield the archive, never an empty block. It names the files that the storage has lost."""
    sink = _Sink()
    with zipfile.ZipFile(sink, "w", zipfile.ZIP_STORED) as archive:  # type: ignore[call-overload]
        for _step in _write(archive, user):
            if data := sink.take():
                yield data
    yield sink.take()


def _write(archive: zipfile.ZipFile, user: User) -> Iterator[None]:
    """Write one entry after the other; a step is at most one block of a file."""
    sessions = list(BrowserSession.objects.filter(user=user).values(*SESSION_FIELDS))
    tokens = list(ApiToken.objects.filter(user=user).values(*TOKEN_FIELDS))
    account = {
        "email": user.email,
        "joined": user.date_joined,
        "sessions": sessions,
        "tokens": tokens,
    }
    _write_json(archive, "account.json", account)
    yield
    sign_ins = SignIn.objects.filter(user=user).order_by("at")
    yield from _write_rows(archive, "sign-ins.json", sign_ins, SIGN_IN_FIELDS)
    jobs = JobQueue.objects.filter(owner=user)
    yield from _write_rows(archive, "jobs.json", jobs, JOB_FIELDS)
    lost: list[str] = []
    # Ids first: no query is left open while a block is sent.
    for model_id in list(UserModel.objects.filter(owner=user).values_list("pk", flat=True)):
        if model := UserModel.objects.filter(pk=model_id).first():
            yield from _write_model(archive, model, lost)
    if lost:
        archive.writestr("missing.txt", "\n".join([gettext(LOST), "", *lost, ""]))
        yield


def _write_rows(
    archive: zipfile.ZipFile, name: str, rows: QuerySet[Any], fields: tuple[str, ...]
) -> Iterator[None]:
    """Write a list of rows, some at a time: there may be any number."""
    ids: list[Any] = list(rows.values_list("pk", flat=True))
    with archive.open(name, "w", force_zip64=True) as entry:
        entry.write(b"[")
        for start in range(0, len(ids), CHUNK):
            found = rows.filter(pk__in=ids[start : start + CHUNK]).values(*fields)
            text = ",\n".join(_json(row) for row in found)
            entry.write((",\n" if start else "\n").encode() + text.encode())
            yield
        entry.write(b"\n]\n")
    yield


def _write_model(archive: zipfile.ZipFile, model: UserModel, lost: list[str]) -> Iterator[None]:
    folder = f"models/{model_stem(model)}"
    photos = list(TrainingImage.objects.filter(model=model).values(*PHOTO_FIELDS))
    pictures = list(GeneratedImage.objects.filter(model=model).values(*PICTURE_FIELDS))
    about = {field: getattr(model, field) for field in MODEL_FIELDS}
    samples = list(TrainingSample.objects.filter(model=model).values(*SAMPLE_FIELDS))
    about |= {"photos": photos, "pictures": pictures, "samples": samples}
    _write_json(archive, f"{folder}/model.json", about)
    yield
    for kind, rows in (("photos", photos), ("pictures", pictures), ("samples", samples)):
        for stored in (str(row.get(field, "")) for row in rows for field in ("file", "cropped")):
            if stored:
                path = f"{folder}/{kind}/{PurePath(stored).name}"
                yield from _write_file(archive, path, stored, lost)
    if model.weights:
        path = f"{folder}/{weights_name(model)}"
        yield from _write_file(archive, path, str(model.weights.name), lost)


def _write_json(archive: zipfile.ZipFile, name: str, value: Any) -> None:
    archive.writestr(name, _json(value, indent=2))


def _write_file(
    archive: zipfile.ZipFile, name: str, stored: str, lost: list[str]
) -> Iterator[None]:
    try:
        source = default_storage.open(stored, "rb")
    except FileNotFoundError:
        lost.append(name)  # or deleted meanwhile
        return
    with source, archive.open(name, "w", force_zip64=True) as entry:
        while block := source.read(BLOCK_BYTES):
            entry.write(block)
            yield


def _json(value: Any, indent: int | None = None) -> str:
    return json.dumps(value, cls=DjangoJSONEncoder, ensure_ascii=False, indent=indent)
