"""What a request has logged until a moment: a pure function of it and of the time."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import takewhile

from emulators.fal.records import FalRequest
from emulators.fal.times import iso
from emulators.hosted.records import Json
from emulators.hosted.timeline import LOADED, TRAINED, Timeline

MARK = "SIMULATED: this is an emulator of fal, nothing is really trained or generated."
LINES = 50  # about so many lines tell of steps
# Some trainers label their lines in another way than most; some write tqdm's bar.
LABELLED, WITH_BAR = frozenset({"fal-ai/krea-2-trainer"}), frozenset({"fal-ai/turbo-flux-trainer"})


def logs(request: FalRequest, now: float) -> list[Json]:
    """Return the entries as a status with `?logs=1` has them, oldest first."""
    until = request.ended_at or now
    lines = takewhile(lambda line: line[0] <= until, _lines(request))
    entries = [_entry(request, moment, message) for moment, message in lines]
    return entries + ([_entry(request, until, request.error, "ERROR")] if request.error else [])


def _lines(request: FalRequest) -> Iterator[tuple[float, str]]:
    """Return every line in order of time, made when it is asked for."""
    start, steps = request.started_at, request.values.get("steps")
    if not start:
        return
    yield start, MARK
    if not isinstance(steps, int):
        yield start, "Generating (simulated)"
        return
    timeline = Timeline(request.id, steps, request.seconds)
    yield start, "Reading the dataset"
    yield start + LOADED * request.seconds, f"Training for {steps} steps (simulated)"
    stride = max(1, steps // LINES)
    for step in sorted({*range(stride, steps, stride), steps}):
        share = LOADED + (TRAINED - LOADED) * step / steps
        yield start + share * request.seconds, _step(request, timeline, step)
    yield start + TRAINED * request.seconds, "Saving the weights"


def _step(request: FalRequest, timeline: Timeline, step: int) -> str:
    loss = timeline.loss(step)
    if request.endpoint in WITH_BAR:
        return timeline.bar("training", step, f"loss={loss}")
    return f"step {step}/{timeline.steps} loss {loss}"


def _entry(request: FalRequest, moment: float, message: str, level: str = "INFO") -> Json:
    entry: Json = {"timestamp": iso(moment)[:23], "message": message}
    if request.endpoint in LABELLED:
        return entry | {"labels": {"level": level.lower(), "source": "stdout"}}
    return entry | {"level": level, "source": "USER"}
