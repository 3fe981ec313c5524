"""`manage.py jobs`: the queue in the terminal."""

from __future__ import annotations

import argparse
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone
from django.utils.timesince import timesince

from jobs import selectors as job_selectors, services
from jobs.engine.transitions import TransitionError
from jobs.messages import explain
from jobs.models import JobQueue
from jobs.selectors import starting_with
from jobs.states import Status
from models_app.texts import isolated, single_line
from providers.registry import label_of
from theway.machine_zone import local_text
from training import selectors as training_selectors
from training.services import StartRefusedError, try_again

WRONG_USAGE = 2
BY = "the operator (terminal)"
EXAMPLES = """
examples:
  manage.py jobs                          the newest jobs
  manage.py jobs list --attention         what needs attention
  manage.py jobs list --state failed --email ann@example.org
  manage.py jobs explain 3f2a             what happened to it
  manage.py jobs cancel 3f2a
  manage.py jobs retry 3f2a --provider local

ID is a job's id, or enough of its beginning to be unique.
Exit code: 0 done, 1 not possible for this job, 2 wrong usage (also: no such job).
"""


class Command(BaseCommand):
    help = "List, explain, cancel and retry jobs."

    def create_parser(self, prog_name: str, subcommand: str, **kwargs: Any) -> CommandParser:
        return super().create_parser(
            prog_name,
            subcommand,
            epilog=EXAMPLES,
            formatter_class=argparse.RawDescriptionHelpFormatter,
            **kwargs,
        )

    def add_arguments(self, parser: CommandParser) -> None:
        verbs = parser.add_subparsers(dest="verb", metavar="{list,explain,cancel,retry}")
        listing = verbs.add_parser("list", help="newest first (the default)")
        listing.add_argument("--state", choices=Status.values, help="only jobs in this state")
        listing.add_argument(
            "--attention",
            "--trouble",
            action="store_true",
            help="unclear, stuck, failed in the last 24 hours or with an incident",
        )
        listing.add_argument("--email", help="only jobs of this account")
        listing.add_argument("--limit", type=int, default=30, help="how many (default: 30)")
        for verb, text in (
            ("explain", "show what happened"),
            ("cancel", "stop it, or ask the provider to stop it"),
            ("retry", "train again with the same photos"),
        ):
            one = verbs.add_parser(verb, help=text)
            one.add_argument("id", metavar="ID")
            if verb == "retry":
                one.add_argument("--provider", help="train with another provider")

    def handle(self, *args: Any, **options: Any) -> None:
        verb = options["verb"] or "list"
        if verb == "list":
            self._list(options)
        else:
            getattr(self, f"_{verb}")(self._job(options["id"]), options)

    def _list(self, options: dict[str, Any]) -> None:
        jobs = JobQueue.objects.with_is_stuck().select_related("model", "owner")
        if options.get("state"):
            jobs = jobs.filter(status=options["state"])
        if options.get("attention"):
            jobs = jobs.needs_attention()
        if options.get("email"):
            jobs = jobs.filter(owner__email=single_line(options["email"]).lower())
        shown = list(jobs[: options.get("limit", 30)])
        for job in shown:
            self.stdout.write(line_of(job))
        if not shown:
            self.stdout.write("No jobs.")

    def _explain(self, job: JobQueue, options: dict[str, Any]) -> None:
        text = explain(job)
        self.stdout.write(f"{job.get_kind_display()} {job.pk} at {label_of(job.provider)}")
        self.stdout.write(f"{text.title}. {text.sentence} {text.cost} {text.advice}".rstrip())
        if job.incident:
            self.stdout.write(f"Incident: {job.incident}")
        if job.last_seen_at and not job.is_over:
            self.stdout.write(f"Last observed {timesince(job.last_seen_at, depth=1)} ago.")
        self.stdout.write("")
        for event in job_selectors.timeline(job):
            self.stdout.write(f"{local_text(event.at)}  {event.translated}")

    def _cancel(self, job: JobQueue, options: dict[str, Any]) -> None:
        try:
            services.cancel(job, by=BY)
        except TransitionError as error:
            raise CommandError(str(error)) from error
        job.refresh_from_db()
        self.stdout.write("Cancelled." if job.is_over else "Cancellation requested.")

    def _retry(self, job: JobQueue, options: dict[str, Any]) -> None:
        if job.model is None or job.kind != JobQueue.Kind.TRAINING:
            raise CommandError("Only a training whose model still exists can start again.")
        try:
            key = training_selectors.next_idempotency_key(job.model)
            again = try_again(job, idempotency_key=key, provider=options["provider"])
        except StartRefusedError as error:
            raise CommandError(str(error)) from error
        self.stdout.write(f"Started again as job {again.pk}.")

    def _job(self, beginning: str) -> JobQueue:
        found = list(starting_with(beginning).select_related("model", "owner")[:2])
        if not found:
            raise CommandError(f"No job begins with {beginning}.", returncode=WRONG_USAGE)
        if len(found) > 1:
            raise CommandError(
                f"Several jobs begin with {beginning}: type more of it.", returncode=WRONG_USAGE
            )
        return found[0]


def line_of(job: JobQueue) -> str:
    """Return one job as a line of fixed columns."""
    observed = "–" if job.is_over or not job.last_seen_at else timesince(job.last_seen_at, depth=1)
    stuck = "stuck" if job.is_stuck else ""  # type: ignore[attr-defined]  # annotated
    problem = job.incident or job.error_code or stuck
    age = timesince(job.created_at, timezone.now(), depth=1)
    columns = (
        f"{str(job.pk)[:8]}  {job.get_status_display():<19} {job.progress:4.0%}",
        f"{job.kind:<10} {job.provider:<9} {age:>10} old, observed {observed:>10}",
        f"{_name_of(job.owner, 'deleted account')}  {_name_of(job.model, 'deleted model')}",
        problem,
    )
    return "  ".join(columns).rstrip()


def _name_of(row: object | None, otherwise: str) -> str:
    """Return a person's words for a line of the terminal, which obeys controls and directions."""
    return isolated(single_line(str(row))) if row else otherwise
