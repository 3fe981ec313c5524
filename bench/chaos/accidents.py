"""Everything that can happen to an installation: the catalogue.

Three kinds that strike together, one of each: to the paid call, to what is read afterwards, and
to the processes in between. Seconds are those of compressed time, where a lease takes three.
"""

from __future__ import annotations

from collections.abc import Mapping, Set
from dataclasses import dataclass
from random import Random
from typing import Any

from bench.chaos import causes, power, restored, updates
from bench.chaos.causes import Cause, freeze, kill, skewed
from bench.chaos.dialects import WEBHOOK, rule_at
from bench.trainers import SETS


@dataclass(frozen=True)
class Accident:
    """One kind of trouble: a `cause`, or a `rule` that trainers fail by."""

    name: str
    cause: Cause | None = None
    rule: Mapping[str, Any] | None = None
    needs: str = ""  # what the installation must have: see `Installation.has`


def _rule(name: str, route: str, fault: str, probability: float = 0.8, **more: Any) -> Accident:
    rule = {"route": route, "fault": fault, "probability": probability, **more}
    return Accident(name, rule=rule)


def _webhook(fault: str) -> Accident:
    return _rule(f"webhook {fault}", WEBHOOK, fault)


def _service(name: str, cause: Cause) -> Accident:
    return Accident(name, cause, needs="services")


ANSWER_LOST = _rule("answer lost", "create", "answer_lost")
TO_PAID_CALLS: tuple[Accident, ...] = (
    ANSWER_LOST,
    _rule("cut in the answer", "create", "cut"),
    _rule("accepted and never answered", "create", "silent", seconds=30),
    _rule("reset before", "create", "reset_before"),
    _rule("error after accepting", "create", "error_after", status=502),
    _rule("trainer dies accepting", "create", "restart", 0.5),
    _rule("never accepted, never answered", "create", "hang", 0.5, seconds=30),
    _rule("504", "create", "error", status=504),
    _rule("upload hangs", "upload", "hang", seconds=30),
    _rule("malformed answer", "*", "malformed", 0.3),
    _rule("429 with Retry-After", "*", "rate_limited", retry_after=1),
    _rule("429 without Retry-After", "*", "rate_limited", 0.5),
    _rule("500", "*", "error", 0.5, status=500),
    _rule("503", "*", "error", 0.5, status=503),
    _rule("slow", "*", "slow", seconds=0.8),
    _rule("answer with images lost", "generate", "answer_lost"),
    _rule("images never answered", "generate", "silent", seconds=30),
)
TO_READINGS: tuple[Accident, ...] = (
    _rule("stale list", "list", "stale_list", 1.0, seconds=1.5),
    _rule("incomplete list", "list", "incomplete_list"),
    _rule("silently incomplete list", "list", "silently_incomplete_list"),
    _rule("list that admits nothing", "list", "empty_list"),
    _rule("list without tokens", "list", "list_without_tokens"),
    _rule("hanging list", "list", "hang", 0.5, seconds=30),
    _rule("unknown word", "*", "unknown_status"),
    _rule("stuck run", "*", "stuck", 1.0),
    _rule("backwards", "*", "backwards"),
    _rule("weights cut short", "download", "truncated"),
    _rule("weights late", "download", "missing"),
    *map(_webhook, ("lost", "twice", "late", "forged", "stale", "cut_short", "wrong_status")),
)
TO_PROCESSES: tuple[Accident, ...] = (
    Accident("worker killed", kill("worker-1", "worker-2")),
    Accident("poller killed", kill("poller")),
    Accident("worker frozen shortly", freeze("worker-1", "worker-2", at_least=0.3, at_most=2)),
    Accident(
        "worker frozen past its lease", freeze("worker-1", "worker-2", at_least=5, at_most=12)
    ),
    Accident("poller frozen past its lease", freeze("poller", at_least=8, at_most=14)),
    Accident("web killed", kill("web-1", "web-2")),
    Accident("web frozen", freeze("web-1", "web-2", at_least=0.5, at_most=4)),
    Accident("beat killed", kill("beat")),
    Accident("beat started twice", causes.second_beat),
    Accident("trainer killed", causes.kill_trainer),
    Accident("trainer frozen", causes.freeze_trainer),
    Accident("everything killed", causes.everything_killed),
    Accident("row locked", causes.row_locked),
    Accident("broker wiped", causes.broker_wiped),
    Accident("backup restored", restored.backup_restored),
    Accident("killed in a migration", updates.killed_in_migration),
    Accident("old worker beside new ones", updates.old_beside_new),
    Accident("disk full", power.disk_full, needs="disk"),
    Accident("power cut", power.power_cut, needs="disk"),
    _service("broker frozen", causes.broker_frozen),
    _service("broker away for long", causes.broker_away),
    _service("database connections cut", causes.connections_cut),
    _service("database crashed", causes.database_crashed),
    _service("worker cut off from the database", causes.partition),
    _service("clock ahead", skewed(15)),
    _service("clock behind", skewed(-15)),
)
GROUPS = (TO_PAID_CALLS, TO_READINGS, TO_PROCESSES)


def is_chosen(accident: Accident, only: str, has: Set[str]) -> bool:
    """Whether its name contains one of the parts of `only` (between commas), and the
    installation has what it needs, a trainer that fails in this way too."""
    is_named = any(part in accident.name for part in only.split(","))
    return is_named and (not accident.needs or accident.needs in has) and _fits(accident, has)


def _fits(accident: Accident, has: Set[str]) -> bool:
    providers = SETS["all"]
    return not accident.rule or any(
        provider in has and rule_at(provider, accident.rule) for provider in providers
    )


def needs_disk(only: str) -> bool:
    """Whether one of the chosen accidents needs a disk of its own."""
    every = [one for group in GROUPS for one in group if one.needs == "disk"]
    return any(is_chosen(one, only, {"disk"}) for one in every)


def schedule(rng: Random, trials: int, *, only: str, has: Set[str]) -> list[list[Accident]]:
    """Return what happens together in each trial: two or three accidents of different groups.

    Every group is dealt like a deck of cards, so that each accident comes in its turn. `only`
    and `has` choose among them, see `is_chosen`.
    """
    decks: list[list[Accident]] = [[] for _ in GROUPS]
    dealt = []
    for _ in range(trials):
        together = []
        skipped = rng.randrange(4)
        for number, group in enumerate(GROUPS):
            possible = [one for one in group if is_chosen(one, only, has)]
            if not possible or (number == skipped and not only):
                continue
            if not decks[number]:
                decks[number] = rng.sample(possible, len(possible))
            together.append(decks[number].pop())
        dealt.append(together)
    return dealt
