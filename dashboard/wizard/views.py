"""The wizard's pages: a GET shows a step and writes nothing, a POST saves the answers."""

from __future__ import annotations

import uuid
from typing import Any

from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_safe

from accounts.limits import LimitReachedError
from accounts.models import User
from dashboard.current_user import current_user
from dashboard.limit_notes import limit_reached
from dashboard.wizard import unsaved_answers
from dashboard.wizard.context import address, clashes_of, fragments, page_context
from dashboard.wizard.edits import Edits, edits_in, news, where_to
from dashboard.wizard.steps import (
    ABOUT,
    NEW_ANSWERS,
    REVIEW,
    Saved,
    Step,
    finished,
    is_forward,
    neighbour,
    step_named,
    unfinished_before,
)
from models_app import trigger_words
from models_app.errors import NotEditableError
from models_app.models import UserModel
from models_app.selectors import model_for
from models_app.services import create_draft
from training import services as training
from training.forms.steps import StepForm
from training.selectors import Missing
from training.services import StartRefusedError


@login_not_required
@require_http_methods(["GET", "HEAD", "POST"])
def new_model(request: HttpRequest) -> HttpResponse:
    """Show the first step before the draft exists; its first answer creates the draft."""
    if not request.user.is_authenticated:
        return _sign_in(request, ABOUT)
    user = current_user(request)
    if request.method == "POST":
        if request.POST.get("go") == "back" and not ABOUT.has_text(request.POST):
            return redirect("dashboard:models")
        try:
            draft = _draft(user, request.POST.get("draft", ""))
        except LimitReachedError as reached:
            return _no_draft(request, user, reached)
        return _save(request, draft, ABOUT)
    unsaved = unsaved_answers.load(request, user)
    answers = NEW_ANSWERS | (dict(unsaved.answers) if unsaved else {})
    form = ABOUT.form(answers, owner=user, model=None)
    form.ignore_blanks()
    return _show(request, ABOUT, None, form, unsaved, is_unsaved=unsaved is not None)


@login_not_required
@require_http_methods(["GET", "HEAD", "POST"])
def step(request: HttpRequest, model_id: uuid.UUID, step: str) -> HttpResponse:
    """Show or save one step of a draft. A step after an incomplete one redirects to that one."""
    current = step_named(step)
    if not request.user.is_authenticated:
        return _sign_in(request, current)
    user = current_user(request)
    model = model_for(user, model_id)
    model.owner = user  # the same row: saves a query
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
    """Suggest a trigger word for a name; nothing is reserved or stored."""
    name = request.GET.get("name", "")[:60]
    word = trigger_words.suggest(name, owner=current_user(request)) if name.strip() else ""
    return JsonResponse({"word": word})


def _open(
    request: HttpRequest, model: UserModel, current: Step, done: frozenset[Step]
) -> HttpResponse:
    """Show a step with its saved answers, or those submitted while signed out."""
    unsaved = unsaved_answers.load(request, model.owner)
    form = current.shown_form(model)
    if unsaved:
        form = current.form({**form.data, **unsaved.answers}, owner=model.owner, model=model)
    # The redirect to an incomplete step adds "missing": then blanks are the errors to show.
    if "missing" not in request.GET:
        form.ignore_blanks()
    is_unsaved = unsaved is not None
    return _show(request, current, model, form, unsaved, done=done, is_unsaved=is_unsaved)


def _save(request: HttpRequest, model: UserModel, current: Step) -> HttpResponse:
    """Save the answers, then go where the clicked button leads."""
    is_autosave = "X-Autosave" in request.headers
    edits = _edits(request, current)
    try:
        saved = current.save(model, edits, is_whole=not is_autosave)
    except NotEditableError:
        return _leave(request, model)
    if edits.answers or not is_autosave:  # else a page only asks what others have changed
        unsaved_answers.discard(request)
    if is_autosave:
        return _saved(request, current, saved)
    go = where_to(request.POST)
    if saved.edits.clashes:
        return _show(request, current, saved.model, saved.form, saved.edits, status=409, then=go)
    if current is REVIEW and go == "start":
        return _start(request, saved.model)
    target = neighbour(current, go)
    if is_forward(current, target) and not saved.form.is_valid():
        return _show(request, current, saved.model, saved.form, status=422)
    return redirect(address(model, target) if target else reverse("dashboard:models"))


def _edits(request: HttpRequest, current: Step) -> Edits:
    """Return what was sent: with an autosave only what was changed, else the whole form."""
    answers = current.form_class.answers_in(request.POST)
    if "X-Autosave" in request.headers:
        answers = {name: text for name, text in answers.items() if name in request.POST}
    return edits_in(request.POST, answers)


def _start(request: HttpRequest, model: UserModel) -> HttpResponse:
    """Start the training. A second click finds it started and leads to the same page."""
    try:
        training.start(model, idempotency_key=request.POST.get("idempotency_key", ""))
    except StartRefusedError as refusal:
        return _not_started(request, model, refusal.reasons)
    except LimitReachedError as reached:
        return _not_started(request, model, [Missing(REVIEW.slug, str(reached))])
    return redirect("dashboard:model", model.pk)


def _not_started(request: HttpRequest, model: UserModel, reasons: list[Missing]) -> HttpResponse:
    form = REVIEW.saved_form(model)
    return _show(request, REVIEW, model, form, status=409, reasons=reasons)


def _no_draft(request: HttpRequest, user: User, reached: LimitReachedError) -> HttpResponse:
    """Show the answers as they were typed, and why they are no draft yet."""
    if "X-Autosave" in request.headers:
        return limit_reached(reached)
    form = ABOUT.form(ABOUT.form_class.answers_in(request.POST), owner=user, model=None)
    form.ignore_blanks()
    return _show(request, ABOUT, None, form, status=409)


def _saved(request: HttpRequest, current: Step, saved: Saved) -> JsonResponse:
    """Return the reply to an autosave: errors so far, the parts of the page that changed, and what
    was changed elsewhere."""
    saved.form.ignore_blanks()
    clashes = clashes_of(saved.form, saved.edits).values()
    return JsonResponse(
        {
            "address": address(saved.model, current),
            "errors": {name: list(errors) for name, errors in saved.form.errors.items()},
            "fragments": fragments(request, saved.model, saved.form),
        }
        | news(request, saved.before, saved.after, clashes)
    )


def _leave(request: HttpRequest, model: UserModel) -> HttpResponse:
    """Redirect an outdated tab, or a second click on “Start training”, to the model's page."""
    if "X-Autosave" in request.headers:
        return JsonResponse({"message": str(NotEditableError())}, status=409)
    return redirect("dashboard:model", model.pk)


def _sign_in(request: HttpRequest, current: Step) -> HttpResponse:
    """Redirect to sign in, storing what was submitted."""
    if request.method == "POST":
        unsaved_answers.store(request, _edits(request, current))
    to_login = redirect_to_login(request.get_full_path())
    if "X-Autosave" in request.headers:
        return JsonResponse({"sign_in": to_login["Location"]}, status=401)
    return to_login


def _draft(user: User, draft_id: str) -> UserModel:
    """Return the draft with the id that its page carries; create it on the first request.

    Raises Http404 for the id of another user's model.
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
    edits: Edits | None = None,
    *,
    status: int = 200,
    done: frozenset[Step] | None = None,
    **extra: Any,
) -> HttpResponse:
    """Show a step; `edits` are answers that are not saved, with what their page knew of them."""
    if done is None:
        done = finished(model) if model else frozenset()
    context = page_context(request, current, model, form, done, edits or Edits()) | extra
    return render(request, f"wizard/{current.slug}.html", context, status=status)
