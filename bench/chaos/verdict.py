"""What came out: every press against the trainer's own ledger of accepted trainings."""

from __future__ import annotations

import uuid
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

import requests

from bench.chaos.accidents import AUTH
from bench.chaos.people import Draft
from bench.installation import Installation


@dataclass
class Verdict:
    """Sets of models; all four bad ones must be empty."""

    started: set[uuid.UUID] = field(default_factory=set)
    doubled: set[uuid.UUID] = field(default_factory=set)
    lost: set[uuid.UUID] = field(default_factory=set)
    stuck: set[uuid.UUID] = field(default_factory=set)
    backwards: set[uuid.UUID] = field(default_factory=set)

    @property
    def is_clean(self) -> bool:
        return not (self.doubled or self.lost or self.stuck or self.backwards)

    def counts(self, drafts: Iterable[Draft]) -> str:
        """The five numbers for some drafts, as one line."""
        ids = {draft.model_id for draft in drafts}
        names = ("started", "doubled", "lost", "stuck", "backwards")
        return " ".join(f"{name}={len(ids & getattr(self, name))}" for name in names)


def judge(site: Installation, drafts: list[Draft]) -> Verdict:
    """Compare presses, jobs, events and the ledger."""
    from jobs.models import JobQueue
    from jobs.states import OVER, Status

    ledger = requests.get(f"{site.trainer_url}/ledger", headers=AUTH, timeout=30).json()
    paid = {token: len(runs) for token, runs in ledger["creations"].items()}
    verdict = Verdict()
    jobs: dict[uuid.UUID, list[JobQueue]] = {draft.model_id: [] for draft in drafts}
    for job in JobQueue.objects.filter(model__in=list(jobs)):
        jobs[job.model_id].append(job)
    known_tokens = {job.correlation for own in jobs.values() for job in own}
    for draft in drafts:
        own = jobs[draft.model_id]
        if own:
            verdict.started.add(draft.model_id)
        if sum(paid.get(job.correlation, 0) for job in own) > 1:
            verdict.doubled.add(draft.model_id)
        if any(job.status not in OVER for job in own):
            verdict.stuck.add(draft.model_id)
        elif not any(job.status == Status.SUCCEEDED for job in own):
            verdict.lost.add(draft.model_id)
        if any(_goes_backwards(job) for job in own):
            verdict.backwards.add(draft.model_id)
    if strangers := set(paid) - known_tokens:
        print(f"paid for tokens nobody knows: {sorted(strangers)}")
        verdict.lost.update(uuid.uuid4() for _ in strangers)
    return verdict


def _goes_backwards(job: object) -> bool:
    """Whether the timeline holds a move the table forbids, or progress that shrank."""
    from jobs.models import JobEvent
    from jobs.states import ALLOWED, Status

    last: Status | None = None
    progress = -1.0
    for event in JobEvent.objects.filter(job=job, kind__in=["state", "progress"]).order_by("id"):
        if event.kind == "state":
            word = Status(event.text)
            if last is not None and word not in ALLOWED[last]:
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
