"""A model has just become ready: who it is, and what its first picture could be."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from django.utils.translation import gettext

from accounts.money import dollars
from generation.forms import GenerateForm
from generation.ideas import ideas_for
from generation.models import GeneratedImage
from generation.prompts import DEFAULT_RATIO, RATIOS
from generation.selectors import is_first_picture
from jobs.models import JobQueue
from models_app.models import UserModel
from providers.options import GenerationOption


@dataclass(frozen=True, slots=True)
class Moment:
    """What the page says and offers until somebody has asked for a picture.

    `taps` are prompts that each make one picture at `option`, which is not free.
    """

    text: str
    taps: list[str]
    option: GenerationOption | None = None
    ratio: str = DEFAULT_RATIO

    @property
    def price(self) -> str:
        """What one tap costs, in a sentence."""
        offer = self.option.offer if self.option else None
        if self.option is None or offer is None:
            return ""
        pixels = _pixels(self.ratio)
        published = offer.price_usd(1, pixels)
        known = {
            "provider": self.option.label,
            "price": dollars(Decimal(str(published or offer.budget_usd(1, pixels)))),
        }
        if published is not None:
            return gettext("Each makes one picture at %(provider)s for %(price)s.") % known
        return (
            gettext(
                "Each makes one picture at %(provider)s, which charges for it. It publishes no "
                "price; budgets count %(price)s."
            )
            % known
        )


def moment_of(
    model: UserModel,
    jobs: Sequence[JobQueue],
    images: Sequence[GeneratedImage],
    form: GenerateForm | None,
    *,
    has_room: bool,
) -> Moment | None:
    """Return it until pictures were asked for; `has_room` is whether limits allow one more."""
    if form is None or any(not is_first_picture(job) for job in jobs):
        return None
    if images:
        return Moment(gettext("This is the first picture. What should the next one show?"), [])
    if any(not job.is_over for job in jobs):
        return Moment(gettext("The first picture is being made."), [])
    usable = [option for option in form.options if option.is_available]
    if not usable or not has_room:
        return Moment(gettext("The weights are stored. You can download them below."), [])
    if any(option.is_free for option in usable):
        return Moment(gettext("Describe the first picture, or begin with an idea."), [])
    text = gettext("Make the first picture with one tap, or describe your own.")
    return Moment(text, ideas_for(model), usable[0])


def _pixels(ratio: str) -> int:
    width, height = RATIOS[ratio]
    return width * height
