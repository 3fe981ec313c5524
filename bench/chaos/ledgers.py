"""What the trainers have accepted, and so would have billed: by our token for each paid call."""

from __future__ import annotations

import json
from collections.abc import Mapping

import requests

from bench.installation import Installation
from bench.trainers import Trainer

LEDGERS = {"training": "creations", "generation": "generations"}  # by kind of job
Paid = dict[str, list[str]]  # ids by token


def ledgers(site: Installation, kind: str, *, only_named: bool = False) -> Paid:
    """Return the ids of everything of one kind of job that all trainers have accepted.

    `only_named` leaves those out whose lists do not show our tokens.
    """
    paid: Paid = {}
    for trainer in site.trainers:
        if only_named and not shows_tokens(trainer.provider, kind):
            continue
        url, query = f"{trainer.url}/ledger", {"by": "correlation"}
        answer = requests.get(url, query, headers=trainer.headers, timeout=30).json()
        for token, ids in _by_token(trainer, kind, answer[LEDGERS[kind]]).items():
            paid.setdefault(token, []).extend(ids)
    return paid


def shows_tokens(provider: str, kind: str) -> bool:
    """Whether a provider's list shows our token on every run of a kind."""
    from providers import registry

    return is_listed(provider, kind) and registry.get(provider).shows_correlation


def is_listed(provider: str, kind: str) -> bool:
    """Whether a provider has a list of all runs of a kind: then it can know of a second one."""
    from providers import registry
    from providers.types import FOLLOWING, WorkKind

    return FOLLOWING[WorkKind(kind)] in registry.CLASSES[provider].capabilities


def _by_token(trainer: Trainer, kind: str, paid: Mapping[str, list[str]]) -> Paid:
    """Name those again whose line a kill has cut: by what the service itself knows of them."""
    from jobs.models import JobQueue

    jobs = JobQueue.objects.filter(provider=trainer.provider, kind=kind)
    found: Paid = {}
    for name, ids in paid.items():
        token = name
        if not name.startswith("tw-"):
            wanted = (
                {"lookup_key": name} if kind == "training" else {"payload__prompt": _prompt(name)}
            )
            token = jobs.filter(**wanted).values_list("correlation", flat=True).first() or name
        found.setdefault(token, []).extend(ids)
    return found


def _prompt(sent: str) -> str:
    """Return the prompt in the input of a call for pictures, which goes by that as JSON."""
    return str(json.loads(sent).get("prompt", ""))
