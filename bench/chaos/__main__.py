"""`make chaos`: accidents at random moments, and proof that nobody paid twice or lost a job.

Real processes, real HTTP, in compressed time. The schedule follows from the seed alone; how far
a request has come when its process dies does not, which is the point.
"""

from __future__ import annotations

import argparse
from collections import Counter

import django

from bench import disk
from bench.chaos.accidents import needs_disk
from bench.chaos.people import Draft
from bench.installation import Installation, installation
from bench.trainers import SETS, Pace

TRAINING_SECONDS = 4.0
TIME_FACTOR = 10.0


def main() -> int:
    options = _options()
    if options.mutants:
        from bench.chaos.mutation import run_mutants

        return run_mutants(options.only)
    has_disk = not options.steps and needs_disk(options.only) and disk.is_possible()
    with installation(
        is_embedded=options.embedded,
        pace=Pace(TRAINING_SECONDS),
        provider=options.provider,
        time_factor=TIME_FACTOR,
        has_disk=has_disk,
    ) as site:
        django.setup()
        return _run_steps(site, options) if options.steps else _run_trials(site, options)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--trials", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--provider", default="", choices=SETS, help="the bundled ones by default")
    parser.add_argument("--embedded", action="store_true", help="SQLite and the file broker")
    parser.add_argument(
        "--steps",
        choices=["kill", "freeze"],
        help="instead of trials: stop a worker at every step of a submission",
    )
    parser.add_argument(
        "--only", default="", help="accidents whose name contains this, or this: A,B"
    )
    parser.add_argument("--hold", type=float, default=0, help="seconds each trial takes at least")
    parser.add_argument("--stride", type=int, default=1, help="every how many steps")
    parser.add_argument("--judge", default="", help="the numbers that decide; all by default")
    parser.add_argument(
        "--mutants",
        action="store_true",
        help="instead: break the engine on purpose, piece by piece",
    )
    return parser.parse_args()


def _run_trials(site: Installation, options: argparse.Namespace) -> int:
    from bench.chaos import results
    from bench.chaos.trials import Trials
    from bench.chaos.verdict import judge

    where = ", ".join(trainer.provider for trainer in site.trainers)
    print(f"chaos: {options.trials} trials, seed {options.seed}, on {site.kind}, at {where}")
    trials = Trials(
        site, trials=options.trials, seed=options.seed, only=options.only, hold=options.hold
    )
    is_calm = trials.run()
    verdict = judge(site, trials.drafts)
    for name in sorted(trials.struck):
        own = [draft for draft in trials.drafts if name in draft.accident]
        print(f"{name}: struck={trials.struck[name]} {verdict.counts(own)}")
    print(trials.sampler.summary())
    words = sum((draft.permissions for draft in trials.drafts), Counter())
    print(f"asked for: {dict(words)}, restored: {site.restored}, calm: {is_calm}")
    print(f"jobs: {results.jobs_by_state()}", *results.reasons(), sep="\n")
    print(f"trials={options.trials} {verdict.counts(trials.drafts)}")
    print(verdict.summary)
    site.problems += [f"job {job} was not looked at for long" for job in trials.sampler.neglected()]
    site.problems += [f"never struck: {name}" for name in trials.missed]
    print("".join(f"problem: {one}\n" for one in site.problems), end="")
    if not verdict.is_clean:
        _explain(site, verdict, trials.drafts)
    is_clean = verdict.is_clean_in(options.judge)
    return 0 if is_clean and not site.problems else 1


def _run_steps(site: Installation, options: argparse.Namespace) -> int:
    from bench.chaos import steps
    from bench.chaos.verdict import judge

    drafts = steps.run(site, is_freezing=options.steps == "freeze", stride=options.stride)
    verdict = judge(site, drafts)
    print(f"trials={len(drafts)} {verdict.counts(drafts)}")
    if not verdict.is_clean:
        _explain(site, verdict, drafts)
    return 0 if verdict.is_clean_in(options.judge) else 1


def _explain(site: Installation, verdict: object, drafts: list[Draft]) -> None:
    """Print the story of every model that went wrong."""
    from bench.chaos.ledgers import ledgers
    from jobs.models import JobEvent, JobQueue

    paid = {**ledgers(site, "training"), **ledgers(site, "generation")}
    by_id = {draft.model_id: draft for draft in drafts}
    for name, models in verdict.bad.items():
        for model_id in list(models)[:5]:
            draft = by_id.get(model_id)
            print(f"--- {name}: model {model_id}, {draft and draft.story}")
            for job in JobQueue.objects.filter(idempotency_key__contains=str(model_id)):
                print(f"job {job.pk} {job.kind} {job.provider} paid as {paid.get(job.correlation)}")
                print(f"  {job.status} run={job.run_id} {job.error_code} {job.incident}")
                for event in JobEvent.objects.filter(job=job).exclude(kind__in=["log", "loss"]):
                    print(f"  {event.at:%H:%M:%S.%f} {event.kind} {event.text} {event.data}")
    print(f"logs were in {site.folder}")


if __name__ == "__main__":
    raise SystemExit(main())
