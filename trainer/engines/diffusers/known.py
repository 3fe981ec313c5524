"""The base models that this engine knows: what they weigh, need and allow.

Parameters and bytes follow from the published configurations; what a step needs besides was
derived, on the careful side, from the peaks that others published (SimpleTuner's and sd-scripts'
documentation, 2026). None of it was measured here: what a machine measures itself takes its
place (`measured.py`).
"""

from __future__ import annotations

from dataclasses import dataclass

GIB = 1024**3
SHIPPED_MODEL = "theway/tiny-shapes"  # comes with the project, for trying

APACHE = "Apache 2.0"
FLUX_DEV = "FLUX non-commercial: what is made with it is for personal use"
OPENRAIL = "OpenRAIL++-M"
CONVOLVED = ("bfloat16", "int8")  # convolutions stay as they are: four bits save little more


@dataclass(frozen=True, slots=True)
class Known:
    """One base model. `activations` are GiB that a step of batch 1 needs at 512, 768 and 1024
    pixels, with checkpointing."""

    name: str  # as the hub calls it
    lora_family: str  # which LoRAs fit
    family: str  # its file in `child/families`
    parameters: float  # of what learns, in billions
    text_gib: float  # of the text encoders, in bfloat16
    activations: tuple[float, float, float]
    licence: str
    is_gated: bool = False
    disk_gib: float = 0.0
    steps: int = 28
    learning_rate: float = 1e-4
    rate_factor: float = 1.0  # of every rate that is asked for: small ones take larger steps
    is_supported: bool = True  # has a file in `child/families`
    precisions: tuple[str, ...] = ("bfloat16", "int8", "nf4")  # on a card, the finest first
    largest: int = 1024  # pixels of the square that it is trained at
    side: int = 0  # pixels of the square that it draws; 0: any size
    lora_mib: float = 1.0  # of a LoRA of rank 16 in 16 bits
    caption_mib: float = 1.0  # of an encoded caption at its longest, in 16 bits
    keeps_prior: bool = False  # where nobody says anything: small ones forget everything else

    def needs(self, precision: str, side: int, batch: int = 1) -> int:
        """Return the bytes of the card's memory that training at one size of square needs."""
        at = min((512, 768, 1024), key=lambda known: (known < side, abs(known - side)))
        activations = self.activations[(512, 768, 1024).index(at)] * batch
        lora = 0.15 * GIB * 2
        return round(self.weighs(precision) + lora + (activations + 1.5) * GIB)

    def loads(self) -> int:
        """Return the bytes of the machine's own memory that are in use while it is loaded: the
        text encoders first, then the base, before it is held in fewer bits."""
        return round(max(self.parameters * 2e9, self.text_gib * GIB) * 1.1 + 2 * GIB)

    def weighs(self, precision: str) -> int:
        """Return the bytes of the base itself."""
        return round(self.parameters * 1e9 * _BYTES[precision] * 1.05)


_BYTES = {"float32": 4.0, "bfloat16": 2.0, "int8": 1.0, "nf4": 0.53}

KNOWN: dict[str, Known] = {
    one.name: one
    for one in (
        Known(
            "black-forest-labs/FLUX.2-klein-base-4B",
            "flux2-klein-4b",
            "flux2-klein",
            3.9,
            7.6,
            (1.9, 4.0, 7.7),
            APACHE,
            disk_gib=16,
            steps=50,
            lora_mib=46,
            caption_mib=8,
        ),
        Known(
            "black-forest-labs/FLUX.1-dev",
            "flux1",
            "flux1",
            11.9,
            9.1,
            (1.2, 3.6, 7.6),
            FLUX_DEV,
            is_gated=True,
            disk_gib=34,
            learning_rate=2e-4,
            lora_mib=125,
            caption_mib=4,
        ),
        Known(
            "Tongyi-MAI/Z-Image",
            "zimage",
            "zimage",
            6.2,
            7.6,
            (3.6, 6.5, 9.3),
            APACHE,
            disk_gib=20,
            steps=30,
            lora_mib=76,
            caption_mib=3,
        ),
        Known(
            "stabilityai/stable-diffusion-xl-base-1.0",
            "sdxl",
            "sdxl",
            2.6,
            1.6,
            (0.5, 1.0, 4.4),
            OPENRAIL,
            disk_gib=7,
            steps=30,
            precisions=CONVOLVED,
            lora_mib=45,
            caption_mib=0.4,
        ),
        Known(
            "stable-diffusion-v1-5/stable-diffusion-v1-5",
            "sd15",
            "sd15",
            0.86,
            0.25,
            (0.5, 1.0, 2.0),
            "OpenRAIL-M",
            disk_gib=4,
            steps=30,
            precisions=CONVOLVED,
            largest=768,
            lora_mib=7,
            caption_mib=0.2,
        ),
        Known(
            "black-forest-labs/FLUX.2-klein-base-9B",
            "flux2-klein-9b",
            "flux2-klein",
            9.1,
            15.3,
            (1.5, 5.0, 8.0),
            FLUX_DEV,
            is_gated=True,
            disk_gib=33,
            steps=50,
            lora_mib=83,
            caption_mib=12,
        ),
        Known(
            "Qwen/Qwen-Image",
            "qwen-image",
            "qwen-image",
            20.4,
            15.5,
            (8.0, 9.5, 16.0),
            APACHE,
            disk_gib=58,
            steps=30,
            lora_mib=203,
            caption_mib=7,
        ),
        Known(
            "black-forest-labs/FLUX.1-schnell",
            "flux1",
            "flux1",
            11.9,
            9.1,
            (1.2, 3.6, 7.6),
            APACHE,
            disk_gib=34,
            steps=4,
            lora_mib=125,
            caption_mib=2,
        ),
        Known(
            "black-forest-labs/FLUX.2-dev",
            "flux2",
            "flux2-dev",
            32.2,
            45.0,
            (10.0, 14.0, 20.0),
            FLUX_DEV,
            is_gated=True,
            disk_gib=110,
            is_supported=False,
            lora_mib=250,
            caption_mib=15,
        ),
        Known(
            SHIPPED_MODEL,
            "tiny-shapes",
            "flux1",
            0.00107,
            0.0,
            (0.1, 0.1, 0.2),
            "made by TheWay: do as you like",
            disk_gib=0.01,
            steps=12,
            learning_rate=4e-4,
            rate_factor=10.0,
            side=256,
            keeps_prior=True,
            precisions=("bfloat16",),
            largest=256,
            lora_mib=0.35,
            caption_mib=0.05,
        ),
    )
}
