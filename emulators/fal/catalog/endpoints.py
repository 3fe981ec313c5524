"""One offered endpoint."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from math import ceil
from typing import Any

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Price:
    """What one billing unit costs. A unit is not always a step: see `per_unit`.

    `per_unit` steps, or megapixels, are one unit; fewer than `least` of them are billed as `least`.
    """

    usd: float
    unit: str
    per_unit: int = 1
    least: int = 0

    def units(self, amount: float) -> float:
        """Return the billing units of so many steps or megapixels."""
        return max(amount, self.least) / self.per_unit


@dataclass(frozen=True, slots=True)
class DatasetRules:
    """What a trainer asks of a dataset.

    `caption_field` is the input that captions photos without a text file; a photo that has
    neither fails the job, unless captions are optional (`needs_captions` is False).
    """

    caption_field: str = "default_caption"
    needs_captions: bool = True
    least_photos: int = 1


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A trainer or a runner: its inputs as JSON schema, and how it behaves."""

    id: str
    title: str
    category: str  # training, text-to-image, image-to-image
    family: str  # of base models: a LoRA fits its own only
    properties: Mapping[str, Json]
    required: tuple[str, ...]
    price: Price
    result_field: str = ""  # of a trainer: which field of the result holds the LoRA
    zip_field: str = ""
    rules: DatasetRules = field(default_factory=DatasetRules)
    max_loras: int = 3
    is_deprecated: bool = False

    @property
    def is_trainer(self) -> bool:
        return bool(self.result_field)

    @property
    def app(self) -> str:
        """The first two segments: addresses of requests keep no more."""
        return "/".join(self.id.split("/")[:2])

    def filled(self, values: Json) -> Json:
        """Return an accepted input with the defaults of what it leaves out."""
        defaults = {
            name: schema["default"]
            for name, schema in self.properties.items()
            if "default" in schema
        }
        given = {name: value for name, value in values.items() if value is not None}
        return defaults | given

    def units(self, values: Json) -> float:
        """Return the billing units of a run with a filled input."""
        if self.is_trainer:
            return self.price.units(int(values["steps"]))
        width, height = size_of(values)
        return self.price.units(ceil(width * height / 1_000_000) * int(values["num_images"]))


SIZES = {
    "square_hd": (1024, 1024),
    "square": (512, 512),
    "portrait_4_3": (768, 1024),
    "portrait_16_9": (576, 1024),
    "landscape_4_3": (1024, 768),
    "landscape_16_9": (1024, 576),
}


def size_of(values: Json) -> tuple[int, int]:
    """Return width and height of a filled input's pictures."""
    size = values["image_size"]
    return SIZES[size] if isinstance(size, str) else (size["width"], size["height"])
