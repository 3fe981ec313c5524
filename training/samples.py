"""Storing the pictures that a training makes on the way, as private files with rows."""

from __future__ import annotations

import logging
from collections.abc import Iterable

from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import IntegrityError, transaction
from django.utils.translation import gettext_noop

from jobs.events import note
from jobs.models import JobQueue
from jobs.pictures import DecodedImage, read_image
from jobs.work import InvalidResultError
from models_app import file_deletions
from models_app.models import UserModel
from providers.base import MOST_SAMPLES, Provider
from providers.errors import UnexpectedReplyError
from providers.types import Sample
from training.models import TrainingSample

log = logging.getLogger(__name__)


def fetch(job: JobQueue, provider: Provider) -> None:
    """Download, check and store what a training shows that is not stored yet, and tell its page.

    May run twice at once and any number of times. Raises ProviderError, InvalidResultError where
    nothing can be checked now, and OSError; what was stored until then stays.
    """
    model = job.model
    if model is None:
        return
    offered = provider.samples(job.run_ref)
    known = set(TrainingSample.objects.filter(job=job).values_list("step", "number"))
    new = [one for one in offered if (one.step, one.number) not in known][
        : MOST_SAMPLES - len(known)
    ]
    if new and not known:
        _forget_earlier(model, job)
    for step in sorted({one.step for one in new}):
        came = [_fetch_one(job, model, provider, one) for one in new if one.step == step]
        if any(came):
            note(job, gettext_noop("New samples: step %(step)d."), step=step)


def _fetch_one(job: JobQueue, model: UserModel, provider: Provider, sample: Sample) -> bool:
    """Return whether there is a new picture. One that is none has a row all the same, so that it
    is not downloaded again and again."""
    try:
        with provider.download_sample(sample) as download:
            image = read_image(download)
    except InvalidResultError as error:
        if error.code != "bad_image":
            raise
        image = None
    except UnexpectedReplyError:  # too large, or from an address that is not its own
        image = None
    if image is None:
        log.warning("sample %s of step %s is no sound picture", sample.number, sample.step)
    return _store(job, model, sample, image) and image is not None


def _store(job: JobQueue, model: UserModel, sample: Sample, image: DecodedImage | None) -> bool:
    """Store one sample and its row; return False where another worker was first."""
    row = TrainingSample(
        model=model,
        job=job,
        step=sample.step,
        number=sample.number,
        prompt=sample.prompt,
        has_trigger=sample.has_trigger,
        engine=job.engine,
    )
    names: list[str] = []
    try:
        if image is not None:
            _write(row, image, names)
        with transaction.atomic():
            row.save(force_insert=True)
    except (OSError, IntegrityError) as error:
        _delete(names)
        if isinstance(error, OSError):
            raise
        return False  # or its model is gone by now
    return True


def _write(row: TrainingSample, image: DecodedImage, names: list[str]) -> None:
    """Write both files of a row; `names` holds those that are there, also where it fails."""
    stem = f"images/{row.model_id}/samples/{row.pk}"
    for name, data in (
        (f"{stem}.{image.extension}", image.data),
        (f"{stem}.thumb.jpg", image.thumbnail),
    ):
        names.append(default_storage.save(name, ContentFile(data)))
    row.file, row.thumbnail = names
    row.width, row.height, row.size = image.width, image.height, len(image.data)


def _delete(names: Iterable[str]) -> None:
    for name in names:
        default_storage.delete(name)


@transaction.atomic
def _forget_earlier(model: UserModel, job: JobQueue) -> None:
    """Delete the samples of a model's earlier trainings: their pages are gone."""
    earlier = TrainingSample.objects.filter(model=model).exclude(job=job)
    names = [name for pair in earlier.values_list("file", "thumbnail") for name in pair if name]
    earlier.delete()
    file_deletions.delete_on_commit(names)
