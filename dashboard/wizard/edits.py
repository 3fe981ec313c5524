"""What a page of the wizard sends of its fields, and what it is told of other pages.

Beside every field stands what its page knew of it, in fields `was-<name>`: what is stored and what
was sent before. `models_app.edits` decides by them; a page whose field clashes shows both values
and two buttons, which send `decide`, "mine:<name>" or "other:<name>".
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.http import HttpRequest, QueryDict
from django.template.loader import render_to_string
from django.utils.translation import gettext as _

from models_app.edits import version_of
from providers.redaction import without_controls

_MAX_KNOWN = 20  # texts per field; a page that sends more is not ours
CAPTION = "caption-"


@dataclass(frozen=True, slots=True)
class Edits:
    """Fields as they were entered, what their page knew of each, and what is stored of those that
    were changed elsewhere too."""

    answers: Mapping[str, str] = field(default_factory=dict)
    known: Mapping[str, Sequence[str]] = field(default_factory=dict)
    clashes: Mapping[str, str] = field(default_factory=dict)

    def was(self, name: str, stored: str) -> Sequence[str]:
        """Return what the page that is shown knows of a field."""
        return self.known.get(name) or [stored]

    @property
    def touched(self) -> Edits:
        """What the person has changed of it, as far as is known."""
        answers = {
            name: text
            for name, text in self.answers.items()
            if [without_controls(one) for one in self.known.get(name, ())]
            != [without_controls(text)]
        }
        known = {name: texts for name, texts in self.known.items() if name in answers}
        return Edits(answers, known)


@dataclass(frozen=True, slots=True)
class Clash:
    """A field that was changed here and elsewhere, in words; `value` is what is stored."""

    name: str
    mine: str
    other: str
    value: str
    form: str = "wizard"  # the id of the form that its buttons send


def edits_in(data: QueryDict, answers: Mapping[str, str]) -> Edits:
    """Return what a form sends, decisions included. `answers` are its fields as entered."""
    known = {name: _known(data, name) for name in answers if was_name(name) in data}
    choice, _colon, name = data.get("decide", "").partition(":")
    if choice == "mine" and name in known:
        known[name] += data.getlist(f"other-{name}")
    if choice == "other":
        answers = {one: text for one, text in answers.items() if one != name}
    return Edits(answers, known)


def _known(data: QueryDict, name: str) -> list[str]:
    return data.getlist(was_name(name))[:_MAX_KNOWN]


def was_name(name: str) -> str:
    """Return the name of the hidden fields beside a field."""
    return f"was-{name.removeprefix(CAPTION)}"


def where_to(data: QueryDict) -> str:
    """Return where a form leads: the button that was pressed, or the one before a decision."""
    return data.get("go") or data.get("then") or "next"


def news(
    request: HttpRequest,
    before: Mapping[str, str],
    after: Mapping[str, str],
    clashes: Iterable[Clash],
) -> dict[str, Any]:
    """Return what a page is told with each save: the version of what is stored, all of it where
    the page did not know what was stored `before`, and what has to be decided."""
    told: dict[str, Any] = {"version": version_of(after), "clashes": _rendered(request, clashes)}
    if request.POST.get("version", told["version"]) != version_of(before):
        told["answers"] = {name: without_controls(text) for name, text in after.items()}
    return told


def _rendered(request: HttpRequest, clashes: Iterable[Clash]) -> dict[str, dict[str, str]]:
    return {
        one.name: {
            "other": one.value,
            "html": render_to_string("wizard/_clash.html", {"clash": one}, request),
        }
        for one in clashes
    }


def caption_clash(name: str, edits: Edits) -> Clash | None:
    """Return the clash of a caption's field; None where there is none."""
    if name not in edits.clashes:
        return None
    mine, other = edits.answers.get(name, ""), edits.clashes[name]
    return Clash(name, mine or _("Empty"), other or _("Empty"), other)
