"""The form that requests images."""

from __future__ import annotations

import uuid
from typing import Any

from django import forms

from generation.prompts import DEFAULT_RATIO, RATIOS
from generation.selectors import options_for
from generation.services import MAX_COUNT, MAX_SEED
from models_app.models import UserModel


class GenerateForm(forms.Form):
    """What to generate with one model; the idempotency key makes clicking twice harmless."""

    prompt = forms.CharField(
        label="What should the picture show?",
        max_length=1000,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text="Describe place, light, clothes. The trigger word is put in for you.",
        error_messages={"required": "Write what the picture should show."},
    )
    ratio = forms.ChoiceField(
        label="Shape", choices=[(label, label) for label in RATIOS], initial=DEFAULT_RATIO
    )
    count = forms.TypedChoiceField(
        label="How many",
        choices=[(number, str(number)) for number in range(1, MAX_COUNT + 1)],
        coerce=int,
        initial=1,
    )
    strength = forms.FloatField(
        label="Likeness",
        min_value=0.1,
        max_value=1.5,
        initial=1.0,
        widget=forms.NumberInput(attrs={"step": "0.05"}),
        help_text="LoRA strength: lower is freer, higher is closer to the photos.",
    )
    seed = forms.IntegerField(
        label="Seed",
        required=False,
        min_value=0,
        max_value=MAX_SEED,
        help_text="The same seed and prompt give the same picture. Empty: a new one each time.",
    )
    provider = forms.ChoiceField(label="Drawn by")
    idempotency_key = forms.CharField(widget=forms.HiddenInput, max_length=64)

    def __init__(self, *args: Any, model: UserModel, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.options = options_for(model)
        usable = [option for option in self.options if option.is_available]
        provider = self.fields["provider"]
        assert isinstance(provider, forms.ChoiceField)  # noqa: S101 - narrows the type
        provider.choices = [(option.provider, option.label) for option in usable]
        self.initial.setdefault("idempotency_key", uuid.uuid4().hex)
        if usable:
            self.initial.setdefault("provider", usable[0].provider)
        if len(usable) == 1:
            provider.widget = forms.HiddenInput()

    @property
    def can_generate(self) -> bool:
        """Whether any provider can generate with this model now."""
        return any(option.is_available for option in self.options)
