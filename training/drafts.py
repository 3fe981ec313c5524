"""Changing a draft as a program does: some values at once, by the same rules as in the wizard.

The wizard's forms decide what is right. What is wrong changes nothing, where the wizard would keep
it to show it again.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from models_app import trigger_words
from models_app.locks import locked
from models_app.models import UserModel
from models_app.services import save_answers
from providers.hyperparameters import HYPERPARAMETERS
from training.forms.steps import AboutForm, StepForm
from training.forms.training import TrainingForm

_ABOUT = ("name", "description", "kind", "trigger_word", "consent")
_TRAINING = ("base_model", "provider", "preset", "options")
CHANGEABLE = (*_ABOUT, *_TRAINING)


class InvalidDraftError(Exception):
    """Some values are wrong, and nothing was changed: `errors` are sentences by field."""

    def __init__(self, errors: Mapping[str, list[str]]) -> None:
        super().__init__("; ".join(text for texts in errors.values() for text in texts))
        self.errors = dict(errors)


@transaction.atomic
def change(model: UserModel, **values: Any) -> UserModel:
    """Change what is given, all of it or nothing, and return the model.

    Takes name, description, kind, trigger_word, consent (bool), base_model, provider, preset and
    options (hyperparameters by name). Without a trigger word the name gives one, as in the wizard.
    Raises InvalidDraftError, NotEditableError, and TypeError for other names.
    """
    if unknown := values.keys() - set(CHANGEABLE):
        raise TypeError(f"A draft has no {sorted(unknown)}")
    model = locked(model)  # what is merged below must not undo a change of this moment
    about = {name: values[name] for name in _ABOUT if name in values}
    training = {name: values[name] for name in _TRAINING if name in values}
    if about:
        model = _save(model, "about", AboutForm, _about_answers(model, about), set(about))
    if training:
        answers = _training_answers(model, training)
        model = _save(model, "training", TrainingForm, answers, set(training))
    return model


def _about_answers(model: UserModel, given: Mapping[str, Any]) -> dict[str, str]:
    answers = {**AboutForm.answers_of(model), **(model.answers.get("about") or {})}
    answers |= {name: _answer(value) for name, value in given.items() if name != "consent"}
    if "consent" in given:
        answers["consent"] = "on" if given["consent"] else ""
    if not answers["trigger_word"] and answers["name"].strip():
        answers["trigger_word"] = trigger_words.suggest(answers["name"], owner=model.owner)
    return answers


def _training_answers(model: UserModel, given: Mapping[str, Any]) -> dict[str, str]:
    suggested = TrainingForm({}, owner=model.owner, model=model).suggested()
    saved = model.answers.get("training") or TrainingForm.answers_of(model)
    answers = {**suggested, **{name: text for name, text in saved.items() if text}}
    provider, _colon, base_model = answers["option"].partition(":")
    if "base_model" in given or "provider" in given:
        base_model = given.get("base_model", base_model)
        provider = given.get("provider", provider)
        answers["option"] = f"{provider}:{base_model}"
    if "preset" in given:
        answers["preset"] = str(given["preset"])
    own: Mapping[str, Any] = given.get("options") or {}
    if unknown := own.keys() - HYPERPARAMETERS.keys():
        text = _("There is no option with this name: %(names)s.")
        raise InvalidDraftError({"options": [text % {"names": ", ".join(sorted(unknown))}]})
    return answers | {name: _answer(value) for name, value in own.items()}


def _answer(value: Any) -> str:
    """Return a value as it would be entered; None empties the field."""
    return "" if value is None else str(value)


def _save(
    model: UserModel,
    step: str,
    form_class: type[StepForm],
    answers: dict[str, str],
    given: set[str],
) -> UserModel:
    """Save one step, unless a value that was given is wrong: the others may be missing still."""
    answers = form_class.answers_in(answers)
    form = form_class(answers, owner=model.owner, model=model)
    form.is_valid()
    # That consent is missing is no reason to keep anything from being saved.
    wrong = given - {"consent"}
    errors = {name: texts for name, texts in _errors(form, step).items() if name in wrong}
    if errors:
        raise InvalidDraftError(errors)
    valid = form.columns()
    saved = save_answers(model, step=step, answers=answers, valid=valid)
    word = valid.get("trigger_word", "")
    if "trigger_word" in given and saved.trigger_word != word:  # taken in this moment
        text = trigger_words.problem_with(word, owner=model.owner, model=saved)
        raise InvalidDraftError({"trigger_word": [text]})
    return saved


def _errors(form: StepForm, step: str) -> dict[str, list[str]]:
    """Return the form's errors by the names that programs know."""
    found: dict[str, list[str]] = {}
    for name, texts in form.errors.items():
        known = name
        if step == "training" and name not in {"preset"}:
            known = "base_model" if name == "option" else "options"
        found.setdefault(known, []).extend(map(str, texts))
    if "base_model" in found:
        found["provider"] = found["base_model"]
    return found
