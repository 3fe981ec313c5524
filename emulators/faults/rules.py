"""Rules: which requests fail, how, and how often."""

from __future__ import annotations

from dataclasses import dataclass, field
from random import Random
from typing import Annotated, Any, Literal

from pydantic import Field

from trainer.bodies import Body

EVERY_ROUTE = "*"
STUCK = "stuck"  # happens to runs and not to requests
WEBHOOK = "webhook"  # the route of what a service sends by itself


class Rule(Body):
    """One way to fail.

    `probability` is the chance that a matching request fails; a `script` instead decides it
    request by request, and after its end none fails. `seconds` is how long `slow`, `hang`
    and `silent` take and how old a `stale_list` is, `status` the number of an `error`,
    `retry_after` the header of a `rate_limited` in seconds, `agreeing` whether the length
    announced by a `truncated` answer is the cut one (None: at random). `only` limits a fault
    of runs or trainers to those whose id or name begins so.
    """

    route: str
    fault: str
    probability: Annotated[float, Field(ge=0, le=1)] = 1.0
    script: Annotated[list[bool], Field(max_length=10_000)] | None = None
    seconds: Annotated[float, Field(ge=0, le=3600)] = 5.0
    retry_after: Annotated[int, Field(ge=0, le=3600)] | None = None
    status: Literal[401, 402, 403, 404, 409, 422, 500, 502, 503, 504] = 500
    agreeing: bool | None = None
    only: Annotated[str, Field(max_length=200)] = ""


class Rules(Body):
    """All rules that are active together, and the seed of their random numbers."""

    seed: Annotated[int, Field(ge=0, lt=2**63)] = 0
    rules: Annotated[list[Rule], Field(max_length=50)] = []


@dataclass(slots=True)
class ActiveRule:
    """A rule with random numbers of its own, so that rules do not affect each other."""

    rule: Rule
    rng: Random
    seen: int = 0
    struck: int = 0
    subjects: set[str] = field(default_factory=set)  # the runs or trainers it has struck

    def strikes(self) -> bool:
        """Count one matching request; return whether it fails."""
        script, turn = self.rule.script, self.seen
        self.seen += 1
        if script is None:
            strikes = self.rng.random() < self.rule.probability
        else:
            strikes = turn < len(script) and script[turn]
        self.struck += strikes
        return strikes

    def answer(self) -> dict[str, Any]:
        """Return the rule as JSON, with how many requests or runs it saw and made fail."""
        struck = self.struck + len(self.subjects)
        return self.rule.model_dump() | {"seen": self.seen, "struck": struck}
