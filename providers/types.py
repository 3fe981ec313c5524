"""What crosses the line between the engine and a provider: frozen values, no dictionaries."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import Enum, StrEnum
from typing import IO, Any

from providers.fit import Fit

# How every correlation token of ours begins.
TOKEN_PREFIX = "tw-"  # noqa: S105 - no secret: it is shown in names


class WorkKind(StrEnum):
    """The two kinds of paid work a provider does."""

    TRAINING = "training"
    GENERATION = "generation"


class RunStatus(Enum):
    """Our status for what a provider reports of a run."""

    QUEUED = "queued"  # accepted, not started
    RUNNING = "running"  # being worked on
    SUCCEEDED = "succeeded"  # over, the result can be fetched
    FAILED = "failed"  # over, no result
    CANCELLED = "cancelled"  # over, because it was cancelled
    UNKNOWN = "unknown"  # an unknown word: polled again, never taken for an end

    @property
    def is_over(self) -> bool:
        return self in {RunStatus.SUCCEEDED, RunStatus.FAILED, RunStatus.CANCELLED}


class Capability(Enum):
    """What a provider can be asked; anything undeclared is refused before any HTTP."""

    TRAIN = "train"
    GENERATE = "generate"
    CANCEL = "cancel"
    FOLLOW_TRAININGS = "follow_trainings"  # a list shows how all of them are doing
    FOLLOW_GENERATIONS = "follow_generations"
    FIND_TRAININGS = "find_trainings"  # a list shows which of our calls were accepted
    FIND_GENERATIONS = "find_generations"
    LOG = "log"  # log lines and losses of one run
    WEBHOOK = "webhook"
    UPLOAD_WEIGHTS = "upload_weights"  # keeps a copy of weights for a while, to draw with
    DELETE_TRAININGS = "delete_trainings"  # with their weights, logs and names
    DELETE_GENERATIONS = "delete_generations"
    DELETE_DATASETS = "delete_datasets"
    SAMPLES = "samples"  # pictures made on the way, to see what a training has learned so far


# What a provider must declare for its runs of one kind to be followed, and found, by a list.
FOLLOWING: Mapping[WorkKind, Capability] = {
    WorkKind.TRAINING: Capability.FOLLOW_TRAININGS,
    WorkKind.GENERATION: Capability.FOLLOW_GENERATIONS,
}
FINDING: Mapping[WorkKind, Capability] = {
    WorkKind.TRAINING: Capability.FIND_TRAININGS,
    WorkKind.GENERATION: Capability.FIND_GENERATIONS,
}
# And for its runs of one kind to be deleted.
DELETING: Mapping[WorkKind, Capability] = {
    WorkKind.TRAINING: Capability.DELETE_TRAININGS,
    WorkKind.GENERATION: Capability.DELETE_GENERATIONS,
}
# Earlier than every run.
EVER = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Output:
    """One result of a run: fetched by `url`, or already here as `data` (never both)."""

    url: str = ""
    data: bytes = b""


@dataclass(frozen=True, slots=True)
class Run:
    """A provider's job as last seen. Only `id` and `status` are always known."""

    id: str
    status: RunStatus
    correlation: str = ""  # the token we sent with the paid call, where it comes back
    stage: str = ""  # the provider's phase as a text for people: "Uploading the weights"
    progress: float | None = None  # 0.0 to 1.0
    step: int | None = None
    total_steps: int | None = None
    seconds_left: float | None = None  # the provider's own estimate
    queue_position: int | None = None
    outputs: tuple[Output, ...] = ()
    remote_ref: str = ""  # what the provider calls the trained result
    error: str = ""  # the provider's own explanation of a failure
    error_code: str = ""  # what kind of failure that is: one of `jobs.messages.ERRORS`
    cost_usd: float | None = None  # what it really cost, where the provider says it
    billed: str = ""  # what was billed, in the provider's units: "812 s", "1000 steps"
    engine: str = ""  # "simulated", "diffusers", ... where the provider names it
    created_at: datetime | None = None
    log: RunLog | None = field(default=None, repr=False)  # where the same answer brought it
    raw: Mapping[str, Any] = field(default_factory=dict, repr=False, compare=False)


@dataclass(frozen=True, slots=True)
class RunRef:
    """What names a run in a call: some providers keep the runs of each model apart."""

    id: str
    kind: WorkKind = WorkKind.TRAINING
    base_model: str = ""  # the catalog's key
    steps: int = 0  # that a training was asked for, where that is known


# Of a token: a name that is as long and begins like it is no accident.
SHORTEST_HINT = len(TOKEN_PREFIX) + 5
_LEAST_HOPEFUL_LAST = {RunStatus.SUCCEEDED: 0, RunStatus.CANCELLED: 2, RunStatus.FAILED: 2}


@dataclass(frozen=True, slots=True)
class RunList:
    """Runs of the account, or one page of them, newest first.

    Every run that was created since `complete_since` is in it; None where any may be missing.
    """

    runs: tuple[Run, ...]
    complete_since: datetime | None = None
    next_page: str = ""  # names the page of older runs, where there is one

    def covers(self, moment: datetime) -> bool:
        """Whether no run created since then can be missing."""
        return self.complete_since is not None and self.complete_since <= moment

    @property
    def by_id(self) -> dict[str, Run]:
        """Its runs by id; one about which its entries contradict each other is left out."""
        found: dict[str, Run] = {}
        doubtful = set()
        for run in self.runs:
            other = found.setdefault(run.id, run)
            if (other.status, other.correlation) != (run.status, run.correlation):
                doubtful.add(run.id)
        return {key: run for key, run in found.items() if key not in doubtful}

    def find(self, token: str) -> Run | None:
        """The run that carries a token; of several the one that has succeeded or still may."""
        return min(
            (run for run in self.runs if run.correlation == token),
            key=lambda run: _LEAST_HOPEFUL_LAST.get(run.status, 1),
            default=None,
        )

    def hints_at(self, token: str) -> bool:
        """Whether an entry may carry the token all the same: cut off, or in other letters."""
        whole = token.casefold()
        carried = (run.correlation.casefold() for run in self.runs)
        return any(len(one) >= SHORTEST_HINT and whole.startswith(one) for one in carried)


@dataclass(frozen=True, slots=True)
class Webhook:
    """A verified message about one run, with our token where it carries it."""

    run_id: str
    correlation: str = ""
    delivery_id: str = ""  # the same for every delivery of one message


@dataclass(frozen=True, slots=True)
class LogLine:
    text: str
    level: str = "info"
    at: datetime | None = None
    step: int | None = None


@dataclass(frozen=True, slots=True)
class RunLog:
    """Everything a provider has logged about one run so far, oldest first.

    `step` and `total_steps` are how far it is, where only the log says that.
    """

    lines: tuple[LogLine, ...] = ()
    losses: tuple[tuple[int, float], ...] = ()  # (step, loss)
    step: int | None = None
    total_steps: int | None = None


@dataclass(frozen=True, slots=True)
class Sample:
    """A picture that a training has made on the way; those of one step belong side by side."""

    step: int
    number: int  # among those of its step, from 0
    prompt: str
    has_trigger: bool  # whether the trigger word is in the prompt
    url: str


@dataclass(frozen=True, slots=True)
class Photo:
    """One training picture on its way to a provider. `open` gives the stored bytes."""

    name: str  # our own name with extension, "001.jpg"
    content_type: str  # image/jpeg or image/png
    caption: str
    open: Callable[[], IO[bytes]]
    is_captioned: bool = False  # a person wrote the caption; else it is a general one of ours


@dataclass(frozen=True, slots=True)
class TrainingRequest:
    """Everything the paid call needs; the dataset is already at the provider."""

    correlation: str
    base_model: str  # the catalog's key
    dataset: str  # what `upload_dataset` returned
    trigger_word: str
    general_caption: str  # what is true of every photo; holds the trigger word
    subject: str  # person, product or style
    epochs: int
    learning_rate: float
    batch_size: int
    resolution: int  # pixels, square
    photo_count: int
    steps: int  # optimizer steps, within what the trainer takes
    rank: int  # of the LoRA
    keep_prior: bool | None = None  # None where the trainer cannot be asked for it
    webhook_url: str = ""  # where to report, where this installation can be reached
    # What free calls found out just before paying (`Provider.prepare_training`).
    target: Mapping[str, Any] = field(default_factory=dict)
    extra: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Lora:
    """Weights to draw with: `path` as the provider wants it, `scale` usually 0.3 to 1.2."""

    path: str
    scale: float


@dataclass(frozen=True, slots=True)
class GenerationRequest:
    correlation: str
    base_model: str  # the catalog's key
    prompt: str
    width: int
    height: int
    count: int  # 1 to 4
    seed: int | None
    lora: Lora | None
    webhook_url: str = ""
    target: Mapping[str, Any] = field(default_factory=dict)  # `Provider.prepare_generation`
    extra: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Download:
    """A result being streamed. `size` is what the provider announced, None where it did not."""

    size: int | None
    chunks: Iterator[bytes]


_PER = " per "


def priced(remote_model: str, unit: str) -> str:
    """Return the name of a price. The unit is part of it: two prices per different units cannot
    be compared."""
    return f"{remote_model}{_PER}{unit}"


def priced_model(name: str) -> str:
    """Return which remote model a price is of."""
    return name.partition(_PER)[0]


@dataclass(frozen=True, slots=True)
class Description:
    """What a provider can do right now, as it states itself."""

    key_is_valid: bool
    can_train: tuple[str, ...] = ()  # catalog keys
    can_generate: tuple[str, ...] = ()  # catalog keys
    engine: str = ""  # "simulated" where its results are not real
    training_seconds: float | None = None  # a usual training, where the provider says
    unit_prices: Mapping[str, float] = field(default_factory=dict)  # by `priced`
    # By remote model: those prices to the ones that were first read here, where they differ.
    price_factors: Mapping[str, float] = field(default_factory=dict)
    # By catalog key: whether a training fits its machine now; absent where it does not say.
    fits: Mapping[str, Fit] = field(default_factory=dict)
    notes: tuple[str, ...] = ()  # for the operator
