"""The landing page, Home, and the list of models."""

from __future__ import annotations

from django.contrib.auth.decorators import login_not_required
from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_safe

from accounts.models import User
from dashboard.current_user import current_user
from dashboard.pages.cards import ModelCard, cards_of, models_with_covers
from generation.models import GeneratedImage
from generation.selectors import images_of
from jobs.selectors import newest_event_id
from models_app.limits import LIMITS
from models_app.models import UserModel
from models_app.paging import page_of

NEWEST_MODELS, NEWEST_IMAGES = 6, 12
MODELS_PER_PAGE = 30


@login_not_required
@require_safe
def landing(request: HttpRequest) -> HttpResponse:
    """Show what TheWay is; redirect people who are signed in to Home."""
    if request.user.is_authenticated:
        return redirect("dashboard:home")
    return render(request, "landing.html")


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    user = current_user(request)
    context = {"after": newest_event_id()}  # before everything else: see live/streaming.py
    cards = newest_cards(user)
    return render(
        request,
        "home.html",
        context
        | {
            "busy": [card for card in cards if card.is_busy],
            "others": [card for card in cards if not card.is_busy],
            "images": newest_images(user),
            "limits": LIMITS,
        },
    )


@require_safe
def models(request: HttpRequest) -> HttpResponse:
    user = current_user(request)
    context: dict[str, object] = {"after": newest_event_id()}
    page = page_of(
        models_with_covers(user), before=request.GET.get("before", ""), size=MODELS_PER_PAGE
    )
    cards = cards_of(page.rows)
    context |= {"cards": cards, "next": page.next, "limits": LIMITS}
    return render(request, "models.html", context)


def newest_cards(user: User) -> list[ModelCard]:
    """Return cards of all models in progress, and of the newest others."""
    models = models_with_covers(user)
    waiting = Q(status=UserModel.Status.PENDING, started_at__isnull=False)
    busy = models.filter(waiting | Q(status=UserModel.Status.TRAINING) | Q(is_generating=True))
    newest = models[:NEWEST_MODELS]
    return cards_of({model.pk: model for model in [*busy[:MODELS_PER_PAGE], *newest]}.values())


def newest_images(user: User) -> list[GeneratedImage]:
    return list(images_of(user)[:NEWEST_IMAGES])
