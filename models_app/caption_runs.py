"""Having captions written for the photos of a draft that have none, one photo at a time.

The row is the queue: `next_at` says when somebody may take the next photo, and lies ahead while
one is at work, so that what a killed worker left is taken up again.
"""

from __future__ import annotations

import logging
import tempfile
from datetime import timedelta
from pathlib import Path
from shutil import copyfileobj

from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from models_app import caption_program
from models_app.caption_program import CaptionProgramError
from models_app.captions import clean_caption
from models_app.errors import NotEditableError
from models_app.locks import locked
from models_app.models import CaptionRun, TrainingImage, UserModel
from models_app.selectors import photos_of
from models_app.trigger_words import with_word

log = logging.getLogger(__name__)

_SPARE = timedelta(seconds=60)


@transaction.atomic
def begin(model: UserModel) -> bool:
    """Begin to write the captions that are missing; return whether there are any.

    A run that is under way goes on. Raises NotEditableError.
    """
    locked(model)
    total = without_caption(model).count()
    if not total or not caption_program.is_offered():
        return False
    now = timezone.now()
    fresh = {"total": total, "written": 0, "failed": [], "next_at": now, "finished_at": None}
    if not CaptionRun.objects.filter(model=model, finished_at=None).exists():
        CaptionRun.objects.update_or_create(model=model, defaults=fresh)
    return True


def without_caption(model: UserModel) -> QuerySet[TrainingImage]:
    return photos_of(model).filter(caption="")


def due() -> QuerySet[CaptionRun]:
    """Return the runs whose next photo can be taken, the longest waiting first; none while the
    program is at work for another: it may need all the memory there is."""
    now = timezone.now()
    unfinished = CaptionRun.objects.filter(finished_at=None)
    if unfinished.filter(next_at__gt=now).exists():
        return CaptionRun.objects.none()
    return unfinished.order_by("next_at")


def write_next() -> bool:
    """Write one caption that is due; return whether there may be more to do."""
    run = _take()
    if run is None:
        return False
    photo = without_caption(run.model).exclude(pk__in=run.failed).first()
    try:
        goes_on = bool(photo) and run.model.is_editable and caption_program.is_offered()
        if photo and goes_on:
            _write(run, photo)
    except NotEditableError:
        goes_on = False
    now = timezone.now()
    # Not `save`: the model may be gone with its run.
    CaptionRun.objects.filter(pk=run.pk).update(
        written=run.written,
        failed=run.failed,
        next_at=now,
        finished_at=None if goes_on else now,
    )
    return True


@transaction.atomic
def _take() -> CaptionRun | None:
    """Claim the run that is due; None where there is none, or another photo is at work."""
    # All of them are locked, in one order: otherwise two workers could each find nobody at work.
    list(CaptionRun.objects.select_for_update().filter(finished_at=None).order_by("pk"))
    run = due().first()
    if run:
        run.next_at = timezone.now() + timedelta(seconds=settings.CAPTION_SECONDS) + _SPARE
        run.save(update_fields=["next_at"])
    return run


def _write(run: CaptionRun, photo: TrainingImage) -> None:
    try:
        words = _described(photo)
    except (CaptionProgramError, OSError) as error:
        log.warning("no caption for a photo of model %s: %s", run.model_id, error)
        run.failed = [*run.failed, str(photo.pk)]
        return
    run.written += _stored(run.model, photo, words)


@transaction.atomic
def _stored(model: UserModel, photo: TrainingImage, words: str) -> int:
    """Store a caption unless somebody has typed one meanwhile; return how many were stored."""
    caption = clean_caption(with_word(words, locked(model)))
    return without_caption(model).filter(pk=photo.pk).update(caption=caption, caption_before=None)


def _described(photo: TrainingImage) -> str:
    """Have a copy described: photos may be in a bucket, and a program gets nothing else."""
    name = str(photo.file.name)
    with tempfile.NamedTemporaryFile(suffix=Path(name).suffix) as copy:
        with photo.file.storage.open(name, "rb") as source:
            copyfileobj(source, copy)
        copy.flush()
        return caption_program.describe(Path(copy.name))
