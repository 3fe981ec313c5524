"""The base of every step's form, and the forms of About, Photos and Review.

A form is always bound to the answers as they were entered, so a step looks the same after a
reload, an error or a week: it shows what was entered, with any error beside it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext as _, gettext_lazy

from accounts.models import User
from models_app import trigger_words
from models_app.limits import LIMITS
from models_app.models import Subject, UserModel
from models_app.texts import TextField
from training.selectors import photos_missing_text

# The stored length of one unchecked answer: far above every limit, harmless for a row.
MAX_ANSWER_LENGTH = 4000


class StepForm(forms.Form):
    """The form of one step. `model` is None before the draft exists."""

    # A step may be left incomplete, so the browser must not block its submission.
    use_required_attribute = False

    def __init__(
        self, answers: Mapping[str, Any] | None, *, owner: User, model: UserModel | None
    ) -> None:
        super().__init__(answers, label_suffix="")
        self.owner = owner
        self.model = model

    @classmethod
    def answers_in(cls, data: Mapping[str, Any]) -> dict[str, str]:
        """Return this step's answers from request data; an unchecked box is an empty answer."""
        return {name: str(data.get(name, ""))[:MAX_ANSWER_LENGTH] for name in cls.base_fields}

    @classmethod
    def answers_of(cls, model: UserModel) -> dict[str, str]:
        """Return the model's columns as answers; {} where this step has no columns."""
        return {}

    def columns(self) -> dict[str, Any]:
        """Return the valid answers as values of the model's columns."""
        return {}

    def in_words(self, name: str, answer: str) -> str:
        """Return the answer to a field as a person reads it; `name` may be of no field here."""
        field = self.fields.get(name)
        if isinstance(field, forms.BooleanField):
            return _("Checked") if answer else _("Not checked")
        choices: dict[str, Any] = {}
        if isinstance(field, forms.ChoiceField):
            choices = dict(field.choices)  # type: ignore[arg-type] # pairs: ours have no groups
        return str(choices.get(answer, answer)) or _("Empty")

    def ignore_blanks(self) -> None:
        """Drop the errors of fields that are still empty."""
        for name in list(self.errors):
            if not self.data.get(name):
                del self.errors[name]


class AboutForm(StepForm):
    name = TextField(
        label=gettext_lazy("Name"),
        max_length=60,
        error_messages={
            "required": gettext_lazy("Enter a name. You can change it until training starts.")
        },
        widget=forms.TextInput(attrs={"autocomplete": "off", "placeholder": gettext_lazy("Ann")}),
    )
    kind = forms.ChoiceField(
        label=gettext_lazy("What do your photos show?"),
        choices=Subject.choices,
        error_messages={"required": gettext_lazy("Choose one of these.")},
    )
    description = TextField(
        label=gettext_lazy("Description"),
        max_length=500,
        required=False,
        help_text=gettext_lazy("Only for you. It is not sent to the trainer."),
        widget=forms.Textarea(attrs={"rows": 2}),
    )
    trigger_word = forms.CharField(
        label=gettext_lazy("Trigger word"),
        error_messages={
            "required": gettext_lazy("Enter a trigger word, or enter a name and we suggest one.")
        },
        help_text=gettext_lazy(
            "Use it in prompts to show what you trained. A made-up word works best, because it "
            "has no other meaning."
        ),
        widget=forms.TextInput(
            attrs={"autocomplete": "off", "autocapitalize": "none", "spellcheck": "false"}
        ),
    )
    consent = forms.BooleanField(
        label=gettext_lazy(
            "I am the person in these photos, or that person agrees to this training."
        ),
        required=False,
    )

    @classmethod
    def answers_of(cls, model: UserModel) -> dict[str, str]:
        return {
            "name": model.name,
            "kind": model.kind,
            "description": model.description,
            "trigger_word": model.trigger_word,
            "consent": "on" if model.consent_at else "",
        }

    def clean_trigger_word(self) -> str:
        word: str = self.cleaned_data["trigger_word"].lower()
        if problem := trigger_words.problem_with(word, owner=self.owner, model=self.model):
            raise forms.ValidationError(problem)
        return word

    def clean(self) -> None:
        needs_consent = self.cleaned_data.get("kind") == Subject.PERSON
        if needs_consent and not self.cleaned_data.get("consent"):
            self.add_error("consent", _("Confirm that the person in the photos agrees."))

    def columns(self) -> dict[str, Any]:
        names = ("name", "kind", "description", "trigger_word")
        valid = {name: self.cleaned_data[name] for name in names if name in self.cleaned_data}
        # Consent dates from when the box was first checked, not from the last submission.
        earlier = self.model.consent_at if self.model else None
        is_checked = bool(self.cleaned_data.get("consent"))
        return valid | {"consent_at": (earlier or timezone.now()) if is_checked else None}


class PhotosForm(StepForm):
    """Captions, and whether there are enough photos. The photos are stored as they arrive.

    The field of a caption is `caption-<photo id>`.
    """

    @classmethod
    def answers_in(cls, data: Mapping[str, Any]) -> dict[str, str]:
        captions = [name for name in data if name.startswith("caption-")][: LIMITS.max_photos]
        return {name: str(data[name])[: LIMITS.max_caption] for name in captions}

    def clean(self) -> None:
        count = self.model.photos.count() if self.model else 0
        if count < LIMITS.min_photos:
            raise forms.ValidationError(photos_missing_text(count))


class ReviewForm(StepForm):
    """No fields: the step only has the button that starts the training."""
