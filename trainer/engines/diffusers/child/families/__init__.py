"""The families, by the key that an order names."""

from trainer.engines.diffusers.child.families.base import Family
from trainer.engines.diffusers.child.families.flux1 import Flux1
from trainer.engines.diffusers.child.families.flux2 import Flux2Klein
from trainer.engines.diffusers.child.families.qwen import QwenImage
from trainer.engines.diffusers.child.families.stable_diffusion import (
    StableDiffusion,
    StableDiffusionXL,
)
from trainer.engines.diffusers.child.families.zimage import ZImage

FAMILIES: dict[str, Family] = {
    "flux1": Flux1(),
    "flux2-klein": Flux2Klein(),
    "zimage": ZImage(),
    "sdxl": StableDiffusionXL(),
    "sd15": StableDiffusion(),
    "qwen-image": QwenImage(),
}
