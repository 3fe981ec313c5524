"""What came out: every permission to pay against what the trainers have accepted."""

from __future__ import annotations

import uuid
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field, fields
from typing import TYPE_CHECKING

from bench.chaos import results
from bench.chaos.ledgers import LEDGERS, is_listed, ledgers, untold
from bench.chaos.people import Draft
from bench.installation import Installation

if TYPE_CHECKING:
    from providers.types import RunStatus


@dataclass
class Verdict:
    """Sets of models; all but the first must be empty."""

    started: set[uuid.UUID] = field(default_factory=set)
    doubled: set[uuid.UUID] = field(default_factory=set)  # paid more often than was asked for
    lost: set[uuid.UUID] = field(default_factory=set)  # asked for, and nothing came of it
    stuck: set[uuid.UUID] = field(default_factory=set)  # unfinished although all is calm
    backwards: set[uuid.UUID] = field(default_factory=set)  # illegal states, shrinking progress
    damaged: set[uuid.UUID] = field(default_factory=set)  # weights or pictures not whole
    disagreeing: set[uuid.UUID] = field(default_factory=set)  # the model's state and its job's
    unreported: set[uuid.UUID] = field(default_factory=set)  # second runs without an incident
    orphaned: set[uuid.UUID] = field(default_factory=set)  # files that no row names, one id each

    @property
    def bad(self) -> dict[str, set[uuid.UUID]]:
        """The sets that must be empty, by name."""
        return {one.name: getattr(self, one.name) for one in fields(self) if one.name != "started"}

    @property
    def is_clean(self) -> bool:
        return not any(self.bad.values())

    def is_clean_in(self, names: str) -> bool:
        """Whether nothing bad is in the sets with these names (between commas), or in any."""
        chosen = names.split(",") if names else list(self.bad)
        return not any(self.bad[name] for name in chosen)

    @property
    def summary(self) -> str:
        """What matters to people, as one line."""
        wrong = self.stuck | self.backwards | self.disagreeing | self.unreported
        files = self.damaged | self.orphaned
        return (
            f"paid twice={len(self.doubled)} lost={len(self.lost)} "
            f"wrong states={len(wrong)} orphan files={len(files)}"
        )

    def counts(self, drafts: Iterable[Draft]) -> str:
        """The numbers for some drafts, as one line."""
        ids = {draft.model_id for draft in drafts}
        names = [one.name for one in fields(self)]
        return " ".join(f"{name}={len(ids & getattr(self, name))}" for name in names)


def judge(site: Installation, drafts: list[Draft]) -> Verdict:
    """Compare presses, jobs, events, files and the ledgers."""
    from jobs.models import JobQueue
    from models_app.models import UserModel

    verdict = Verdict()
    paid = {kind: ledgers(site, kind) for kind in LEDGERS}
    statuses = results.run_statuses(site)
    models = {model.pk: model for model in UserModel.objects.all()}
    jobs: dict[uuid.UUID, list[JobQueue]] = {draft.model_id: [] for draft in drafts}
    # A deleted model's jobs no longer name it, but their keys do.
    for job in JobQueue.objects.order_by("created_at"):
        model_id = job.model_id or uuid.UUID(job.idempotency_key.split(":")[1])
        if model_id in jobs:
            jobs[model_id].append(job)
    for draft in drafts:
        own, model = jobs[draft.model_id], models.get(draft.model_id)
        found = {
            "started": bool(own),
            "doubled": _is_doubled(draft, own, paid),
            "stuck": any(not job.is_over for job in own),
            "lost": _is_lost(draft, own),
            "backwards": any(_goes_backwards(job) for job in own),
            "damaged": bool(model) and not draft.deleted and results.is_damaged(model, own),
            "disagreeing": bool(model and own) and results.disagrees(model, own),
            "unreported": any(_has_unreported(job, paid, statuses) for job in own),
        }
        for name in [name for name, is_so in found.items() if is_so]:
            getattr(verdict, name).add(draft.model_id)
    _judge_strangers(site, verdict, paid)
    if orphans := results.orphan_files(site):
        print(f"files that no row names: {orphans}")
        verdict.orphaned.update(uuid.uuid4() for _ in orphans)
    return verdict


def _is_doubled(draft: Draft, own: list, paid: dict[str, dict[str, list[str]]]) -> bool:
    """Whether more was paid than asked for: in all, or for one job."""
    for kind, tokens in paid.items():
        counts = {job: len(tokens.get(job.correlation, ())) for job in own if job.kind == kind}
        if sum(counts.values()) > draft.permissions[kind]:
            return True
        if any(count > 1 + draft.words[str(job.pk)] for job, count in counts.items()):
            return True
    return False


def _is_lost(draft: Draft, own: list) -> bool:
    from jobs.states import Status

    trainings = [job for job in own if job.kind == "training"]
    if draft.gave_up or draft.deleted or any(not job.is_over for job in own):
        return False
    return not any(job.status == Status.SUCCEEDED for job in trainings)


def _has_unreported(job: object, paid: dict, statuses: dict[str, RunStatus]) -> bool:
    """Whether a second or an orphan run that may have cost something was told to nobody.

    A provider without a list cannot know of them.
    """
    from providers.types import RunStatus

    if not is_listed(job.provider, job.kind):
        return False
    runs = set(paid[job.kind].get(job.correlation, ())) - {job.run_id}
    harmless = {RunStatus.CANCELLED, RunStatus.FAILED}
    notes = [job.incident, *job.events.filter(kind="note").values_list("text", flat=True)]
    return any(
        statuses.get(run) not in harmless and not any(run in text for text in notes) for run in runs
    )


def _judge_strangers(site: Installation, verdict: Verdict, paid: dict) -> None:
    """What was paid for jobs that nobody knows must have been named after a restored backup;
    a trainer without a list cannot name it."""
    from jobs.models import JobQueue

    known = set(JobQueue.objects.values_list("correlation", flat=True))
    nameable = list(paid.values())
    if site.restored:
        nameable = [ledgers(site, kind, only_listed=True) for kind in LEDGERS]
    if unnamed := untold(site, nameable, known):
        print(f"paid for tokens nobody knows: {sorted(unnamed)}")
        verdict.lost.update(uuid.uuid4() for _ in unnamed)


def _goes_backwards(job: object) -> bool:
    """Whether the timeline holds a move the table forbids, or progress that shrank."""
    from jobs.models import JobEvent
    from jobs.states import ALLOWED, Status

    def exits(status: Status) -> frozenset[Status]:
        # A repeated claim leaves no event: the next word may be what a claim leads to.
        claimed = ALLOWED[Status.SUBMITTING] if status == Status.QUEUED else frozenset()
        return ALLOWED[status] | claimed

    last: Status | None = None
    progress = -1.0
    for event in JobEvent.objects.filter(job=job, kind__in=["state", "progress"]).order_by("id"):
        if event.kind == "state":
            word = Status(event.text)
            if last is not None and word not in exits(last):
                return True
            last = word
        elif (seen := event.data.get("progress")) is not None:
            if seen < progress:
                return True
            progress = seen
    return False


def unfinished() -> Counter[str]:
    """How many jobs are in which unfinished state."""
    from jobs.models import JobQueue
    from jobs.states import OVER

    rows = JobQueue.objects.exclude(status__in=sorted(OVER)).values_list("status", flat=True)
    return Counter(rows)
