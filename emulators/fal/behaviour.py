"""How the service behaves now: what the rules of `PUT /faults` say about accounts, endpoints, runs.

These are faults of a subject: they take `only` and a probability, on the route `*`. The subject is
an account's id, or `<endpoint>:<request id>`; so `only: "fal-ai/flux-2-trainer:"` means one trainer
and all of its runs, and an endpoint alone is `<endpoint>:`.
"""

from __future__ import annotations

from emulators.faults.plan import Plan
from emulators.faults.rules import STUCK

# Of accounts.
NO_CREDIT = "no_credit"  # submits are refused with 403 "User is locked"
ADMIN_LOCK = "admin_lock"  # refused likewise, for another reason than the balance
REVOKED_KEY = "revoked_key"  # 401 everywhere
API_SCOPE = "api_scope"  # the key is no ADMIN key: no deletions, no bills
LISTS_UNFINISHED = "lists_unfinished"  # the history has what waits and runs, too (unverified)
# Of endpoints.
GONE = "trainer_gone"  # no schema, no price, no submit
CHANGED_SCHEMA = "changed_schema"  # the first required input has another name
CHANGED_PRICE = "changed_price"  # twice as much
# Of runs: how they end, or do not.
IGNORES_CANCEL = "ignores_cancel"  # goes on after a cancel, and costs
FORGETS_CANCELLED = "forgets_cancelled"  # 404 after a cancel
WITHHELD = "withheld_picture"  # the safety checker withholds every picture
ENDINGS = (
    "out_of_memory",
    "timed_out",
    "moderated",
    "runner_disconnected",
    "runner_server_error",
)
SUBJECT_FAULTS = (
    STUCK,
    NO_CREDIT,
    ADMIN_LOCK,
    REVOKED_KEY,
    API_SCOPE,
    LISTS_UNFINISHED,
    GONE,
    CHANGED_SCHEMA,
    CHANGED_PRICE,
    IGNORES_CANCEL,
    FORGETS_CANCELLED,
    WITHHELD,
    *ENDINGS,
)


def ending_of(plan: Plan, subject: str) -> str:
    """Return the failure that a run is to end with, empty where it is to succeed."""
    return next((ending for ending in ENDINGS if plan.befalls(ending, subject)), "")
