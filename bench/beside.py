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
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

import numpy as np

from bench.contestants import by_pillow
from bench.ingest import rendered, write
from bench.uploads import Watch, children, proportional_memory
from models_app.decoding import process
from models_app.ingest import normalise
from tests.models_app import photographs
from tests.theway.served import serve
from tests.theway.test_served import upload

COUNT, SIZE, PEOPLE = 20, (4032, 3024), 5
ENDINGS = {".jpg", ".jpeg"}
SCRIPT = Path(__file__).parent / "sharp.cjs"


def tree_memory(pid: int) -> float:
    return sum(map(proportional_memory, [pid, *children(pid)]))


def run(command: list[str], photos: list[str]) -> tuple[float, float]:
    """Return a contestant's seconds by the clock and of the processor."""
    answer = subprocess.run(
        command, input=json.dumps(photos), stdout=subprocess.PIPE, text=True, check=True
    )
    times = json.loads(answer.stdout)
    return times["wall"], times["processor"]


def peak(command: list[str], photos: list[str]) -> float:
    """Return the most memory of a contestant's processes in MiB, in a run of its own.

    Counting shared pages stops a process for a moment, the oftener the more processes there are.
    """
    with subprocess.Popen(command, stdin=-1, stdout=-1, text=True) as contestant:
        thread = threading.Thread(target=contestant.communicate, args=[json.dumps(photos)])
        thread.start()
        most = 0.0
        while thread.is_alive():
            with suppress(OSError):  # one of them may just have ended
                most = max(most, tree_memory(contestant.pid))
            thread.join(0.02)
    return most


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
    commands = contestants(sharp)
    taken: dict[str, list[tuple[float, float]]] = {name: [] for name in commands}
    for _ in range(rounds):
        for name, command in commands.items():
            taken[name].append(run(command, photos))
    print(f"{len(photos)} photos, {title}:")
    ours = [statistics.median(values) for values in zip(*taken["TheWay"], strict=True)]
    for name, results in taken.items():
        wall, processor = (statistics.median(one) for one in zip(*results, strict=True))
        memory = peak(commands[name], photos)
        print(
            f"{name:22} wall {wall:5.2f} s  processor {processor:5.2f} s  {memory:4.0f} MiB"
            f"  TheWay takes {ours[0] / wall:.2f} × as long, {ours[1] / processor:.2f} × the "
            "processor",
            flush=True,
        )


def psnr(path: str) -> float:
    """Return how near the stored master is to one by Pillow's own filter, in dB."""
    with Path(path).open("rb") as source:
        ours = photographs.opened(normalise(source).data)
    theirs = photographs.opened(by_pillow(path)[0])
    difference = np.asarray(ours, dtype=float) - np.asarray(theirs, dtype=float)
    return float(10 * np.log10(255**2 / (difference**2).mean()))


def pages(photos: list[str]) -> None:
    """Print how long an ordinary page takes while five people upload."""
    with tempfile.TemporaryDirectory(prefix="theway-bench-") as folder:
        served = serve(Path(folder))
        try:
            datas = [Path(path).read_bytes() + bytes([at]) for at, path in enumerate(photos)]
            watch = Watch(served)
            with ThreadPoolExecutor(PEOPLE) as people:
                answers = list(
                    people.map(lambda data: upload(served, served.owner_session, data)[0], datas)
                )
            watch.close()
        finally:
            served.process.kill()
    times = sorted(watch.pages)
    print(
        f"A page while {PEOPLE} people upload "
        f"({sum(one < 300 for one in answers)} of {len(answers)} photos taken): median "
        f"{statistics.median(times):.3f} s, p95 {times[int(0.95 * len(times))]:.3f} s; "
        f"{watch.peak:.0f} MiB at most"
    )


def photos_in(folder: Path | None, made: Path, **options: object) -> list[str]:
    """Return the JPEGs of a folder, or as many made for the purpose."""
    if folder:
        return [str(path) for path in sorted(folder.rglob("*")) if path.suffix.lower() in ENDINGS]
    made.mkdir()
    for at in range(COUNT):
        write(lambda: rendered(SIZE, "JPEG", {"quality": 88, **options}), made / f"{at}.jpg")  # type: ignore[dict-item]
    return sorted(map(str, made.iterdir()))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", nargs="?", type=Path)
    parser.add_argument("--sharp", type=Path)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="theway-bench-") as made:
        plain = photos_in(options.folder, Path(made) / "plain")
        race("yours" if options.folder else "12 megapixels", plain, options.sharp, options.rounds)
        if not options.folder:
            profile = photographs.display_p3()
            wide = photos_in(None, Path(made) / "wide", icc_profile=profile)
            race("12 megapixels in Display P3", wide, options.sharp, options.rounds)
        print(f"A stored photo against Pillow's own filter: PSNR {psnr(plain[0]):.1f} dB")
        pages(plain)
    process._WORKERS.close()


if __name__ == "__main__":
    main()
