"""The training step: base model, trainer, preset and hyperparameters."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext as _, gettext_lazy

from accounts.models import User
from models_app.models import UserModel
from models_app.numbers import NumberField, WholeNumberField
from providers.hyperparameters import DEFAULT_PRESET, HYPERPARAMETERS, PRESETS, Defaults
from providers.options import TrainingOption
from providers.registry import training_defaults
from training.forms.steps import StepForm
from training.selectors import cannot_keep_prior, choices, usual_option

SWITCH = [
    ("", gettext_lazy("Same as preset")),
    ("True", gettext_lazy("On")),
    ("False", gettext_lazy("Off")),
]


def key_of(option: TrainingOption) -> str:
    """Return the radio button's value for a base model at a provider."""
    return f"{option.provider}:{option.base_model.key}"


def _field(name: str) -> forms.Field:
    """Return the form field of a hyperparameter; an empty field means the preset's value."""
    parameter = HYPERPARAMETERS[name]
    shared: dict[str, Any] = {"label": parameter.label, "help_text": parameter.help_text}
    shared["required"] = False
    if parameter.is_switch:
        coerce = "True".__eq__
        return forms.TypedChoiceField(**shared, coerce=coerce, empty_value=None, choices=SWITCH)
    if parameter.choices:
        sizes = [(str(side), gettext_lazy("%d pixels") % side) for side in parameter.choices]
        choices = [("", gettext_lazy("Same as preset")), *sizes]
        return forms.TypedChoiceField(**shared, coerce=int, empty_value=None, choices=choices)
    return WholeNumberField(**shared) if parameter.is_whole else NumberField(**shared)


class TrainingForm(StepForm):
    option = forms.CharField(
        label=gettext_lazy("Base model and trainer"),
        error_messages={"required": gettext_lazy("Choose a base model and a trainer.")},
    )
    preset = forms.ChoiceField(
        label=gettext_lazy("Preset"),
        choices=[(preset.key, preset.label) for preset in PRESETS.values()],
        error_messages={"required": gettext_lazy("Choose a preset.")},
    )
    epochs = _field("epochs")
    learning_rate = _field("learning_rate")
    batch_size = _field("batch_size")
    resolution = _field("resolution")
    rank = _field("rank")
    fixed_steps = _field("fixed_steps")
    keep_prior = _field("keep_prior")

    def __init__(self, answers: Any, *, owner: User, model: UserModel | None) -> None:
        super().__init__(answers, owner=owner, model=model)
        self.options = choices()

    @classmethod
    def answers_of(cls, model: UserModel) -> dict[str, str]:
        if not model.base_model or not model.provider:
            return {}
        preset = model.preset if model.preset in PRESETS else DEFAULT_PRESET
        usual = training_defaults(model.provider, model.base_model, model.kind)
        defaults = PRESETS[preset].values(usual).as_json()
        own = {
            name: str(value)
            for name, value in model.options.items()
            if name in defaults and value != defaults[name]
        }
        chosen = {"option": f"{model.provider}:{model.base_model}", "preset": preset}
        return dict.fromkeys(HYPERPARAMETERS, "") | own | chosen

    def in_words(self, name: str, answer: str) -> str:
        """Return the answer to a field as a person reads it."""
        known = {key_of(option): option for option in self.options} if name == "option" else {}
        if answer in known:
            return f"{known[answer].base_model.label}, {known[answer].label}"
        return super().in_words(name, answer)

    def suggested(self) -> dict[str, str]:
        """Return the suggested answers: the default base model at the first available trainer."""
        best = usual_option(options=self.options)
        return {"option": key_of(best) if best else "", "preset": DEFAULT_PRESET}

    @property
    def chosen(self) -> TrainingOption | None:
        """The selected option, available or not; None for an unknown value."""
        value = self["option"].value()
        return next((option for option in self.options if key_of(option) == value), None)

    def clean_option(self) -> TrainingOption:
        option = self.chosen
        if option is None:
            raise forms.ValidationError(_("This option no longer exists. Choose another."))
        if not option.is_available:
            text = _("%(base_model)s with %(trainer)s is not available: %(reason)s") % {
                "base_model": option.base_model.label,
                "trainer": option.label,
                "reason": option.reason,
            }
            raise forms.ValidationError(text)
        return option

    def clean(self) -> None:
        for name in HYPERPARAMETERS:
            value = self.cleaned_data.get(name)
            if value is not None and (problem := HYPERPARAMETERS[name].problem_with(value)):
                self.add_error(name, problem)
        option, batch = self.cleaned_data.get("option"), self.cleaned_data.get("batch_size")
        if option and batch and (problem := option.why_not_at_once(batch)):
            self.add_error("batch_size", problem)
        if option and self.cleaned_data.get("keep_prior") and not self.can_keep_prior:
            self.add_error("keep_prior", cannot_keep_prior(option))

    @property
    def can_keep_prior(self) -> bool:
        """Whether the selected trainer can be asked to keep what the base model knows."""
        return self.usual.keeps_prior is not None

    @property
    def usual(self) -> Defaults:
        """What is usual for the selected option and this draft's subject."""
        subject = self.model.kind if self.model else ""
        return self.chosen.usual_for(subject) if self.chosen else Defaults()

    def columns(self) -> dict[str, Any]:
        valid: dict[str, Any] = {}
        if option := self.cleaned_data.get("option"):
            valid |= {"base_model": option.base_model.key, "provider": option.provider}
        if preset := self.cleaned_data.get("preset"):
            valid |= {"preset": preset}
            if not any(name in self.errors for name in HYPERPARAMETERS):
                valid |= {"options": self._values(preset)}
        return valid

    @property
    def own_values(self) -> dict[str, int | float]:
        """The advanced values that were entered and are right; the preset decides the others."""
        entered = {name: getattr(self, "cleaned_data", {}).get(name) for name in HYPERPARAMETERS}
        return {
            name: value
            for name, value in entered.items()
            if value is not None and name not in self.errors
        }

    def _values(self, preset: str) -> dict[str, int | float]:
        own = self.own_values
        if not self.can_keep_prior:
            own.pop("keep_prior", None)
        return PRESETS[preset].values(self.usual).as_json() | own
