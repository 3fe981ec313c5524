"""The trainers of an installation: processes that stand in for services that cost money."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from emulators.stand_ins import STAND_INS
from theway.processes.installation import TRAINER_KEY
from theway.processes.ports import unused_port

# What `PROVIDER=` may name: the keys of providers, as their trainers are reached by.
BUNDLED = ("local", "unlisted")
TRAINING_OPTION = "--training-seconds"
HOSTED = tuple(one.name for one in STAND_INS)
SETS: Mapping[str, Sequence[str]] = {
    "": BUNDLED,
    **{name: (name,) for name in HOSTED},
    "all": (*BUNDLED, *HOSTED),
}


@dataclass(frozen=True, slots=True)
class Pace:
    """How fast they are, in seconds, and how many trainings they do at a time."""

    training: float
    queue: float = 0.0
    pictures: float = 0.2
    latency: float = 0.0
    slots: int = 500


@dataclass(frozen=True, slots=True)
class Trainer:
    """One of them. `provider` is the key of the provider that reaches it, and names its process.

    `variables` tell the site where it is, `own` are those of its process; `headers` let us in.
    """

    provider: str
    port: int
    command: Sequence[str]
    variables: Mapping[str, str]
    headers: Mapping[str, str]
    own: Mapping[str, str] = field(default_factory=dict)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def paced(self, training: float) -> list[str]:
        """Return the command of one whose new trainings take so many seconds."""
        command = list(self.command)
        command[command.index(TRAINING_OPTION) + 1] = f"{training:g}"
        return command


def chosen(name: str, folder: Path, pace: Pace) -> list[Trainer]:
    """Return the trainers of a set, each on a free port and with its data in `folder`."""
    made = {"local": _bundled, "unlisted": _bundled}
    return [made.get(key, _hosted)(key, folder / key, pace) for key in SETS[name]]


def _bundled(key: str, folder: Path, pace: Pace) -> Trainer:
    port = unused_port()
    variable = "TRAINER_URL" if key == "local" else "UNLISTED_TRAINER_URL"
    own = {
        "TRAINER_PORT": str(port),
        "TRAINER_DIR": str(folder),
        "TRAINER_SECONDS": f"{pace.training:g}",
        "TRAINER_SLOTS": str(pace.slots),
        "EMULATOR_LATENCY_MS": f"{1000 * pace.latency:g}",
    }
    return Trainer(
        provider=key,
        port=port,
        command=[sys.executable, "-m", "emulators.trainer"],
        variables={variable: f"http://127.0.0.1:{port}"},
        headers={"Authorization": f"Bearer {TRAINER_KEY}"},
        own=own,
    )


def _hosted(key: str, folder: Path, pace: Pace) -> Trainer:
    stand_in = next(one for one in STAND_INS if one.name == key)
    port = unused_port()
    options = {
        "--port": str(port),
        "--folder": str(folder),
        "--latency-ms": f"{1000 * pace.latency:g}",
        "--queue-seconds": f"{pace.queue:g}",
        TRAINING_OPTION: f"{pace.training:g}",
        "--picture-seconds": f"{pace.pictures:g}",
    }
    command = [sys.executable, "-m", f"emulators.{key}"]
    return Trainer(
        provider=key,
        port=port,
        command=[*command, *(part for pair in options.items() for part in pair)],
        variables=stand_in.environment(port),
        headers=stand_in.headers,
    )
