"""What came out: every press against the trainer's own ledger of accepted trainings."""

from __future__ import annotations

import uuid
from collections import Counter
from collections.abc import Iterable

import requests

from bench.chaos.accidents import AUTH
from bench.chaos.people import Draft
from bench.installation import Installation

BAD = ("doubled", "lost", "stuck", "backwards")


class Verdict:
    """Models by what became of them; all four bad sets must be empty."""

    def __init__(self) -> None:
        self.models: dict[str, set[uuid.UUID]] = {name: set() for name in ("started", *BAD)}

    @property
    def is_clean(self) -> bool:
        return not any(self.models[name] for name in BAD)

    def counts(self, drafts: Iterable[Draft]) -> str:
        """The five numbers for some drafts, as one line."""
        ids = {draft.model_id for draft in drafts}
        return " ".join(f"{name}={len(ids & models)}" for name, models in self.models.items())


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
        is_unfinished = any(job.status not in OVER for job in own)
        has_succeeded = any(job.status == Status.SUCCEEDED for job in own)
        outcome = {
            "started": bool(own),
            "doubled": sum(paid.get(job.correlation, 0) for job in own) > 1,
            "lost": not is_unfinished and not has_succeeded,
            "stuck": is_unfinished,
            "backwards": any(map(_goes_backwards, own)),
        }
        for name in filter(outcome.get, outcome):
            verdict.models[name].add(draft.model_id)
    if strangers := set(paid) - known_tokens:
        print(f"paid for tokens nobody knows: {sorted(strangers)}")
        verdict.models["lost"].update(uuid.uuid4() for _ in strangers)
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
