"""What happens to trainings by itself."""

from __future__ import annotations

from celery import shared_task

from training import datasets


@shared_task
def release_datasets() -> None:
    """Have photos deleted that failed trainings left at their trainers."""
    datasets.release()
