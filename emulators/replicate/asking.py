"""What asks for a run: checked as the real ones do, and made into one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from starlette.requests import Request

from emulators.hosted.webhooks import may_receive
from emulators.replicate.bodies import read_json
from emulators.replicate.errors import Refusal
from emulators.replicate.inputs import check, with_defaults
from emulators.replicate.models import PUBLISHED, TRAINER_NAMES, Drawer, invalid_version
from emulators.replicate.runs import PREDICTION, TRAINING, Run, new_id
from emulators.replicate.state import State, base_url, state
from emulators.replicate.times import length

Json = dict[str, Any]

EVENTS = frozenset({"start", "output", "logs", "completed"})
MAX_WAIT = 60.0
DRAWING_STEPS = 28


@dataclass(frozen=True, slots=True)
class Prefer:
    """How long the answer may be held back for a result; 0 for not at all."""

    seconds: float

    @classmethod
    def of(cls, request: Request) -> Prefer:
        """Read `Prefer: wait` or `Prefer: wait=5`; anything else means nothing."""
        word, _, number = request.headers.get("prefer", "").partition("=")
        if word.strip() != "wait":
            return cls(0.0)
        return cls(min(MAX_WAIT, max(1.0, length(number) or MAX_WAIT)))


async def training(request: Request) -> Run:
    """Return the training that a request asks for; raise a 4xx saying why there is none."""
    parts = state(request)
    name = "{owner}/{name}".format(**request.path_params)
    trainer = parts.models.published(name)
    version = trainer.version(request.path_params["version"])
    if version is None or name not in TRAINER_NAMES:
        raise invalid_version()
    body = await read_json(request)
    destination = _destination(body, parts)
    schema = parts.models.schema(trainer, version)
    check(body.get("input"), schema, "TrainingInput")
    wanted = with_defaults(body["input"], schema, "TrainingInput")
    return Run(
        kind=TRAINING,
        model=name,
        version=version.id,
        wanted=wanted,
        seconds=parts.options.training_seconds,
        steps=int(wanted[version.steps]),
        destination=destination,
        **_common(request, parts, body),
    )


async def prediction(request: Request, name: str = "") -> Run:
    """Return the prediction that a request asks for, of a model or of the version in its body."""
    parts = state(request)
    body = await read_json(request)
    drawer = _official(parts, name) if name else parts.models.drawer(str(body.get("version")))
    check(body.get("input"), drawer.schema, "Input")
    wanted = with_defaults(body["input"], drawer.schema, "Input")
    return Run(
        kind=PREDICTION,
        model=drawer.model,
        version=drawer.version,
        wanted=wanted,
        seconds=parts.options.picture_seconds,
        steps=int(wanted.get("num_inference_steps") or DRAWING_STEPS),
        **_common(request, parts, body),
    )


def _official(parts: State, name: str) -> Drawer:
    """Return an official model, the only ones that run by name."""
    model = parts.models.published(name)
    if name in TRAINER_NAMES:
        raise Refusal(404)
    version = PUBLISHED[name].versions[0]
    return Drawer(name, version.id, parts.models.schema(model, version))


def _common(request: Request, parts: State, body: Json) -> Json:
    webhook, events = _webhook(body)
    now = parts.clock.now()
    return {
        "id": new_id(),
        "base": base_url(request),
        "input": body["input"],
        "created_at": now,
        "webhook": webhook,
        "events": events,
        "deadline": _deadline(request, now),
    }


def _destination(body: Json, parts: State) -> str:
    destination = body.get("destination")
    if not isinstance(destination, str):
        raise Refusal(422, "- destination is required\n", "Input validation failed")
    try:
        parts.models.get_own(destination)
    except Refusal:
        detail = "The specified training destination does not exist"
        raise Refusal(422, detail, "Invalid training destination") from None
    return destination


def _webhook(body: Json) -> tuple[str, list[str] | None]:
    """Return where a run's webhooks go, and of which events; None for all."""
    address, events = body.get("webhook"), body.get("webhook_events_filter")
    if address is None:
        return "", None
    if not may_receive(address):
        raise Refusal(422, "- webhook: must be an HTTPS URL\n", "Input validation failed")
    if events is not None and not (isinstance(events, list) and EVENTS.issuperset(events)):
        detail = f"- webhook_events_filter: must be of {', '.join(sorted(EVENTS))}\n"
        raise Refusal(422, detail, "Input validation failed")
    return address, events


def _deadline(request: Request, now: float) -> float | None:
    text = request.headers.get("cancel-after")
    if text is None:
        return None
    seconds = length(text)
    if seconds is None:
        raise Refusal(422, "- Cancel-After: must be a duration such as 30s, 5m or 1h30m\n")
    return now + seconds
