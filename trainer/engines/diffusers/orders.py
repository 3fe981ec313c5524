"""What a run's child was told, kept: the card may have more or less room when it goes on, and
another recipe would be another training."""

from __future__ import annotations

from pathlib import Path

from trainer.disk import SCRATCH, write_bytes
from trainer.engines.diffusers.protocol import TrainOrder, read_order, written

FILE = "order.json"


def keep(order: TrainOrder) -> None:
    """Keep an order in its run's folder. Raises OSError."""
    path = Path(order.folder) / SCRATCH / FILE
    path.parent.mkdir(exist_ok=True)
    write_bytes(path, written(order))


def kept(folder: Path) -> TrainOrder | None:
    """Return the order of an earlier process; None where there is none that can be read."""
    try:
        order = read_order((folder / SCRATCH / FILE).read_bytes())
    except (OSError, ValueError, TypeError, KeyError):
        return None
    return order if isinstance(order, TrainOrder) else None
