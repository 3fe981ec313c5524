"""Breakages: what is different at a hosted service."""

from __future__ import annotations

from bench.chaos.mutant import ORPHANS, RESTORE, SEAMS, TURNS, WEBHOOKS, Mutant

HOSTED = (
    # --- its list shows the photos instead of our token -------------------------------------
    Mutant(
        "what a list shows of a call is not stored with it",
        "jobs/engine/transitions.py",
        '    changes["lookup_key"] = lookup_key\n',
        "",
        (SEAMS,),
    ),
    Mutant(
        "the journal does not keep what a list shows",
        "jobs/engine/submit.py",
        "            journal.keep_lookup_key(job)\n",
        "            pass\n",
        (SEAMS,),
    ),
    Mutant(
        "a restored job is not looked for by what the journal kept",
        "jobs/engine/restore.py",
        "    tokens = [*kept, job.token]\n",
        "    tokens = [job.token]\n",
        (RESTORE,),
    ),
    Mutant(
        "runs of lost jobs are not named by what the journal kept",
        "jobs/engine/restore.py",
        "    return [run.correlation] if run.correlation in kept else TOKEN",
        "    return TOKEN",
        (RESTORE,),
    ),
    Mutant(
        "only a job's newest call is watched for late runs",
        "jobs/engine/orphans.py",
        "            tokens = {job.token} | earlier.get(job.pk, set())\n",
        "            tokens = {job.token}\n",
        (ORPHANS,),
    ),
    # --- its list lacks some runs, or there is none -------------------------------------------
    Mutant(
        "an entry without its input proves an absence",
        "providers/replicate/replies.py",
        '            is_complete = is_complete and isinstance(item.get("input"), Mapping)\n',
        "",
        ("tests/providers/replicate/test_lists_and_logs.py",),
    ),
    Mutant(
        "a history that lacks a run proves its absence",
        "providers/fal/history.py",
        '    return RunList(tuple(runs), next_page=text(cursor) if has_more else "")',
        "    return RunList(tuple(runs), moment('2000-01-01T00:00:00Z'))",
        ("tests/providers/test_fal.py",),
    ),
    Mutant(
        "no budget of single calls",
        "jobs/engine/turns.py",
        "        self.left = max(1, int(seconds * provider.calls_per_second))\n",
        "        self.left = max(1000, int(seconds * provider.calls_per_second))\n",
        (SEAMS, TURNS),
    ),
    # --- its webhooks are signed for every customer -------------------------------------------
    Mutant(
        "a webhook's run is adopted whoever it belongs to",
        "jobs/engine/webhooks.py",
        "    if _is_of_another(job, run):\n",
        "    if False:\n",
        (WEBHOOKS,),
    ),
    Mutant(
        "what a webhook says is believed",
        "jobs/engine/webhooks.py",
        "            run = provider.get_run(replace(job.run_ref, id=run_id))\n",
        '            run = Run(run_id, type(provider).statuses["completed"])\n',
        (WEBHOOKS,),
    ),
)
