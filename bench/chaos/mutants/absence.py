"""Breakages: what proves that a paid call never came."""

from __future__ import annotations

from bench.chaos.mutant import RECONCILE, Mutant, aimed

ABSENCE = (
    Mutant(
        "one list is proof",
        "jobs/engine/reconcile.py",
        "LISTS_FOR_PROOF = 3",
        "LISTS_FOR_PROOF = 1",
        (RECONCILE,),
    ),
    Mutant(
        "no witness",
        "jobs/engine/reconcile.py",
        "    return bool(witnesses) and all(",
        "    return all(",
        (RECONCILE,),
        aimed("answer lost", "admits nothing"),
    ),
    Mutant(
        "one run is witness enough",
        "jobs/engine/reconcile.py",
        "    return bool(witnesses) and all(",
        "    return bool(witnesses) and any(",
        (RECONCILE,),
    ),
    Mutant(
        "an incomplete list is proof",
        "providers/types.py",
        "        return self.complete_since is not None and self.complete_since <= moment",
        "        return self.complete_since is None or self.complete_since <= moment",
        (RECONCILE,),
    ),
    Mutant(
        "no proof at all",
        "jobs/engine/reconcile.py",
        "    if absences >= LISTS_FOR_PROOF and over_for >= provider.absence_after:",
        "    if over_for or absences:",
        (RECONCILE,),
        aimed("answer lost", "admits nothing"),
    ),
    Mutant(
        "proof without waiting",
        "jobs/engine/reconcile.py",
        "    if absences >= LISTS_FOR_PROOF and over_for >= provider.absence_after:",
        "    if absences >= LISTS_FOR_PROOF:",
        (RECONCILE,),
    ),
    Mutant(
        "a list of another account is proof",
        "jobs/engine/reconcile.py",
        "    is_proof = is_witnessed and job.account == provider.account",
        "    is_proof = is_witnessed",
        (RECONCILE,),
    ),
    Mutant(
        "a run of another account is a witness",
        "jobs/engine/reconcile.py",
        "provider=provider.key, kind=kind, account=provider.account)\n    known",
        "provider=provider.key, kind=kind)\n    known",
        (RECONCILE,),
    ),
)
