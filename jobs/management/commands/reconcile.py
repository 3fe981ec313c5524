"""`manage.py reconcile`: after a restored backup or a power cut, before anything is paid again."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from jobs.engine.restore import TooEarlyError, reconcile_all
from providers.errors import ProviderError
from providers.registry import label_of


class Command(BaseCommand):
    help = (
        "Look every unsettled job up at its provider, adopt the runs that exist, and let jobs be "
        "paid again. Needed after the database came back older than it was. Calls the providers; "
        "pays nothing. Exit code 1 where one does not answer, or too little time has passed: then "
        "nothing is paid yet."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            outcome = reconcile_all()
        except ProviderError as error:
            raise CommandError(
                f"{label_of(error.provider)} does not answer, so nothing is paid yet: {error}. "
                "Try again once it does."
            ) from error
        except TooEarlyError as error:
            raise CommandError(
                "A paid call may have left just before the restore, and no list would show it yet, "
                f"so nothing is paid yet. Run this again {error}."
            ) from error
        for job in outcome.adopted:
            self.stdout.write(f"{job}: its run {job.run_id} was found and is followed.")
        for job in outcome.unclear:
            self.stdout.write(f"{job}: it is unclear whether it started; its owner decides.")
        for provider, run in outcome.strangers:
            self.stdout.write(
                f"{label_of(provider)} has run {run.id} ({run.correlation}), which belongs to no "
                "job here: of a job that was lost, or of another installation with this key."
            )
        self.stdout.write("Reconciled. Jobs are started again.")
