"""Celery's entry points to the housekeeping of models and photos."""

from __future__ import annotations

from celery import shared_task

from models_app import partial_uploads, phone_links, remote_archives, uploads
from models_app.coach import backlog


@shared_task
def sweep_uploads() -> None:
    """Delete what killed processes left of uploads."""
    uploads.sweep_uploads()


@shared_task
def sweep_partial_uploads() -> None:
    """Delete what waits in vain for its rest."""
    partial_uploads.sweep()


@shared_task
def sweep_upload_counts() -> None:
    """Delete what no longer counts for anybody's day, and phones' links that are over; end fetches
    that nobody goes on with."""
    uploads.sweep_counts()
    phone_links.prune()
    remote_archives.prune()


@shared_task
def measure_photos() -> None:
    """Measure photos that have no measures yet."""
    backlog.measure_some()
