"""`make bench-live`: thousands of open pages at one web process.

Prints what an open page costs (threads, memory, database queries), how soon it hears of an
event, how soon it ends with its session, and how fast other pages are meanwhile.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Sequence
from dataclasses import dataclass

import requests

from bench.one_web import PATHS, Site, Visits, site, spread
from bench.pages import Crowd, Page, last
from theway.processes.open_files import raise_limit

SPARE_FILES = 300  # of the process, beside its streams: the database, pages, modules
PAGES_OF_ONE = 10  # streams of each person, every one from a session of its own
LIMIT = 900.0  # seconds for anything; slower is an answer too


@dataclass
class People:
    """Everybody's running training, and the pages they have open."""

    jobs: list[object]
    pages: list[Page]

    def of(self, job: object) -> list[Page]:
        return [page for page in self.pages if str(job.model_id) in page.path]  # type: ignore[attr-defined]


def main() -> int:
    options = _options()
    allowed = raise_limit()
    count = min(options.streams, allowed - SPARE_FILES)
    print(f"{allowed} open files allowed: {count} of {options.streams} streams", flush=True)
    with site(options.embedded) as found:
        import django

        django.setup()
        people = make_people(count)
        visits = Visits(found, people.pages[0].session)
        found.web.start()
        print(f"one web process on {found.kind}, {len(people.jobs)} people", flush=True)
        return measure(found, Crowd(found.port), people, visits)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--streams", type=int, default=10_000)
    parser.add_argument("--embedded", action="store_true", help="SQLite instead of PostgreSQL")
    return parser.parse_args()


def make_people(streams: int) -> People:
    """Store people with a training each, and a session for every page they have open."""
    from accounts.models import User
    from jobs.models import JobQueue
    from models_app.models import UserModel
    from tests.factories import JobFactory, UserModelFactory

    count = max(1, streams // PAGES_OF_ONE)
    users = [User(email=f"person{number}@example.org") for number in range(count)]
    users = User.objects.bulk_create(users)
    models = [UserModelFactory.build(owner=user, training=True) for user in users]
    UserModel.objects.bulk_create(models)
    jobs = [JobFactory.build(model=model, running=True) for model in models]
    JobQueue.objects.bulk_create(jobs)
    pages = [models[number % count] for number in range(streams)]
    sessions = make_sessions([model.owner for model in pages])
    path = "/dashboard/events?model={}&after=0"
    return People(
        jobs,
        [Page(path.format(m.pk), cookie) for m, cookie in zip(pages, sessions, strict=True)],
    )


def make_sessions(users: Sequence[object]) -> list[str]:
    """Sign every one of `users` in and return the cookies of the sessions."""
    from django.conf import settings
    from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
    from django.contrib.sessions.backends.db import SessionStore
    from django.contrib.sessions.models import Session

    rows = []
    for user in users:
        store = SessionStore()
        content = {
            SESSION_KEY: str(user.pk),  # type: ignore[attr-defined]
            BACKEND_SESSION_KEY: settings.AUTHENTICATION_BACKENDS[0],
            HASH_SESSION_KEY: user.get_session_auth_hash(),  # type: ignore[attr-defined]
        }
        key = store._get_new_session_key()
        expires = store.get_expiry_date()
        rows.append(Session(key, store.encode(content), expires))
    Session.objects.bulk_create(rows, batch_size=500)
    return [f"{settings.SESSION_COOKIE_NAME}={row.session_key}" for row in rows]


def measure(site: Site, crowd: Crowd, people: People, visits: Visits) -> int:
    """Open everybody's pages, watch, let things happen; print all figures."""
    warm_up(site, crowd, people, visits)
    threads, memory = site.status("Threads"), site.kilobytes
    with visits.going_on() as times:
        time.sleep(10)
    print(f"before: {threads} threads, {memory / 1024:.0f} MB, pages in ms: {spread(times)}")
    opening(crowd, people, visits)
    opened = [page for page in people.pages if page.status == "200" and not page.ended_at]
    print(f"streams open: {len(opened)} of {len(people.pages)}")
    idle(site, visits)
    cost = (site.kilobytes - memory) / max(1, len(opened))
    print(f"threads: {threads} before, {site.status('Threads')} with all streams open")
    print(
        f"memory: {cost:.1f} KB for each stream, {site.kilobytes / 1024:.0f} MB in all", flush=True
    )
    one_event(people)
    with visits.going_on() as times:
        event_for_everybody(people)
    print(f"pages in ms during that: {spread(times)}", flush=True)
    signing_out(people)
    crowd.close()
    time.sleep(3)
    print(f"after: {site.status('Threads')} threads, {site.kilobytes / 1024:.0f} MB")
    return int(len(opened) < len(people.pages))


def warm_up(site: Site, crowd: Crowd, people: People, visits: Visits) -> None:
    """What happens once in a process is not the price of a stream."""
    with requests.Session() as browser:
        for path in PATHS * 5:
            visits.load(browser, path)
    some = people.pages[:PAGES_OF_ONE]
    crowd.open([Page(page.path, page.session) for page in some], LIMIT)
    crowd.close()
    time.sleep(2)


def opening(crowd: Crowd, people: People, visits: Visits) -> None:
    begun = time.monotonic()
    with visits.going_on() as times:
        crowd.open(people.pages, LIMIT)
        took = time.monotonic() - begun
    print(f"opened within {took:.0f} s; pages in ms meanwhile: {spread(times)}", flush=True)


def idle(site: Site, visits: Visits, seconds: float = 30) -> None:
    """Nothing happens, for two rounds of keepalives."""
    begun, before, busy = time.monotonic(), site.queries()[0], site.busy_seconds
    time.sleep(seconds)
    took = time.monotonic() - begun
    rate = (site.queries()[0] - before) / took * 0.5
    print(f"database queries of all streams per half second: {rate:.2f}")
    print(
        f"processor, nothing happening: {100 * (site.busy_seconds - busy) / took:.0f} % of a core"
    )
    with visits.going_on() as times:
        time.sleep(seconds)
    print(f"pages in ms with all streams open: {spread(times)}", flush=True)


def one_event(people: People) -> None:
    """An event of one person reaches that person's pages, several times."""
    times = []
    for job in people.jobs[:20]:
        took = until_seen([job], people.of(job))
        times.append(1000 * (LIMIT if took is None else took))
        time.sleep(0.3)
    print(f"from an event's commit to its owner's last page, in ms: {spread(times)}", flush=True)


def event_for_everybody(people: People) -> None:
    """All trainings move at the same moment: every page is rendered and sent."""
    print(
        f"{len(people.jobs)} events at once to the last of all pages: "
        f"{in_words(until_seen(people.jobs, people.pages))}"
    )


def until_seen(jobs: Sequence[object], pages: Sequence[Page]) -> float | None:
    """Commit an event of each job; return how many seconds later the last page had its own."""
    from jobs.models import JobEvent

    begun = time.monotonic()
    JobEvent.objects.bulk_create(JobEvent(job=job, kind="progress") for job in jobs)  # type: ignore[misc]
    committed = time.monotonic()
    # A page may have it before we hear of our own commit.
    seen = last(pages, lambda page: page.updated_at, begun, LIMIT)
    return None if seen is None else max(0.0, seen - committed)


def signing_out(people: People) -> None:
    """Every session ends; so do the streams that came from them."""
    from django.contrib.sessions.models import Session

    begun = time.monotonic()
    Session.objects.all().delete()
    committed = time.monotonic()
    ended = last(people.pages, lambda page: page.ended_at, begun, 60)
    took = None if ended is None else max(0.0, ended - committed)
    print(f"from the end of all sessions to the end of the last stream: {in_words(took)}")


def in_words(seconds: float | None) -> str:
    return "never" if seconds is None else f"{seconds:.1f} s"


if __name__ == "__main__":
    raise SystemExit(main())
