"""`python -m tests.trainer.real.crowded_trainer`: the trainer, whose disk has 50 MB left."""

from __future__ import annotations

import sys
from collections import namedtuple

from tests.trainer.real.impatient_trainer import impatient
from trainer.engines.diffusers import room
from trainer.server import serve

Usage = namedtuple("Usage", "total used free")

if __name__ == "__main__":
    room.shutil.disk_usage = lambda _path: Usage(2**40, 0, 50 * room.MIB)  # type: ignore[assignment]
    sys.exit(serve(impatient))
