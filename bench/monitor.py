"""`make bench-monitor`: thousands of active runs, one worker, a distant trainer.

Prints how often each run is really polled, what that costs, and whether pages stay fast.
"""

from __future__ import annotations

import argparse
import re
import statistics
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import requests

from bench.chaos.people import sign_in
from bench.installation import Installation, installation

PAGES = ("/dashboard/", "/dashboard/models", "/dashboard/activity")


def main() -> None:
    options = _options()
    trainer = {"TRAINER_SECONDS": 3600, "TRAINER_SLOTS": options.jobs}
    trainer["EMULATOR_LATENCY_MS"] = options.latency
    with installation(is_embedded=options.embedded, **trainer) as site:
        import django

        django.setup()
        print(f"{options.jobs} active runs, {options.latency} ms latency, on {site.kind}")
        site.parts["trainer"].start()
        begun = time.monotonic()
        cookies = _prepare(options.jobs)
        print(f"prepared in {time.monotonic() - begun:.0f} s", flush=True)
        for name in ("web-1", "worker-2", "beat"):
            site.parts[name].start()
        _watch(site, cookies, options.seconds)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--jobs", type=int, default=5000)
    parser.add_argument("--latency", type=int, default=150, help="of every trainer answer, in ms")
    parser.add_argument("--seconds", type=int, default=60, help="how long to watch")
    parser.add_argument("--embedded", action="store_true", help="SQLite and the file broker")
    return parser.parse_args()


def _prepare(count: int) -> dict[str, str]:
    """Start `count` runs at the trainer and store their jobs; return a signed-in cookie."""
    from django.utils import timezone

    from jobs.models import JobQueue, new_correlation
    from models_app.models import UserModel
    from tests.factories import JobFactory, UserFactory, UserModelFactory

    user = UserFactory()
    tokens = [new_correlation() for _ in range(count)]
    runs = _start_runs(tokens)
    models = UserModelFactory.build_batch(count, owner=user, training=True)
    UserModel.objects.bulk_create(models)
    seen = {"running": True, "last_seen_at": timezone.now()}
    JobQueue.objects.bulk_create(
        JobFactory.build(model=model, run_id=run_id, correlation=token, **seen)
        for model, run_id, token in zip(models, runs, tokens, strict=True)
    )
    return sign_in(user)


def _start_runs(tokens: Sequence[str]) -> list[str]:
    from providers import registry
    from providers.catalog import FLUX1_DEV
    from providers.local.provider import Local
    from tests.providers.samples import photos, training_request

    dataset = registry.get(Local.key).upload_dataset(photos())
    sample = training_request(base_model=FLUX1_DEV, dataset=dataset, epochs=1000)

    def start(token: str) -> str:
        return registry.get(Local.key).start_training(replace(sample, correlation=token)).id

    with ThreadPoolExecutor(32) as pool:
        return list(pool.map(start, tokens))


def _watch(site: Installation, cookies: dict[str, str], seconds: int) -> None:
    ages: list[float] = []
    oldest: list[float] = []
    pages: list[float] = []
    _warm_up(site, cookies)
    polls, calls_before, begun, before = 0, _calls(site), time.monotonic(), _observations()
    while time.monotonic() - begun < seconds:
        observed = _observations()
        polls += sum(observed[job] != before.get(job) for job in observed)
        before, now_ages = observed, _ages(observed)
        ages += now_ages
        oldest.append(max(now_ages))
        pages += [_page(site, path, cookies) for path in PAGES]
        time.sleep(0.5)
    lasted = time.monotonic() - begun
    ticks, calls = lasted / 2, _calls(site) - calls_before
    print(f"polls per second: {polls / lasted:.0f}")
    print(f"requests to the trainer per tick of 2 s: {calls / ticks:.1f}")
    print(f"age of a run's last poll in s: {_spread(ages)}")
    print(f"age of the oldest unseen run in s: {_spread(oldest)}")
    print(f"page time in ms: {_spread([1000 * one for one in pages])}")
    for name in ("worker-2", "web-1", "trainer"):
        print(f"peak memory of {name}: {_peak_megabytes(site, name):.0f} MB")


def _warm_up(site: Installation, cookies: dict[str, str]) -> None:
    """The first round includes imports and cold caches; it is not measured."""
    for path in PAGES:
        _page(site, path, cookies)
    time.sleep(15)


def _observations() -> dict[object, datetime]:
    """When each running job was last seen."""
    from jobs.models import JobQueue

    seen = JobQueue.objects.filter(status="running").values_list("pk", "last_seen_at")
    return {job: moment for job, moment in seen if moment}


def _ages(observed: dict[object, datetime]) -> list[float]:
    from jobs import clock

    now = clock.now()
    return [(now - moment).total_seconds() for moment in observed.values()]


def _calls(site: Installation) -> int:
    return len(re.findall(r"(?:GET|POST) '/v1/", site.parts["trainer"].log))


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
    main()
