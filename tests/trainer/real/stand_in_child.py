"""Plays the child of the real engine: speaks its protocol, learns nothing, fails as it is told.

Called as the child is, behind the name of a folder of its own: `plays` there has a line of JSON
for each process that is started, the last one for all that follow; `starts` is where each of them
leaves what it was told.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterable
from itertools import chain
from pathlib import Path
from typing import Any

from trainer import disk
from trainer.engines.diffusers.child.messages import Ending, Messages
from trainer.engines.diffusers.protocol import (
    DrawOrder,
    Message,
    Order,
    Recipe,
    TrainOrder,
    read_order,
    written,
)
from trainer.safetensors import Tensor, serialize

SAVE_EVERY = 5  # steps
PICTURE = b"\xff\xd8\xff\xe0 a picture"


Ends = Callable[[], bool]


def never() -> bool:
    """Be ended by signals only, as what draws is."""
    return False


def main(folder: Path, arguments: list[str]) -> int:
    """Do as the play says; return the exit status."""
    if arguments[0] == "-c":  # asked for its packages
        return tell_packages(folder)
    order = read_order(sys.stdin.buffer.readline())
    messages = Messages(int(arguments[-1]))
    ending = Ending() if isinstance(order, TrainOrder) else never
    actor = Actor(_play(folder, order), order, messages, ending, int(arguments[-1]))
    return actor.act()


def tell_packages(folder: Path) -> int:
    """Print which build of torch is there; fail where none is."""
    if (folder / "no_packages").exists():
        return 1
    sys.stdout.write("cpu\n" if (folder / "no_cuda").exists() else "cuda\n")
    return 0


def _play(folder: Path, order: Order) -> dict[str, Any]:
    """Leave word of this start, and return what is played in it."""
    starts = folder / "starts"
    number = len(starts.read_text().splitlines()) if starts.exists() else 0
    told = {"pid": os.getpid(), "environment": dict(os.environ)}
    told["order"] = json.loads(written(order))
    with starts.open("a") as file:
        file.write(json.dumps(told) + "\n")
    plays = (folder / "plays").read_text().splitlines()
    found: dict[str, Any] = json.loads(plays[min(number, len(plays) - 1)])
    return found


class Actor:
    """Trains or draws, until the step at which something happens."""

    def __init__(
        self, play: dict[str, Any], order: Order, messages: Messages, ending: Ends, pipe: int
    ) -> None:
        self.play, self.order, self.messages = play, order, messages
        self.ending, self.pipe = ending, pipe
        self.drawn = 0

    def act(self) -> int:
        sys.stdout.write("a library prints what it likes " * self.play.get("prints", 1) + "\n")
        sys.stdout.flush()
        if isinstance(self.order, DrawOrder):
            return self.draw(self.order)
        return self.train(self.order)

    def draw(self, order: DrawOrder) -> int:
        lines: Iterable[bytes] = sys.stdin.buffer
        for further in chain([written(order)], lines):
            self.happen(self.drawn)
            ordered = read_order(further)
            assert isinstance(ordered, DrawOrder)
            Path(ordered.target).write_bytes(PICTURE + str(ordered.picture.seed).encode())
            self.messages.send(Message(done=True))
            self.drawn += 1
        return 0

    def train(self, order: TrainOrder) -> int:
        recipe, folder = order.recipe, Path(order.folder)
        state = folder / disk.SCRATCH / "state"
        done = int(state.read_text()) if state.exists() else 0
        self.tell("training_data_download_complete", "Photos read")
        self.tell("training_start", f"Going on after step {done}", done)
        for step in range(done, recipe.steps + 1):
            self.reach(step, recipe, state)
            if self.ending():
                return 0
        self.tell("model_compressing", "Writing the weights")
        write_weights(folder / "adapter.safetensors")
        self.messages.send(Message(done=True, peak=self.play.get("peak", 0)))
        return 0

    def reach(self, step: int, recipe: Recipe, state: Path) -> None:
        folder = state.parent.parent
        self.happen(step)
        if step:
            time.sleep(self.play.get("pace", 0))
            elapsed, left = 0.5 * step, 0.5 * (recipe.steps - step)
            points = [(step, 1 / step, recipe.learning_rate)]
            self.messages.send(Message(step=step, steps=points, elapsed=elapsed, left=left))
        if step % SAVE_EVERY == 0:
            disk.write_bytes(state, str(step).encode())
        if step in recipe.samples:
            (folder / "samples").mkdir(exist_ok=True)
            for number in (0, 1):
                (folder / "samples" / f"{step}-{number}.jpg").write_bytes(PICTURE)
            self.tell("eval_complete", f"Samples drawn at step {step}", step)
        if step in recipe.checkpoints:
            write_weights(folder / "checkpoints" / f"{step}.safetensors")
            self.tell("checkpoint_save", f"Checkpoint at step {step}", step)

    def tell(self, event: str, text: str, step: int | None = None) -> None:
        self.messages.event(event, text, step)

    def happen(self, step: int) -> None:
        """Fail where the play says so."""
        what = self.play.get("what", "")
        if what and step == self.play.get("at", 0):
            getattr(self, what)()

    # --- what can happen -------------------------------------------------------------------

    def fail(self) -> None:
        self.messages.send(Message(fail=self.play["code"], text=self.play.get("text", "")))
        sys.exit(3)

    def be_killed(self) -> None:
        os.kill(os.getpid(), signal.SIGKILL)

    def be_killed_in_a_word(self) -> None:
        os.write(self.pipe, b'{"event": "training_')
        os.kill(os.getpid(), signal.SIGKILL)

    def leave_somebody_behind(self) -> None:
        """Be killed while a process of its own holds the pipe."""
        left = subprocess.Popen(["sleep", "600"], pass_fds=[self.pipe])
        Path(self.play["file"]).write_text(str(left.pid))
        os.kill(os.getpid(), signal.SIGKILL)

    def exit(self) -> None:
        sys.exit(self.play.get("status", 0))

    def say(self) -> None:
        os.write(self.pipe, self.play["line"].encode() + b"\n")
        time.sleep(600)

    def say_without_end(self) -> None:
        with os.fdopen(self.pipe, "wb", closefd=False) as pipe:
            while True:
                pipe.write(b"x" * 100_000)

    def stand_still(self) -> None:
        """Say that it lives, and no more; be asked to end as often as you like."""
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        while True:
            time.sleep(0.05)
            self.messages.send(Message(beat=True))

    def hold(self) -> None:
        """Wait in the middle, as long training does; end when asked to."""
        while not self.ending() and not Path(self.play.get("until", "/nonexistent")).exists():
            time.sleep(0.01)

    def be_silent(self) -> None:
        os.kill(os.getpid(), signal.SIGSTOP)


def write_weights(path: Path) -> None:
    path.parent.mkdir(exist_ok=True)
    tensor = Tensor((1, 2), b"\x00\x3c\x00\x3c")
    disk.write_bytes(path, serialize({"transformer.x.lora_A.weight": tensor}, {"format": "pt"}))


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), sys.argv[2:]))
