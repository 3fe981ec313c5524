"""Which part of a photo is wanted: four numbers, or the name of a preset."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from django import forms
from django.utils.translation import gettext as _, gettext_lazy

from models_app.crops import Box, Preset
from models_app.models import TrainingImage


class CropForm(forms.Form):
    """Shows the photo's crop until something else is entered.

    Whether the box is one that can be trained on, the service says (`models_app.cropping`).
    """

    left = forms.IntegerField(label=gettext_lazy("Left"), required=False)
    top = forms.IntegerField(label=gettext_lazy("Top"), required=False)
    width = forms.IntegerField(label=gettext_lazy("Width"), required=False)
    height = forms.IntegerField(label=gettext_lazy("Height"), required=False)
    preset = forms.ChoiceField(choices=[(one.value, one.name) for one in Preset], required=False)

    def __init__(self, data: Mapping[str, Any] | None, *, photo: TrainingImage) -> None:
        super().__init__(data, initial=asdict(photo.box), label_suffix="")
        self._photo = photo

    @property
    def numbers(self) -> list[forms.BoundField]:
        """The four fields of the box."""
        return [self[name] for name in ("left", "top", "width", "height")]

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        if cleaned.get("preset") or self.errors:
            return cleaned
        if any(cleaned.get(field.name) is None for field in self.numbers):
            raise forms.ValidationError(_("Enter four whole numbers."))
        return cleaned

    @property
    def box(self) -> Box:
        """The box of a valid form."""
        if preset := self.cleaned_data["preset"]:
            return Preset(preset).box(self._photo.width, self._photo.height)
        return Box(*(self.cleaned_data[field.name] for field in self.numbers))


def presets_for(photo: TrainingImage) -> list[tuple[str, str]]:
    """Return the presets with their names for a photo of this shape."""
    if photo.width == photo.height:
        return [(Preset.WHOLE, _("Whole photo"))]
    is_wide = photo.width > photo.height
    return [
        (Preset.WHOLE, _("Whole photo")),
        (Preset.START, _("Square, left") if is_wide else _("Square, top")),
        (Preset.CENTRE, _("Square, centre")),
        (Preset.END, _("Square, right") if is_wide else _("Square, bottom")),
    ]
