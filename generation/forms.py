"""The form that requests images."""

from __future__ import annotations

import uuid
from typing import Any

from django import forms
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from generation.prompts import DEFAULT_RATIO, RATIOS
from generation.selectors import options_for
from generation.services import (
    DETAILS,
    MAX_COUNT,
    MAX_GUIDANCE,
    MAX_SEED,
    MAX_STEPS,
    MAX_STRENGTH,
    MIN_STRENGTH,
)
from models_app.models import Subject, UserModel
from models_app.numbers import NumberField, WholeNumberField
from models_app.texts import TextField

# What is worth describing depends on what was trained.
HINTS = {
    Subject.PERSON: _("Describe place, light and clothes. The trigger word is added for you."),
    Subject.PRODUCT: _(
        "Describe place, light and what is around it. The trigger word is added for you."
    ),
    Subject.STYLE: _("Describe what the picture shows. The trigger word is added for you."),
}

_SHAPES = {
    "1:1": _("Square"),
    "4:5": _("Portrait"),
    "2:3": _("Tall"),
    "9:16": _("Phone"),
    "3:2": _("Landscape"),
    "16:9": _("Wide"),
}


class GenerateForm(forms.Form):
    """What to generate with one model; the idempotency key makes a double click one job."""

    prompt = TextField(
        label=_("What should the picture show?"),
        max_length=1000,
        widget=forms.Textarea(attrs={"rows": 3}),
        error_messages={"required": _("Describe what the picture should show.")},
    )
    ratio = forms.ChoiceField(
        label=_("Shape"),
        choices=[(ratio, format_lazy("{} · {}", _SHAPES[ratio], ratio)) for ratio in RATIOS],
        initial=DEFAULT_RATIO,
    )
    count = forms.TypedChoiceField(
        label=_("Pictures"),
        choices=[(number, str(number)) for number in range(1, MAX_COUNT + 1)],
        coerce=int,
        initial=1,
    )
    strength = NumberField(
        label=_("Strength"),
        min_value=MIN_STRENGTH,
        max_value=MAX_STRENGTH,
        initial=1.0,
        help_text=_("Lower is freer, higher is closer to your photos."),
    )
    seed = WholeNumberField(
        label=_("Seed"),
        required=False,
        min_value=0,
        max_value=MAX_SEED,
        help_text=_("The same seed and prompt make the same picture. Empty means a new one."),
    )
    steps = WholeNumberField(
        label=_("Steps"),
        required=False,
        min_value=1,
        max_value=MAX_STEPS,
        help_text=_("More take longer. Empty means what suits the base model."),
    )
    guidance = NumberField(
        label=_("Guidance"),
        required=False,
        min_value=0,
        max_value=MAX_GUIDANCE,
        help_text=_("How closely the prompt is followed. Empty means what suits the base model."),
    )
    negative_prompt = TextField(
        label=_("What should not be in it"),
        required=False,
        max_length=1000,
        help_text=_("Not every base model knows this. The others leave it aside."),
    )
    provider = forms.ChoiceField(label=_("Made by"))
    idempotency_key = forms.CharField(widget=forms.HiddenInput, max_length=64)

    def __init__(self, *args: Any, model: UserModel, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["prompt"].help_text = HINTS[Subject(model.kind)]
        self.options = options_for(model)
        usable = [option for option in self.options if option.is_available]
        provider = self.fields["provider"]
        assert isinstance(provider, forms.ChoiceField)  # noqa: S101 - narrows the type
        provider.choices = [(option.provider, option.label) for option in usable]
        self.initial.setdefault("idempotency_key", uuid.uuid4().hex)
        if usable and self.initial.get("provider") not in [option.provider for option in usable]:
            self.initial["provider"] = usable[0].provider
        if len(usable) == 1:
            provider.widget = forms.HiddenInput()
        if not any(option.is_own_machine for option in usable):
            for name in DETAILS:
                del self.fields[name]

    @property
    def details(self) -> list[forms.BoundField]:
        """The fields that only the person's own trainer takes; none where it makes no pictures."""
        return [self[name] for name in DETAILS if name in self.fields]

    @property
    def is_refused_within(self) -> bool:
        """Whether something is wrong with what is folded away."""
        return any(name in self.errors for name in ("strength", "seed", "provider", *DETAILS))

    @property
    def has_other_providers(self) -> bool:
        """Whether there are some that take no such thing."""
        return any(one.is_available and not one.is_own_machine for one in self.options)

    @property
    def can_generate(self) -> bool:
        """Whether any provider can generate with this model now."""
        return any(option.is_available for option in self.options)
