"""The page of one model."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.views import redirect_to_login
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext
from django.views.decorators.http import require_POST, require_safe

from accounts.limits import LimitReachedError
from dashboard.current_user import current_user
from dashboard.form_addresses import takes_forms_of
from dashboard.pages.deletion_texts import still_to_come
from dashboard.pages.generations import address_of
from dashboard.pages.model_page import ModelPage
from dashboard.wizard import unsaved_answers
from dashboard.wizard.edits import Edits
from generation import services as generation
from generation.forms import GenerateForm
from generation.ideas import idea_at
from generation.repeating import wishes_of
from generation.selectors import image_for
from jobs.deletion import ModelBusyError, delete_model
from jobs.selectors import newest_event_id
from models_app.models import UserModel
from models_app.selectors import model_for
from models_app.texts import isolated

HOUR = 60 * 60  # seconds


@require_safe
def model(request: HttpRequest, model_id: UUID) -> HttpResponse:
    after = newest_event_id()  # read first: the stream sends whatever happens from here on
    model = _own_model(request, model_id)
    wishes, is_unsaved = _wishes(request, model), False
    if not wishes and (unsaved := unsaved_answers.load(request, model.owner, within=HOUR)):
        wishes, is_unsaved = dict(unsaved.answers), True
    page = ModelPage(model, wishes=wishes, is_unsaved=is_unsaved)
    if page.is_in_wizard:
        return redirect("dashboard:wizard", model_id, "about")
    return render(request, "model/page.html", {"page": page, "after": after})


@require_safe
def model_live(request: HttpRequest, model_id: UUID) -> HttpResponse:
    """Return the live parts alone, for browsers that poll and after a stream fell behind."""
    after = newest_event_id()  # read first, too: a page that knows more by now keeps what it has
    page = ModelPage(_own_model(request, model_id))
    return render(request, "model/_body.html", {"page": page, "after": after})


@login_not_required
@takes_forms_of(model)
def generate(request: HttpRequest, model_id: UUID) -> HttpResponse:
    if not request.user.is_authenticated:
        return _sign_in(request, model_id)
    after = newest_event_id()
    model = _own_model(request, model_id)
    form = GenerateForm(request.POST, model=model)
    if form.is_valid():
        try:
            job = generation.create(model, **form.cleaned_data)
            unsaved_answers.discard(request, _address(model.pk))
            return redirect(address_of(job))
        except (generation.GenerationRefusedError, LimitReachedError) as error:
            form.add_error(None, str(error))
    page = ModelPage(model, form)
    if page.shape != "ready":
        reasons = " ".join(map(str, form.non_field_errors()))
        messages.error(request, reasons or gettext("This model is not ready yet."))
        return redirect("dashboard:model", model.pk)
    return render(request, "model/page.html", {"page": page, "after": after}, status=422)


@require_safe
def model_question(request: HttpRequest, model_id: UUID) -> HttpResponse:
    """Ask before a model, or a draft, is deleted."""
    page = ModelPage(_own_model(request, model_id))
    return render(request, "question.html", {"question": page.deletion})


@require_POST
def model_delete(request: HttpRequest, model_id: UUID) -> HttpResponse:
    model = model_for(current_user(request), model_id)
    name = str(model)
    try:
        receipt = delete_model(model)
    except ModelBusyError:
        text = gettext("A job is still running for this model. Cancel it first.")
        messages.error(request, text)
        return redirect("dashboard:model", model_id)
    text = gettext("“%(name)s” is deleted, with its photos, weights and pictures.")
    messages.success(request, " ".join([text % {"name": isolated(name)}, *still_to_come(receipt)]))
    return redirect("dashboard:models")


def _address(model_id: UUID) -> str:
    return reverse("dashboard:model", args=[model_id])


def _sign_in(request: HttpRequest, model_id: UUID) -> HttpResponse:
    """Redirect to sign in, storing what was wished for."""
    names = [name for name in GenerateForm.base_fields if name != "idempotency_key"]
    wishes = {name: request.POST[name] for name in names if name in request.POST}
    unsaved_answers.store(request, Edits(wishes), _address(model_id))
    return redirect_to_login(_address(model_id))


def _wishes(request: HttpRequest, model: UserModel) -> dict[str, Any]:
    """Return what the address asks the form to be filled in with: `idea`, a prompt by its place,
    or `like`, a picture of this model, with `seed=new` without its seed."""
    like = request.GET.get("like")
    if like is None:
        idea = idea_at(model, request.GET.get("idea", ""))
        return {"prompt": idea} if idea else {}
    try:
        image = image_for(current_user(request), UUID(like))
    except ValueError:
        raise Http404("No such image") from None
    if image.model_id != model.pk:
        raise Http404("Not a picture of this model")
    return wishes_of(image, same_seed=request.GET.get("seed") != "new")


def _own_model(request: HttpRequest, model_id: UUID) -> UserModel:
    """Return the user's model, with its owner: the same row, which saves a query."""
    user = current_user(request)
    model = model_for(user, model_id)
    model.owner = user
    return model
