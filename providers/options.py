"""What can be chosen of the catalog, with what a person wants to know before choosing it."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext

from providers.catalog import BaseModel, GenerationOffer, TrainingOffer
from providers.fit import Fit
from providers.hyperparameters import Defaults
from providers.registry import CLASSES, runs_here


@dataclass(frozen=True, slots=True)
class TrainingOption:
    """One (base model, provider) pair of the wizard. `reason` may also note an open option."""

    base_model: BaseModel
    provider: str
    label: str  # the provider's
    is_available: bool
    reason: str | Promise
    is_simulated: bool
    offer: TrainingOffer | None
    usual_seconds: float | None  # a usual training, where the provider says
    price_factor: float = 1.0  # of its list price now, to the one that was first read
    fit: Fit | None = None  # what the person's own trainer says; None where it does not say

    @property
    def is_own_machine(self) -> bool:
        """Whether it is really trained, on a machine of the installation."""
        return runs_here(self.provider) and not self.is_simulated

    @property
    def is_unfit(self) -> bool:
        """Whether it is only memory that it lacks, on a machine of the installation."""
        is_too_large = self.fit is not None and not self.fit.fits
        return self.is_own_machine and is_too_large and not self.is_available

    def usual_for(self, subject: str) -> Defaults:
        """The values that are usual there for one kind of subject."""
        return self.offer.defaults_for(subject) if self.offer else Defaults()

    def why_not_at_once(self, photos: int) -> str:
        """Return why so many photos at a time are too many there, in a sentence; "" where not."""
        most = self.fit.largest_batch if self.is_own_machine and self.fit else None
        if most is None or photos <= most:
            return ""
        return gettext("The trainer's machine has memory for %d at a time at most.") % most

    @property
    def keeps(self) -> str | Promise:
        """What it keeps of the photos and for how long; "" where nobody says."""
        return CLASSES[self.provider].keeps

    def price_usd(self, steps: int) -> float | None:
        """Return what so many steps cost; None where it is not known."""
        price = self.offer.price_usd(steps) if self.offer else None
        return None if price is None else price * self.price_factor

    def seconds(self, steps: int, slowness: float = 1.0) -> float | None:
        """Return how long so many steps take, each `slowness` of the usual time of the person's
        own trainer; None where it is not known."""
        if self.is_own_machine and self.fit:
            measured = self.fit.seconds_per_step
            return None if measured is None else steps * measured * slowness
        expected = self.offer.seconds(steps) if self.offer else None
        return self.usual_seconds if self.usual_seconds is not None else expected


@dataclass(frozen=True, slots=True)
class GenerationOption:
    """One provider that generates from given weights. `reason` may also note an open option."""

    base_model: BaseModel
    provider: str
    label: str
    is_available: bool
    reason: str | Promise
    is_simulated: bool
    offer: GenerationOffer | None
    needs_public_url: bool

    @property
    def is_own_machine(self) -> bool:
        """Whether they are really made, on a machine of the installation."""
        return runs_here(self.provider) and not self.is_simulated

    @property
    def is_free(self) -> bool:
        """Whether they are made on a machine of the installation, simulated or not."""
        return runs_here(self.provider)

    def price_usd(self, count: int, pixels: int) -> float | None:
        """Return what `count` images of `pixels` each cost; None where it is not known."""
        return self.offer.price_usd(count, pixels) if self.offer else None
