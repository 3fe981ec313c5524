"""Lists in pages: read back to the oldest run in question, or not at all where that costs more."""

from datetime import timedelta

import pytest
from django.utils import timezone

from jobs.engine import poll
from jobs.models import JobQueue
from jobs.states import Status
from providers.local.provider import Local
from providers.paging import read_pages
from providers.types import EVER, Capability, Run, RunList, RunStatus
from tests.factories import JobFactory

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("machine_clock")]
HOUR = timedelta(hours=1)


class Service:
    """A list of ten runs a page, and what was asked."""

    def __init__(self) -> None:
        self.pages, self.single = 0, []

    def list_runs(self, provider, kind, since=EVER):
        rows = list(JobQueue.objects.filter(kind=kind).order_by("-created_at"))
        runs = [
            Run(job.run_id, RunStatus.RUNNING, job.correlation, created_at=job.created_at)
            for job in rows
        ]

        def read(page: str) -> RunList:
            self.pages += 1
            start = int(page or 0)
            rest = str(start + 10) if start + 10 < len(runs) else ""
            return RunList(tuple(runs[start : start + 10]), EVER, rest)

        return read_pages(read, since)

    def get_run(self, provider, ref):
        self.single.append(ref.id)
        return Run(ref.id, RunStatus.RUNNING)


@pytest.fixture
def service(monkeypatch):
    service = Service()
    monkeypatch.setattr(Local, "runs_per_page", 10)
    monkeypatch.setattr(Local, "capabilities", Local.capabilities - {Capability.LOG})
    monkeypatch.setattr(
        Local, "list_runs", lambda self, kind, since=EVER: service.list_runs(self, kind, since)
    )
    monkeypatch.setattr(Local, "get_run", lambda self, ref: service.get_run(self, ref))
    return service


def runs(count: int, *, hours: float, status: Status = Status.RUNNING) -> None:
    """Runs that were started one after the other from so many hours ago on."""
    begun = timezone.now() - hours * HOUR
    for number in range(count):
        at = begun + timedelta(seconds=number)
        JobFactory(
            status=status, run_id=f"{hours}-{number}", created_at=at, sent_at=at, submitted_at=at
        )


def test_a_few_new_runs_cost_one_page_however_long_the_history_is(service):
    runs(60, hours=9, status=Status.SUCCEEDED)
    runs(3, hours=0.5)
    poll.poll("local")
    assert (service.pages, service.single) == (1, [])
    assert not JobQueue.objects.filter(status=Status.RUNNING, last_seen_at=None).exists()


def test_many_runs_are_read_back_to_the_oldest_and_no_further(service):
    runs(60, hours=9, status=Status.SUCCEEDED)
    runs(45, hours=5)
    poll.poll("local")
    assert (service.pages, service.single) == (5, [])
    assert not JobQueue.objects.filter(status=Status.RUNNING, last_seen_at=None).exists()


def test_a_few_old_runs_are_asked_for_instead_of_all_pages_that_came_since(service):
    runs(2, hours=9)
    runs(60, hours=5, status=Status.SUCCEEDED)
    poll.poll("local")
    assert (service.pages, len(service.single)) == (0, 2)


def test_for_a_lost_run_the_list_is_read_however_long_it_is(service):
    runs(1, hours=9)
    at = timezone.now() - 9 * HOUR
    JobFactory(unknown=True, created_at=at)
    runs(60, hours=5, status=Status.SUCCEEDED)
    poll.poll("local")
    assert service.pages == 7
