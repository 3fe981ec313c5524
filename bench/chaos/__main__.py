"""`make chaos`: accidents at random moments, and proof that nobody paid twice or lost a job.

Real processes, real HTTP. The schedule follows from the seed alone; how far a request has
come when its process dies does not, which is the point.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from random import Random

import django

from bench.chaos import steps
from bench.chaos.accidents import ACCIDENTS, Accident, end_faults, set_faults
from bench.chaos.people import Draft, make_drafts, press_start
from bench.chaos.verdict import BAD, Verdict, judge
from bench.installation import Installation, installation
from theway.processes.waiting import wait_until

DRAFTS_PER_TRIAL = 2
TRIAL_SECONDS = (0.8, 2.2)
TRAINING_SECONDS = 4.0


def main() -> int:
    options = _options()
    trainer = {"TRAINER_SECONDS": TRAINING_SECONDS, "TRAINER_SLOTS": 500}
    with installation(is_embedded=options.embedded, **trainer) as site:
        django.setup()
        if options.steps:
            drafts = steps.run(site, is_freezing=options.steps == "freeze", stride=options.stride)
            struck = Counter(draft.accident for draft in drafts)
        else:
            drafts, struck = _trials(site, options)
        verdict = judge(site, drafts)
        for name in sorted(struck):
            own = [draft for draft in drafts if draft.accident == name]
            print(f"{name}: struck={struck[name]} {verdict.counts(own)}")
        count = len(drafts) if options.steps else options.trials
        kills = sum(struck[one.name] for one in ACCIDENTS if one.kills) or struck["killed"]
        print(f"trials={count} kills={kills} {verdict.counts(drafts)}")
        if not verdict.is_clean:
            _explain(site, verdict)
        return 0 if verdict.is_clean else 1


def _trials(site: Installation, options: argparse.Namespace) -> tuple[list[Draft], Counter[str]]:
    """Run all trials and let everything come to rest; return the drafts and what struck."""
    trials, rng = options.trials, Random(options.seed)
    possible = [accident for accident in ACCIDENTS if options.only in accident.name]
    schedule = [possible[rng.randrange(len(possible))] for _ in range(trials)]
    print(f"chaos: {trials} trials, seed {options.seed}, on {site.kind}", flush=True)
    drafts = make_drafts(trials * DRAFTS_PER_TRIAL, rng)
    site.heal()
    _wait_for_first_tick()
    struck: Counter[str] = Counter()
    for number, accident in enumerate(schedule):
        own = drafts[number * DRAFTS_PER_TRIAL : (number + 1) * DRAFTS_PER_TRIAL]
        struck[accident.name] += _trial(site, accident, own, rng)
        _progress(number + 1, trials)
    _heal_and_rest(site, drafts)
    return drafts, struck


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--trials", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--embedded", action="store_true", help="SQLite and the file broker")
    parser.add_argument(
        "--steps",
        choices=["kill", "freeze"],
        help="instead of trials: stop a worker at every step of a submission",
    )
    parser.add_argument("--only", default="", help="accidents whose name contains this")
    parser.add_argument("--stride", type=int, default=1, help="every how many steps")
    return parser.parse_args()


def _wait_for_first_tick() -> None:
    """Accidents before the workers work would prove nothing."""
    from jobs.health import last_heartbeat

    wait_until(last_heartbeat, 60)


def _trial(site: Installation, accident: Accident, drafts: list[Draft], rng: Random) -> int:
    """Let people press start while the accident happens at a random moment around it.

    Return how often it struck: processes hit, or answers of the trainer spoilt.
    """
    delay, length = rng.uniform(0, 0.6), rng.uniform(*TRIAL_SECONDS)
    cause_rng = Random(rng.randrange(1 << 30))
    with ThreadPoolExecutor(len(drafts)) as people:
        for draft in drafts:
            draft.accident = accident.name
            people.submit(press_start, draft, site.webs)
        time.sleep(delay)
        accident.cause(site, cause_rng)
        time.sleep(length)
        struck = accident.kills + end_faults(site)
        for part in site.parts.values():
            part.start()
    return struck


def _heal_and_rest(site: Installation, drafts: list[Draft]) -> None:
    """End all trouble, let everybody press who could not, and wait until nothing moves."""
    from django.db import connection

    site.heal()
    set_faults(site, 0, [])
    for draft in drafts:
        if not draft.accepted:
            press_start(draft, site.webs)
    connection.close()  # it may have been cut by the accidents
    steps.wait_for_rest()


def _progress(done: int, total: int) -> None:
    if done % 10 == 0:
        print(f"{done} of {total} trials", end="\r", flush=True, file=sys.stderr)


def _explain(site: Installation, verdict: Verdict) -> None:
    """Print the story of every model that went wrong."""
    from jobs.models import JobEvent, JobQueue

    for name in BAD:
        for model_id in list(verdict.models[name])[:5]:
            print(f"--- {name}: model {model_id}")
            for job in JobQueue.objects.filter(model=model_id):
                print(f"job {job.pk} {job.status} run={job.run_id} {job.error_code} {job.incident}")
                for event in JobEvent.objects.filter(job=job).exclude(kind__in=["log", "loss"]):
                    print(f"  {event.at:%H:%M:%S.%f} {event.kind} {event.text} {event.data}")
    print(f"logs were in {site.folder}")


if __name__ == "__main__":
    raise SystemExit(main())
