"""The second FLUX.1 trainer at Replicate, beside the first as an offer of its own.

It costs, lasts and takes other things (no learning rate, no rank, no captions of its own), so a
person compares the two like trainers of two services. Account, key and pictures are the same.
"""

from __future__ import annotations

from typing import ClassVar

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy

from providers.replicate import offers
from providers.replicate.provider import Replicate
from providers.types import Capability


class ReplicateFast(Replicate):
    key = "replicate-fast"
    label: ClassVar[str | Promise] = gettext_lazy("Replicate, fast trainer")
    training_offers = offers.FAST_TRAINING
    generation_offers = {}  # what it has trained is drawn with by its sibling
    capabilities = Replicate.capabilities - {Capability.GENERATE}
    leaves_captions = False
