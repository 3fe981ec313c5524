"""Whether what was paid for is here and whole, and whether models and jobs say the same."""

from __future__ import annotations

import hashlib
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

from bench.chaos.ledgers import is_listed
from bench.installation import Installation

if TYPE_CHECKING:
    from jobs.models import JobQueue
    from models_app.models import UserModel
    from providers.types import RunStatus


def is_damaged(model: UserModel, jobs: list[JobQueue]) -> bool:
    """Whether stored weights or pictures are missing or not whole."""
    from models_app.models import UserModel

    is_ready = model.status == UserModel.Status.READY
    return (is_ready and not _are_weights_whole(model)) or not _are_pictures_whole(jobs)


def _are_weights_whole(model: UserModel) -> bool:
    from safetensors import SafetensorError, safe_open

    path = model.weights.path
    try:
        with open(path, "rb") as file:  # noqa: PTH123 - a path of the storage
            digest = hashlib.file_digest(file, "sha256").hexdigest()
        with safe_open(path, framework="numpy") as tensors:
            return digest == model.weights_sha256 and bool(list(tensors.keys()))
    except (OSError, SafetensorError):
        return False


def _are_pictures_whole(jobs: list[JobQueue]) -> bool:
    from PIL import Image

    from jobs.states import Status

    for job in jobs:
        if job.kind != "generation" or job.status != Status.SUCCEEDED:
            continue
        images = list(job.images.all())
        if len(images) != job.result.get("images"):
            return False
        try:
            for image in images:
                with Image.open(image.file.path) as picture:
                    picture.load()
        except OSError:
            return False
    return True


def disagrees(model: UserModel, jobs: list[JobQueue]) -> bool:
    """Whether the model says something else than its latest training."""
    from jobs.states import Status
    from models_app.models import UserModel

    trainings = [job for job in jobs if job.kind == "training"]
    expected = {
        Status.RUNNING: UserModel.Status.TRAINING,
        Status.FINISHING: UserModel.Status.TRAINING,
        Status.SUCCEEDED: UserModel.Status.READY,
        Status.FAILED: UserModel.Status.FAILED,
        Status.CANCELLED: UserModel.Status.PENDING,
    }
    return bool(trainings) and model.status != expected.get(trainings[-1].status, model.status)


def run_statuses(site: Installation) -> dict[str, RunStatus]:
    """Return how every training is doing that a provider's own list shows."""
    from providers import registry
    from providers.types import WorkKind

    found = {}
    for trainer in site.trainers:
        if is_listed(trainer.provider, WorkKind.TRAINING):
            listed = registry.get(trainer.provider).list_runs(WorkKind.TRAINING)
            found |= {run.id: run.status for run in listed.runs}
    return found


def orphan_files(site: Installation) -> list[str]:
    """Return the stored files that no row names, and that nobody is going to delete.

    A database that was put back has forgotten some: then none is counted.
    """
    from django.core.files.storage import default_storage

    from models_app.models import FileDeletion

    if site.restored:
        return []
    root = Path(default_storage.path(""))
    stored = {str(path.relative_to(root)) for path in root.rglob("*") if path.is_file()}
    going = tuple(FileDeletion.objects.values_list("name", flat=True))
    return sorted(name for name in stored - _named_files() if not name.startswith(going))


def _named_files() -> set[str]:
    from generation.models import GeneratedImage
    from models_app.models import TrainingImage, UserModel
    from training.models import TrainingSample

    fields = [(UserModel, ["weights"])]
    fields += [(GeneratedImage, ["file", "thumbnail"])]
    fields += [(TrainingSample, ["file", "thumbnail"])]
    fields += [(TrainingImage, ["file", "thumbnail", "cropped"])]
    return {
        name for model, names in fields for row in model.objects.values_list(*names) for name in row
    }


def reasons() -> list[str]:
    """Why jobs failed, in the trainers' own words, each with how often."""
    from jobs.models import JobQueue
    from jobs.states import Status

    failed = JobQueue.objects.filter(status=Status.FAILED).order_by()
    rows = Counter(failed.values_list("provider", "kind", "error_code", "error_detail"))
    return [f"{count} failed: {', '.join(row)[:160]}" for row, count in sorted(rows.items())]


def jobs_by_state() -> str:
    """How many jobs ended how, as one line."""
    from jobs.models import JobQueue

    rows = JobQueue.objects.values_list("kind", "status", "error_code").order_by()
    return ", ".join(f"{' '.join(key)}: {n}" for key, n in sorted(Counter(rows).items()))
