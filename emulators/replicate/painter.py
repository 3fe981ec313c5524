"""The pictures of a prediction: simulated, in the size and number that were asked for."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from emulators.hosted.pictures import draw
from emulators.replicate.deliveries import Deliveries
from emulators.replicate.models import Models
from emulators.replicate.runs import Run, Runs
from emulators.replicate.sources import FailedRunError, Sources
from trainer.threads import in_thread

EDGE = 1024  # of a square picture of one megapixel


class Painter:
    """Makes pictures out of the colours of the photos that a version was trained on."""

    def __init__(
        self, models: Models, trainings: Runs, deliveries: Deliveries, sources: Sources
    ) -> None:
        self._models = models
        self._trainings = trainings
        self._deliveries = deliveries
        self._sources = sources

    async def check(self, run: Run) -> None:
        """Raise FailedRunError where the weights that are asked for cannot be used."""
        loras = list(_loras(run.wanted))
        for address, _ in loras:
            if self._training_of(address) is None:
                await self._sources.check_lora(run, address)

    async def paint(self, run: Run) -> list[str]:
        """Make the pictures of a run; return their addresses."""
        return await in_thread(self._paint, run, self._used(run))

    def _used(self, run: Run) -> tuple[tuple[Any, float], ...]:
        """Return the folder with colours and the strength of every LoRA that is known here."""
        wanted = list(_loras(run.wanted))
        if version := self._models.own_version(run.version):
            wanted.append((version["id"], _scale(run.wanted, "lora_scale")))
        found = ((self._training_of(address), scale) for address, scale in wanted)
        return tuple((self._deliveries.colours(one), scale) for one, scale in found if one)

    def _training_of(self, address: str) -> str | None:
        """Return the training that made weights, by their version, model or address."""
        for training in self._trainings:
            if training.output is None:
                continue
            version = training.output["version"].partition(":")[2]
            names = {training.destination, f"{training.destination}/{version}", version}
            names |= {training.output["version"], training.output["weights"]}
            if address in names:
                return str(training.id)
        return None

    def _paint(self, run: Run, loras: tuple[tuple[Any, float], ...]) -> list[str]:
        wanted, kind = run.wanted, str(run.wanted["output_format"])
        addresses = []
        for number in range(int(wanted.get("num_outputs", 1))):
            data = draw(
                str(wanted["prompt"]),
                model=run.model,
                size=size_of(wanted),
                seed=run.seed + number,
                file_format=kind,
                loras=loras,
            )
            addresses.append(self._deliveries.keep(run, f"out-{number}.{kind}", data))
        return addresses


def size_of(wanted: dict[str, Any]) -> tuple[int, int]:
    """Return the width and height that inputs ask for."""
    if wanted.get("aspect_ratio") == "custom":
        return int(wanted.get("width") or EDGE), int(wanted.get("height") or EDGE)
    across, _, down = str(wanted.get("aspect_ratio") or "1:1").partition(":")
    ratio = int(across) / int(down)
    megapixels = wanted.get("megapixels") or wanted.get("output_megapixels") or 1
    area = EDGE * EDGE * float(megapixels)
    return _rounded((area * ratio) ** 0.5), _rounded((area / ratio) ** 0.5)


def _loras(wanted: dict[str, Any]) -> Iterator[tuple[str, float]]:
    """Return the weights and strengths that inputs name."""
    weights, scales = wanted.get("lora_weights"), wanted.get("lora_scales")
    if isinstance(weights, list) or isinstance(scales, list):
        if len(weights or []) != len(scales or []):
            raise FailedRunError("lora_weights and lora_scales must have the same length")
        yield from zip(weights or [], scales or [], strict=True)
    elif weights:
        yield str(weights), _scale(wanted, "lora_scale")
    if wanted.get("extra_lora"):
        yield str(wanted["extra_lora"]), _scale(wanted, "extra_lora_scale")
    if wanted.get("replicate_weights"):
        yield str(wanted["replicate_weights"]), _scale(wanted, "lora_scale")


def _scale(wanted: dict[str, Any], name: str) -> float:
    scale = wanted.get(name)
    return 1.0 if scale is None else float(scale)


def _rounded(edge: float) -> int:
    return max(256, round(edge / 16) * 16)
