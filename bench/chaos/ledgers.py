"""What the trainers have accepted, and so would have billed: by our token for each paid call."""

from __future__ import annotations

import json
from collections.abc import Container, Iterable, Mapping

import requests

from bench.installation import Installation
from bench.trainers import Trainer

LEDGERS = {"training": "creations", "generation": "generations"}  # by kind of job
Paid = dict[str, list[str]]  # ids by token


def ledgers(site: Installation, kind: str, *, only_listed: bool = False) -> Paid:
    """Return the ids of everything of one kind of job that all trainers have accepted.

    `only_listed` leaves those out that have no list of them.
    """
    paid: Paid = {}
    for trainer in site.trainers:
        if only_listed and not is_listed(trainer.provider, kind):
            continue
        url, query = f"{trainer.url}/ledger", {"by": "correlation"}
        answer = requests.get(url, query, headers=trainer.headers, timeout=30).json()
        for token, ids in _by_token(trainer, kind, answer[LEDGERS[kind]]).items():
            paid.setdefault(token, []).extend(ids)
    return paid


def untold(site: Installation, paid: Iterable[Paid], known: Container[str]) -> set[str]:
    """Return the tokens under which something was paid that no job has, and nobody was told of."""
    told = site.named_strangers
    return {
        token
        for tokens in paid
        for token, ids in tokens.items()
        if token not in known and not told.issuperset(ids)
    }


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
