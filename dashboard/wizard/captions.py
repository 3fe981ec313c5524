"""The page of a draft's captions: all in one list, advice, and changes of all at once.

It is one form, so that no button loses what was typed beside it: each saves the captions first.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _, gettext_lazy, ngettext
from django.views.decorators.http import require_http_methods

from dashboard.current_user import current_user
from dashboard.wizard import unsaved_answers
from dashboard.wizard.caption_context import notes_context
from dashboard.wizard.context import address, photo_card
from dashboard.wizard.edits import Edits, edits_in
from dashboard.wizard.steps import PHOTOS, STEPS, captions_in, finished, save_captions, stepper
from jobs import tasks
from jobs.dispatch import dispatch_on_commit
from models_app import caption_program, caption_runs
from models_app.caption_changes import Change, Edit, Kind, edits_of
from models_app.caption_services import change_captions, undo_change
from models_app.edits import version_of
from models_app.errors import NotEditableError
from models_app.limits import LIMITS
from models_app.models import CaptionRun, TrainingImage, UserModel
from models_app.selectors import model_for, photos_of
from models_app.texts import TextField
from training.forms.steps import PhotosForm

_KINDS = (
    (Kind.PREPEND.value, gettext_lazy("Put in front")),
    (Kind.APPEND.value, gettext_lazy("Put behind")),
    (Kind.REPLACE.value, gettext_lazy("Find and replace")),
)
_INSERT_TRIGGER = Change(Kind.TRIGGER)


class ChangeForm(forms.Form):
    """A change of all captions, as it is typed. An empty text changes nothing."""

    kind = forms.ChoiceField(choices=_KINDS, initial=Kind.PREPEND.value, required=False)
    text = TextField(required=False, max_length=LIMITS.max_caption)
    replacement = TextField(required=False, max_length=LIMITS.max_caption)

    @property
    def change(self) -> Change | None:
        """The change; None where there is nothing to do, or not in a caption."""
        if not self.is_valid() or not self.cleaned_data["text"]:
            return None
        data = self.cleaned_data
        return Change(Kind(data["kind"] or Kind.PREPEND), data["text"], data["replacement"])


class CaptionsPage:
    """What the wizard's frame shows above this page, which belongs to the step of the photos."""

    slug = "captions"
    title = gettext_lazy("Captions")
    lead = gettext_lazy(
        "One line per photo about what may change: clothes, place, light. What all photos share is "
        "learned with your trigger word."
    )


_PAGE = CaptionsPage()
# Where a button leads, by its value: those of the stepper, and the way back.
_PLACES = {step.slug: step for step in STEPS} | {"back": PHOTOS}


@login_not_required
@require_http_methods(["GET", "HEAD", "POST"])
def captions(request: HttpRequest, model_id: uuid.UUID) -> HttpResponse:
    """Show the captions of a draft; save them, then do what the pressed button says."""
    if not request.user.is_authenticated:
        return _sign_in(request)
    user = current_user(request)
    model = model_for(user, model_id)
    model.owner = user  # the same row: saves a query
    if not model.is_editable:
        return redirect("dashboard:model", model.pk)
    if request.method != "POST":
        return _show(request, model, ChangeForm())
    try:
        edits = save_captions(model, request.POST)
        unsaved_answers.discard(request)
        go = request.POST.get("go", "")
        if edits.clashes:
            then = go if go in _PLACES else ""
            form = ChangeForm(request.POST)
            return _show(request, model, form, edits=edits, status=409, then=then)
        return _act(request, model, go or request.POST.get("then", ""))
    except NotEditableError as error:
        messages.warning(request, str(error))
        return redirect("dashboard:model", model.pk)


def _act(request: HttpRequest, model: UserModel, go: str) -> HttpResponse:
    if step := _PLACES.get(go):
        return redirect(address(model, step))
    match go:
        case "apply":
            _apply(request, model, ChangeForm(request.POST, prefix="shown").change)
        case "trigger":
            _apply(request, model, _INSERT_TRIGGER)
        case "write":
            if caption_runs.begin(model):
                dispatch_on_commit(tasks.write_caption)
        case "undo":
            messages.success(request, _put_back_text(undo_change(model)))
        case _:  # "preview", or Enter in a field
            form = ChangeForm(request.POST)
            if go == "preview" or form.data.get("text", "").strip():
                return _preview(request, model, form)
    return redirect("dashboard:captions", model.pk)


def _apply(request: HttpRequest, model: UserModel, change: Change | None) -> None:
    count = change_captions(model, change) if change else 0
    text = ngettext("%d caption was changed.", "%d captions were changed.", count) % count
    messages.success(request, text if count else _("No caption changes by that."))


def _put_back_text(count: int) -> str:
    if not count:
        return _("There is nothing left to undo.")
    text = ngettext(
        "%d caption is as it was before.", "%d captions are as they were before.", count
    )
    return text % count


def _preview(request: HttpRequest, model: UserModel, form: ChangeForm) -> HttpResponse:
    change = form.change
    if change is None:
        form.add_error("text", _("Type the words first."))
        return _show(request, model, form, status=422)
    changes = edits_of(photos_of(model), change, model)
    return _show(request, model, form, changes=changes)


def _show(
    request: HttpRequest,
    model: UserModel,
    form: ChangeForm,
    *,
    edits: Edits | None = None,
    changes: Sequence[Edit] | None = None,
    status: int = 200,
    **extra: Any,
) -> HttpResponse:
    """Show the captions; `edits` are those that are not saved, `changes` what a change would do."""
    user = current_user(request)
    unsaved = unsaved_answers.load(request, user)
    photos = list(photos_of(model))
    cards = [photo_card(photo, edits or unsaved or Edits()) for photo in photos]
    changing = [edit for edit in changes or () if not edit.is_too_long]
    context = {
        "step": _PAGE,
        "stepper": stepper(PHOTOS, finished(model)),
        "model": model,
        "sync": address(model, PHOTOS),  # which knows what other pages have changed
        "action": reverse("dashboard:captions", args=[model.pk]),
        "author": unsaved_answers.author_token(user),
        "is_unsaved": unsaved is not None,
        "version": version_of(captions_in(photos)),
        "limits": LIMITS,
        "cards": cards,
        "change": form,
        "edits": changes,
        "changing": len(changing),
        "lacking": len(edits_of(photos, _INSERT_TRIGGER, model)),
        "undo_count": sum(photo.caption_before is not None for photo in photos),
    }
    context |= notes_context(model, photos) | _run_context(model, photos) | extra
    return render(request, "wizard/captions.html", context, status=status)


def _run_context(model: UserModel, photos: Sequence[TrainingImage]) -> dict[str, Any]:
    """Return the context of captions that the operator's program writes, where there is one."""
    return {
        "is_written_here": caption_program.is_offered(),
        "caption_run": CaptionRun.objects.filter(model=model).first(),
        "blank": sum(not photo.caption for photo in photos),
    }


def _sign_in(request: HttpRequest) -> HttpResponse:
    """Redirect to sign in, storing what was submitted."""
    if request.method == "POST":
        answers = PhotosForm.answers_in(request.POST)
        unsaved_answers.store(request, edits_in(request.POST, answers))
    return redirect_to_login(request.get_full_path())
