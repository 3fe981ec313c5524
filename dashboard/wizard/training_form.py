"""The Training step: what to train, with whom, and how hard."""

from __future__ import annotations

from typing import Any

from django import forms

from accounts.models import User
from dashboard.wizard.forms import StepForm
from models_app.models import UserModel
from providers.catalog import DEFAULT_BASE_MODEL, RANGES, RESOLUTIONS
from providers.options import TrainingOption
from training.options import DEFAULT_PRESET, PRESETS, TrainingOptions, problem
from training.selectors import choices

ADVANCED = ("epochs", "learning_rate", "batch_size", "resolution")
_AS_PRESET = "As the preset"


def key_of(option: TrainingOption) -> str:
    """Return the radio value that stands for a base model with a provider."""
    return f"{option.provider}:{option.base_model.key}"


def _step_of(name: str) -> str:
    return "any" if name == "learning_rate" else "1"


def _number(label: str, name: str, help_text: str) -> dict[str, Any]:
    """Give what the number fields share; an empty one takes the preset's value."""
    allowed = RANGES[name]
    attrs = {"min": f"{allowed.low:f}".rstrip("0").rstrip("."), "max": f"{allowed.high:g}"}
    return {
        "label": label,
        "required": False,
        "help_text": help_text,
        "widget": forms.NumberInput(attrs=attrs | {"step": _step_of(name)}),
    }


class TrainingForm(StepForm):
    option = forms.CharField(
        label="Trainer", error_messages={"required": "Choose what to train, and where."}
    )
    preset = forms.ChoiceField(
        label="How thorough",
        choices=[(preset.key, preset.label) for preset in PRESETS.values()],
        error_messages={"required": "Choose how thorough it shall be."},
    )
    epochs = forms.IntegerField(**_number("Epochs", "epochs", "How often each photo is looked at."))
    learning_rate = forms.FloatField(
        **_number("Learning rate", "learning_rate", "How much one look changes.")
    )
    batch_size = forms.IntegerField(
        **_number("Batch size", "batch_size", "Photos looked at together.")
    )
    resolution = forms.TypedChoiceField(
        label="Resolution",
        required=False,
        coerce=int,
        empty_value=None,
        choices=[("", _AS_PRESET), *((str(side), f"{side} pixels") for side in RESOLUTIONS)],
        help_text="The size photos are learned at.",
    )

    def __init__(self, answers: Any, *, owner: User, model: UserModel | None) -> None:
        super().__init__(answers, owner=owner, model=model)
        self.options = choices()

    @classmethod
    def answers_of(cls, model: UserModel) -> dict[str, str]:
        if not model.base_model or not model.provider:
            return {}
        preset = model.preset if model.preset in PRESETS else DEFAULT_PRESET
        usual = TrainingOptions.of_preset(preset).as_json()
        own = {
            name: str(value)
            for name, value in model.options.items()
            if name in usual and value != usual[name]
        }
        chosen = {"option": f"{model.provider}:{model.base_model}", "preset": preset}
        return dict.fromkeys(ADVANCED, "") | own | chosen

    def suggested(self) -> dict[str, str]:
        """Return the answers most people want: the usual model on the first open trainer."""
        open_options = [option for option in self.options if option.is_available]
        usual = [o for o in open_options if o.base_model.key == DEFAULT_BASE_MODEL] or open_options
        return {"option": key_of(usual[0]) if usual else "", "preset": DEFAULT_PRESET}

    @property
    def chosen(self) -> TrainingOption | None:
        """The option that is ticked, whether or not it can be had right now."""
        value = self["option"].value()
        return next((option for option in self.options if key_of(option) == value), None)

    def clean_option(self) -> TrainingOption:
        option = self.chosen
        if option is None:
            raise forms.ValidationError("This is not offered any more. Choose another.")
        if not option.is_available:
            raise forms.ValidationError(
                f"{option.base_model.label} with {option.label} cannot be chosen: {option.reason}"
            )
        return option

    def clean(self) -> None:
        for name in ADVANCED:
            value = self.cleaned_data.get(name)
            if value is not None and (wrong := problem(name, value)):
                self.add_error(name, wrong)

    def columns(self) -> dict[str, Any]:
        valid: dict[str, Any] = {}
        if option := self.cleaned_data.get("option"):
            valid |= {"base_model": option.base_model.key, "provider": option.provider}
        if preset := self.cleaned_data.get("preset"):
            valid |= {"preset": preset}
            if not any(name in self.errors for name in ADVANCED):
                valid |= {"options": self._values(preset)}
        return valid

    def _values(self, preset: str) -> dict[str, int | float]:
        own = {name: self.cleaned_data[name] for name in ADVANCED}
        usual = TrainingOptions.of_preset(preset).as_json()
        return usual | {name: value for name, value in own.items() if value is not None}
