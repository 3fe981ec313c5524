"""What every step's form shares, and the forms of About and Photos.

A form is always bound to answers as a person typed them, so a step looks the same after a
reload, a refusal, or a week: what was typed is shown, and what is wrong with it beside it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django import forms
from django.utils import timezone

from accounts.models import User
from models_app import trigger_words
from models_app.limits import LIMITS
from models_app.models import Subject, UserModel

# What is kept of one answer as typed. Far above every limit, far below what hurts a row.
LONGEST_ANSWER = 4000


class StepForm(forms.Form):
    """One step's questions. `model` is None before the draft exists."""

    # A step may be left half done, so the browser must not stand in the way.
    use_required_attribute = False

    def __init__(
        self, answers: Mapping[str, Any] | None, *, owner: User, model: UserModel | None
    ) -> None:
        super().__init__(answers, label_suffix="")
        self.owner = owner
        self.model = model

    @classmethod
    def answers_in(cls, data: Mapping[str, Any]) -> dict[str, str]:
        """Take this step's answers out of a request; an unticked box is an empty answer."""
        return {name: str(data.get(name, ""))[:LONGEST_ANSWER] for name in cls.base_fields}

    @classmethod
    def answers_of(cls, model: UserModel) -> dict[str, str]:
        """Return the answers that the model's columns stand for; {} where there are none."""
        return {}

    def columns(self) -> dict[str, Any]:
        """Return the valid answers as values of the model's columns."""
        return {}

    def forgive_blanks(self) -> None:
        """Say nothing yet about questions that simply were not answered."""
        for name in list(self.errors):
            if not self.data.get(name):
                del self.errors[name]


class AboutForm(StepForm):
    name = forms.CharField(
        label="What shall we call it?",
        max_length=60,
        error_messages={"required": "Give it a name. You can change it until training starts."},
        widget=forms.TextInput(attrs={"autocomplete": "off", "placeholder": "Ann"}),
    )
    kind = forms.ChoiceField(
        label="What do your photos show?",
        choices=Subject.choices,
        error_messages={"required": "Choose one of the three."},
    )
    description = forms.CharField(
        label="Anything to remember about it",
        max_length=500,
        required=False,
        help_text="For yourself. It is not sent to a trainer.",
        widget=forms.Textarea(attrs={"rows": 2}),
    )
    trigger_word = forms.CharField(
        label="Trigger word",
        error_messages={"required": "It needs a word. Give a name first and we suggest one."},
        help_text="You will write it in a prompt to call what you trained. "
        "A made-up word works best, because it means nothing else yet.",
        widget=forms.TextInput(
            attrs={"autocomplete": "off", "autocapitalize": "none", "spellcheck": "false"}
        ),
    )
    consent = forms.BooleanField(
        label="The person in these photos is me, or has agreed to this.", required=False
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
            self.add_error("consent", "Photos of a person need that person's agreement.")

    def columns(self) -> dict[str, Any]:
        named = ("name", "kind", "description", "trigger_word")
        valid = {name: self.cleaned_data[name] for name in named if name in self.cleaned_data}
        # The moment of consent is when the box was first ticked, not when the form was last sent.
        earlier = self.model.consent_at if self.model else None
        is_ticked = bool(self.cleaned_data.get("consent"))
        return valid | {"consent_at": (earlier or timezone.now()) if is_ticked else None}


class PhotosForm(StepForm):
    """Photos are stored as they come; left to answer are their captions, and whether they suffice.

    A caption's field is `caption-<photo id>`.
    """

    @classmethod
    def answers_in(cls, data: Mapping[str, Any]) -> dict[str, str]:
        captions = [name for name in data if name.startswith("caption-")][: LIMITS.max_photos]
        return {name: str(data[name])[: LIMITS.max_caption] for name in captions}

    def clean(self) -> None:
        count = self.model.photos.count() if self.model else 0
        if count < LIMITS.min_photos:
            lacking = LIMITS.min_photos - count
            noun = "photo" if lacking == 1 else "photos"
            raise forms.ValidationError(
                f"Add {lacking} more {noun}. A training needs at least {LIMITS.min_photos}."
            )


class ReviewForm(StepForm):
    """Nothing is asked here; the button is the answer."""
