"""`make bench-monitor`: thousands of active runs at a trainer with a list and at one without, or
at the emulator of a hosted service.

Prints how often each run is really polled, what that costs, whether pages stay fast, and whether
the time that every run may stay unseen at most was held.
"""

from __future__ import annotations

import argparse
import re
import statistics
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import requests

from bench.chaos.people import sign_in
from bench.endings import Endings
from bench.installation import Installation, installation
from bench.trainers import SETS, Pace
from theway.processes.waiting import wait_until

PAGES = ("/dashboard/", "/dashboard/models", "/dashboard/activity")
TRAINING_SECONDS = 7200.0
STEPS = 2000
ENDS_AFTER_BOUND = 60.0  # seconds: those runs that end do so while we watch
WARM_UP_BOUNDS = 3  # for so many times the bound a first look at each run is waited for


def main() -> int:
    options = _options()
    pace = Pace(TRAINING_SECONDS, latency=options.latency / 1000, slots=options.jobs)
    with installation(is_embedded=options.embedded, provider=options.provider, pace=pace) as site:
        import django

        django.setup()
        print(
            f"{options.jobs} active runs at each trainer, {options.latency} ms latency, "
            f"on {site.kind}"
        )
        site.start_trainers()
        begun = time.monotonic()
        bounds = _bounds(site, options.jobs)
        endings = Endings(site, max(bounds.values()) + ENDS_AFTER_BOUND)
        cookies = _prepare(site, options.jobs, endings)
        print(f"prepared in {time.monotonic() - begun:.0f} s", flush=True)
        for name in ("web-1", "worker-2", "beat"):
            site.parts[name].start()
        seconds = options.seconds or 2 * endings.seconds
        is_held = _watch(site, cookies, bounds, seconds)
        print(*endings.report(), sep="\n")
        return 0 if is_held else 1


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--provider", default="", choices=SETS, help="the bundled ones by default")
    parser.add_argument("--jobs", type=int, default=5000, help="at each trainer")
    parser.add_argument("--latency", type=int, default=150, help="of every trainer answer, in ms")
    parser.add_argument(
        "--seconds", type=int, default=0, help="how long to watch; else for two bounds at least"
    )
    parser.add_argument("--embedded", action="store_true", help="SQLite and the file broker")
    return parser.parse_args()


def _prepare(site: Installation, count: int, endings: Endings) -> dict[str, str]:
    """Start `count` runs at each trainer and store their jobs; return a signed-in cookie."""
    from tests.factories import UserFactory

    user = UserFactory()
    for trainer in site.trainers:
        _prepare_at(trainer.provider, count, user)
    endings.begin(lambda provider, few: _prepare_at(provider, few, user))
    return sign_in(user)


def _prepare_at(provider: str, count: int, user: object) -> None:
    from django.utils import timezone

    from jobs.models import JobQueue, new_correlation
    from models_app.models import UserModel
    from providers.catalog import FLUX1_DEV
    from tests.factories import JobFactory, UserModelFactory

    tokens = [new_correlation() for _ in range(count)]
    runs = _start_runs(provider, tokens)
    models = UserModelFactory.build_batch(count, owner=user, provider=provider, training=True)
    UserModel.objects.bulk_create(models)
    seen = {"running": True, "last_seen_at": timezone.now(), "provider": provider}
    seen["payload"] = {"base_model": FLUX1_DEV}
    JobQueue.objects.bulk_create(
        JobFactory.build(model=model, run_id=run_id, correlation=token, **seen)
        for model, run_id, token in zip(models, runs, tokens, strict=True)
    )


def _start_runs(provider: str, tokens: Sequence[str]) -> list[str]:
    from providers import registry
    from providers.catalog import FLUX1_DEV
    from tests.providers.samples import photos, training_request

    dataset = registry.get(provider).upload_dataset(photos())
    sample = training_request(base_model=FLUX1_DEV, dataset=dataset, epochs=1000, steps=STEPS)
    sample = registry.get(provider).prepare_training(sample)

    def start(token: str) -> str:
        return registry.get(provider).start_training(replace(sample, correlation=token)).id

    with ThreadPoolExecutor(32) as pool:
        return list(pool.map(start, tokens))


def _bounds(site: Installation, count: int) -> dict[str, float]:
    """How long each run may stay unseen at most, in seconds, by provider."""
    from jobs.engine.backoff import longest_unseen
    from providers import registry
    from providers.types import FOLLOWING, WorkKind

    found = {}
    for key in [trainer.provider for trainer in site.trainers]:
        provider = registry.get(key)
        is_listed = FOLLOWING[WorkKind.TRAINING] in provider.capabilities
        found[key] = longest_unseen(count, provider, is_listed=is_listed).total_seconds()
    return found


def _watch(
    site: Installation, cookies: dict[str, str], bounds: dict[str, float], seconds: float
) -> bool:
    """Watch for so many seconds; print what was seen; return whether every bound was held."""
    ages: dict[str, list[float]] = {key: [] for key in bounds}
    pages: list[float] = []
    _warm_up(site, cookies, max(bounds.values()))
    calls_before, begun = _calls(site), time.monotonic()
    while time.monotonic() - begun < seconds:
        for key, age in _ages():
            ages[key].append(age)
        pages += [_page(site, path, cookies) for path in PAGES]
        time.sleep(0.5)
    ticks = (time.monotonic() - begun) / 2
    for key in bounds:
        calls = (_calls(site)[key] - calls_before[key]) / ticks
        held = "held" if max(ages[key]) <= bounds[key] else "NOT HELD"
        print(f"{key}: age of a run's last poll in s: {_spread(ages[key])}")
        print(f"{key}: every run is seen at least every {bounds[key]:.0f} s: {held}")
        print(f"{key}: requests per tick of 2 s: {calls:.1f}")
    print(f"page time in ms: {_spread([1000 * one for one in pages])}")
    for name in ("worker-2", "web-1", *bounds):
        print(f"peak memory of {name}: {_peak_megabytes(site, name):.0f} MB")
    return all(max(ages[key]) <= bound for key, bound in bounds.items())


def _warm_up(site: Installation, cookies: dict[str, str], bound: float) -> None:
    """The first round includes imports and cold caches; it is not measured."""
    from django.utils import timezone

    from jobs.models import JobQueue

    begun = timezone.now()
    for path in PAGES:
        _page(site, path, cookies)
    time.sleep(15)
    unseen = JobQueue.objects.filter(status="running", last_seen_at__lt=begun)
    wait_until(lambda: not unseen.exists(), WARM_UP_BOUNDS * bound)


def _ages() -> Iterator[tuple[str, float]]:
    """Each running job's provider, and how many seconds ago it was seen last."""
    from jobs import clock
    from jobs.models import JobQueue

    now = clock.now()
    seen = JobQueue.objects.filter(status="running").values_list("provider", "last_seen_at")
    for provider, moment in seen:
        yield provider, (now - moment).total_seconds()


def _calls(site: Installation) -> dict[str, int]:
    logs = {one.provider: site.parts[one.provider].log for one in site.trainers}
    # Without those for stored files: a service reads the photos of its runs there, too.
    return {
        key: len(re.findall(r"(?:GET|POST|PUT) '/(?!files/)", log)) for key, log in logs.items()
    }


def _page(site: Installation, path: str, cookies: dict[str, str]) -> float:
    begun = time.monotonic()
    requests.get(site.webs[0] + path, cookies=cookies, timeout=30).raise_for_status()
    return time.monotonic() - begun


def _spread(values: Sequence[float]) -> str:
    cuts = statistics.quantiles(values, n=100)
    return f"p50={cuts[49]:.1f} p99={cuts[98]:.1f} max={max(values):.1f}"


def _peak_megabytes(site: Installation, name: str) -> float:
    status = Path(f"/proc/{site.parts[name].pid}/status").read_text()
    return int(re.findall(r"VmHWM:\s+(\d+) kB", status)[0]) / 1024


if __name__ == "__main__":
    raise SystemExit(main())
