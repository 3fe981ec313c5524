"""The wizard's pages: a GET shows a step and writes nothing, a POST keeps what was answered."""

from __future__ import annotations

import uuid
from typing import Any

from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_safe

from accounts.models import User
from dashboard.current_user import current_user
from dashboard.wizard import unsaved_answers
from dashboard.wizard.context import address, fragments, page
from dashboard.wizard.forms import StepForm
from dashboard.wizard.steps import (
    ABOUT,
    PHOTOS,
    REVIEW,
    Step,
    finished,
    is_forward,
    neighbour,
    save_captions,
    step_named,
    unfinished_before,
)
from models_app import trigger_words
from models_app.errors import NotEditableError
from models_app.models import UserModel
from models_app.selectors import model_for
from models_app.services import create_draft
from training import services as training
from training.services import StartRefusedError


@login_not_required
@require_http_methods(["GET", "HEAD", "POST"])
def new_model(request: HttpRequest) -> HttpResponse:
    """The first step before there is a draft; its first answer makes one."""
    if not request.user.is_authenticated:
        return _sign_in(request, ABOUT)
    user = current_user(request)
    if request.method == "POST":
        if request.POST.get("go") == "back" and not ABOUT.is_begun(request.POST):
            return redirect("dashboard:models")
        return _save(request, _draft(user, request.POST.get("draft", "")), ABOUT)
    typed = unsaved_answers.kept_for(request, user)
    form = ABOUT.form(typed or {"kind": "person"}, owner=user, model=None)
    form.forgive_blanks()
    return _show(request, ABOUT, None, form, is_unsaved=typed is not None)


@login_not_required
@require_http_methods(["GET", "HEAD", "POST"])
def step(request: HttpRequest, model_id: uuid.UUID, step: str) -> HttpResponse:
    """One step of a draft. Opening a later one than can be answered leads to that one."""
    current = step_named(step)
    if not request.user.is_authenticated:
        return _sign_in(request, current)
    user = current_user(request)
    model = model_for(user, model_id)
    model.owner = user  # the same row: spares reading it again
    if not model.is_editable:
        return _leave(request, model)
    if request.method == "POST":
        return _save(request, model, current)
    done = finished(model)
    if missing := unfinished_before(current, done):
        return redirect(f"{address(model, missing)}?missing")
    return _open(request, model, current, done)


@require_safe
def suggest_word(request: HttpRequest) -> JsonResponse:
    """Work out a trigger word from a name; nothing is reserved or stored."""
    name = request.GET.get("name", "")[:60]
    word = trigger_words.suggest(name, owner=current_user(request)) if name.strip() else ""
    return JsonResponse({"word": word})


def _open(
    request: HttpRequest, model: UserModel, current: Step, done: frozenset[Step]
) -> HttpResponse:
    """Show a step with its saved answers, or those typed while signed out."""
    typed = unsaved_answers.kept_for(request, model.owner)
    form = current.form(typed, owner=model.owner, model=model) if typed else None
    form = form or current.shown_form(model)
    # "missing" was put there by the redirect above: then blanks are what is wrong.
    if "missing" not in request.GET:
        form.forgive_blanks()
    return _show(request, current, model, form, done=done, is_unsaved=typed is not None)


def _save(request: HttpRequest, model: UserModel, current: Step) -> HttpResponse:
    """Keep the answers, then go where the pressed button leads."""
    is_autosave = "X-Autosave" in request.headers
    answers = current.form_class.answers_in(request.POST)
    if not is_autosave:
        answers = current.fill(answers, model.owner)
    form = current.form(answers, owner=model.owner, model=model)
    is_complete = form.is_valid()
    try:
        model = current.save(model, answers, form)
        if current is PHOTOS:
            save_captions(model, request.POST)
    except NotEditableError:
        return _leave(request, model)
    unsaved_answers.drop(request)
    if is_autosave:
        return _saved(request, model, current, form)
    if current is REVIEW and request.POST.get("go") == "start":
        return _start(request, model)
    target = neighbour(current, request.POST.get("go", "next"))
    if is_forward(current, target) and not is_complete:
        return _show(request, current, model, form, status=422)
    return redirect(address(model, target) if target else reverse("dashboard:models"))


def _start(request: HttpRequest, model: UserModel) -> HttpResponse:
    """Start the training; a second press finds the model started and lands on the same page."""
    try:
        training.start(model, idempotency_key=request.POST.get("idempotency_key", ""))
    except StartRefusedError as refusal:
        form = REVIEW.saved_form(model)
        return _show(request, REVIEW, model, form, status=409, reasons=refusal.reasons)
    return redirect("dashboard:model", model.pk)


def _saved(request: HttpRequest, model: UserModel, current: Step, form: StepForm) -> JsonResponse:
    """Answer an autosave: what is wrong so far, and the parts of the page that changed."""
    form.forgive_blanks()
    return JsonResponse(
        {
            "address": address(model, current),
            "errors": {name: list(errors) for name, errors in form.errors.items()},
            "fragments": fragments(request, model, form),
        }
    )


def _leave(request: HttpRequest, model: UserModel) -> HttpResponse:
    """Lead a forgotten tab, or a second press of “Start”, to where the model now is."""
    if "X-Autosave" in request.headers:
        return JsonResponse({"message": str(NotEditableError())}, status=409)
    return redirect("dashboard:model", model.pk)


def _sign_in(request: HttpRequest, current: Step) -> HttpResponse:
    """Send a signed-out person to sign in, keeping what they had typed."""
    if request.method == "POST":
        unsaved_answers.keep(request, current.form_class.answers_in(request.POST))
    to_login = redirect_to_login(request.get_full_path())
    if "X-Autosave" in request.headers:
        return JsonResponse({"sign_in": to_login["Location"]}, status=401)
    return to_login


def _draft(user: User, draft_id: str) -> UserModel:
    """Return the draft that this page stands for; the same page sent twice makes one.

    The page carries the id of the draft to be; somebody else's id is answered as unknown.
    """
    try:
        wanted = uuid.UUID(draft_id)
    except ValueError:
        wanted = uuid.uuid4()
    return model_for(user, create_draft(user, draft_id=wanted).pk)


def _show(
    request: HttpRequest,
    current: Step,
    model: UserModel | None,
    form: StepForm,
    *,
    status: int = 200,
    done: frozenset[Step] | None = None,
    **extra: Any,
) -> HttpResponse:
    if done is None:
        done = finished(model) if model else frozenset()
    context = page(request, current, model, form, done) | extra
    return render(request, f"wizard/{current.slug}.html", context, status=status)
