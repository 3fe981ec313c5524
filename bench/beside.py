"""What taking in 20 photos costs here, by Pillow alone, and by sharp, one after the other.

    python -m bench.beside [FOLDER] [--sharp FOLDER] [--rounds 3]

The full work: checked, upright, sRGB, stripped, at most 2048 pixels, a thumbnail; two at a time.
Photos are rendered, or those of FOLDER. `--sharp` names where `npm install sharp` was run. Every
round runs each once, so that whatever else the machine does hits all; the median round counts.
All run as nicely as our workers do. Peak memory is of all processes, shared pages in parts.
"""

from __future__ import annotations

import argparse
import json
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
from PIL import Image

from bench.ingest import rendered, write
from bench.uploads import Watch, children, proportional_memory
from tests.models_app import photographs
from tests.theway.served import serve
from tests.theway.test_served import upload

COUNT, SIZE, PEOPLE = 20, (4032, 3024), 5
SCRIPT = Path(__file__).parent / "sharp.cjs"


def tree_memory(pid: int) -> float:
    return proportional_memory(pid) + sum(tree_memory(child) for child in children(pid))


def run(command: list[str], photos: list[str]) -> tuple[float, float, float]:
    """Return a contestant's seconds by the clock and of the processor, and its peak in MiB."""
    with subprocess.Popen(command, stdin=-1, stdout=-1, text=True) as process:
        answers: list[str] = []
        thread = threading.Thread(
            target=lambda: answers.append(process.communicate(json.dumps(photos))[0])
        )
        thread.start()
        peak = 0.0
        while thread.is_alive():
            try:
                peak = max(peak, tree_memory(process.pid))
            except OSError:
                pass  # one of them has just ended
            thread.join(0.02)
    times = json.loads(answers[0])
    return times["wall"], times["processor"], peak


def contestants(sharp: Path | None) -> dict[str, list[str]]:
    ours = [sys.executable, "-m", "bench.contestants"]
    found = {"TheWay": [*ours, "ours"], "Pillow alone": ["nice", "-n10", *ours, "pillow"]}
    node = shutil.which("node")
    if node and sharp and (sharp / "node_modules/sharp").is_dir():
        for name, how in (("sharp, same encoding", "same"), ("sharp, its defaults", "defaults")):
            found[name] = ["nice", "-n10", node, str(SCRIPT), str(sharp.resolve()), how]
    else:
        print("sharp is not installed: npm install sharp in a folder, and SHARP=that folder")
    return found


def race(title: str, photos: list[str], sharp: Path | None, rounds: int) -> None:
    """Print a line per contestant."""
    taken: dict[str, list[tuple[float, float, float]]] = {}
    for _ in range(rounds):
        for name, command in contestants(sharp).items() if not taken else commands.items():
            taken.setdefault(name, []).append(run(command, photos))
        commands = contestants(sharp)
    print(f"\n{len(photos)} photos, {title}:")
    ours = [statistics.median(values) for values in zip(*taken["TheWay"], strict=True)]
    for name, results in taken.items():
        wall, processor, peak = (statistics.median(one) for one in zip(*results, strict=True))
        print(
            f"{name:22} wall {wall:5.2f} s  processor {processor:5.2f} s  {peak:4.0f} MiB"
            f"  TheWay takes {ours[0] / wall:.2f} × as long, {ours[1] / processor:.2f} × the "
            "processor",
            flush=True,
        )


def psnr(path: str) -> float:
    """Return how near the stored master is to one by Pillow's own filter, in dB."""
    from bench.contestants import by_pillow, by_us

    take, _ = by_us()
    ours, theirs = (photographs.opened(data) for data in (take(path).data, by_pillow(path)[0]))  # type: ignore[attr-defined]
    difference = np.asarray(ours, dtype=float) - np.asarray(theirs, dtype=float)
    return float(10 * np.log10(255**2 / (difference**2).mean()))
