"""What the installation does by itself as a whole."""

from __future__ import annotations

from celery import shared_task

from theway.files import nightly


@shared_task
def compare_files() -> None:
    """Compare stored files with rows, where that was not done within the day."""
    nightly.compare_if_due()
