"""Kills what trains for real, in every phase: `python -m bench.chaos.real [--only PHASE]`.

A training with the tiny base model through the whole path, again and again; each time something is
killed when a phase begins: the child, the trainer, or everything on the machine. In the end there
must be one run and one result, with the bits of a training that nothing happened to. Needs
`make setup-training`.
"""

from __future__ import annotations

import argparse
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from bench.proof import concept as lesson
from bench.proof.client import Client, are_same_weights
from bench.proof.site import MACHINE, account, running_site, train_command
from bench.tiny_shapes.world import Concept
from theway.processes.installation import ROOT, Installation

STEPS = 60
# By the event that begins it; the last by the step.
PHASES = {
    "photos": "training_data_downloading",
    "texts and latents": "training_data_download_complete",
    "loading": "model_downloading",
    "training begins": "training_start",
    "half way": "",
    "writing": "model_compressing",
}
_LIMIT = 300.0
_PAUSE = 0.05


def children() -> list[int]:
    """Return the processes of our trainers that train or draw."""
    parents = set(services())
    return [
        process
        for process in processes_with(b"trainer.engines.diffusers.child")
        if _parent(process) in parents
    ]


def services() -> list[int]:
    """Return the trainers (with our folder: others on this machine are not ours to kill)."""
    own = os.environ["PROOF_DATA"].encode()
    return [
        process
        for process in processes_with(b"-m\0trainer\0")
        if own in _read(f"/proc/{process}/environ")
    ]


def processes_with(words: bytes) -> list[int]:
    """Return the processes whose command has these words (proc_pid_cmdline(5))."""
    found = [path for path in Path("/proc").glob("[0-9]*") if words in _read(f"{path}/cmdline")]
    return [int(path.name) for path in found]


def _parent(process: int) -> int:
    """Return a process's parent (proc_pid_stat(5): the second value after the name)."""
    values = _read(f"/proc/{process}/stat").rpartition(b")")[2].split()
    return int(values[1]) if len(values) > 1 else 0


def _read(path: str) -> bytes:
    try:
        return Path(path).read_bytes()
    except OSError:  # it has ended meanwhile
        return b""


class Trials:
    """Trainings of one recipe at one installation."""

    def __init__(
        self, installation: Installation, trainer: Client, photos: Path, word: str
    ) -> None:
        self._installation, self._trainer = installation, trainer
        self._photos, self._word = photos, word
        self._count = 0
        self.reference = b""

    def victims(self) -> dict[str, Callable[[], None]]:
        """Return what can be killed, by name."""
        return {
            "the child": lambda: _kill(children()),
            "the trainer": lambda: _kill(services()),
            "everything": self._kill_all,
        }

    def undisturbed(self) -> None:
        """Train once and keep the weights to compare with."""
        self.reference = self._trained(lambda run: None)

    def is_one_result(self, event: str, kill: Callable[[], None]) -> bool:
        """Train, kill when a phase begins; return whether one run came of it, with those bits."""
        before = self._trainer.count()

        def accident(run: str) -> None:
            self._wait_for(run, event)
            kill()

        weights = self._trained(accident)
        return self._trainer.count() == before + 1 and are_same_weights(weights, self.reference)

    def _trained(self, accident: Callable[[str], None]) -> bytes:
        self._count += 1
        known = self._trainer.ids()
        email = account(self._installation.env, f"person{self._count}@example.org")
        command = train_command(self._photos, self._word, email, fixed_steps=STEPS, rank=8)
        with subprocess.Popen(command, cwd=ROOT, env=self._installation.env, stdout=-1) as training:
            run = self._new_run(known)
            accident(run)
            output, _ = training.communicate(timeout=_LIMIT)
        if training.returncode:
            print(output.decode())
            return b""
        return self._trainer.weights(run)

    def _new_run(self, known: set[str]) -> str:
        until = time.monotonic() + _LIMIT
        while time.monotonic() < until:
            if new := self._trainer.ids() - known:
                return new.pop()
            time.sleep(_PAUSE)
        raise SystemExit("No training came to the trainer.")

    def _wait_for(self, run: str, event: str) -> None:
        until = time.monotonic() + _LIMIT
        while time.monotonic() < until:
            job = self._trainer.job(run)
            kinds = {one["type"] for one in job.get("events", ())}
            if event in kinds or (not event and job["step"] >= STEPS / 2):
                return
            time.sleep(_PAUSE)
        raise SystemExit(f"The phase {event or 'half way'} did not come.")

    def _kill_all(self) -> None:
        self._installation.kill()
        _kill([*services(), *children()])
        self._installation.start(MACHINE)


def _kill(processes: list[int]) -> None:
    for process in processes:
        try:
            os.kill(process, signal.SIGKILL)
        except ProcessLookupError:
            continue


def rounds(trials: Trials, only: str) -> Iterator[tuple[str, bool]]:
    """Go through every phase and everything that can be killed; yield what, and if all was well."""
    for phase, event in PHASES.items():
        for victim, kill in trials.victims().items():
            name = f"{victim} killed, {phase}"
            if only in name:
                yield name, trials.is_one_result(event, kill)


def main() -> int:
    """Run all; return 1 where anything was lost or doubled."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", default="", help="those whose name has these words")
    asked = parser.parse_args()
    all_well = True
    with (
        tempfile.TemporaryDirectory(prefix="theway-chaos-") as name,
        running_site(Path(name)) as site,
    ):
        os.environ["PROOF_DATA"] = str(site.installation.folder)
        photos = Path(name) / "photos"
        photos.mkdir()
        new = Concept.of_seed(1)
        lesson.write_folder(lesson.taught(new, 1), photos)
        trials = Trials(site.installation, site.trainer, photos, new.word)
        trials.undisturbed()
        for what, is_well in rounds(trials, asked.only):
            print(f"{'ok' if is_well else 'FAILED':6} {what}", flush=True)
            all_well &= is_well
    print("one run, one result, the same bits each time" if all_well else "NOT as it should be")
    return 0 if all_well else 1


if __name__ == "__main__":
    sys.exit(main())
