"""What can be trained now, and who trains it."""

from __future__ import annotations

from itertools import groupby

from django.http import HttpRequest

from api.routing import new_router
from api.schemas.catalog import BaseModelOut, ProviderOut
from jobs.selectors import descriptions, provider_statuses
from providers.catalog import SIMULATED
from providers.registry import CLASSES, label_of
from training.selectors import choices

router = new_router("Catalog")


@router.get("/catalog", response=list[BaseModelOut])
def get_catalog(request: HttpRequest) -> list[BaseModelOut]:
    """Get every base model with every trainer: whether it can be chosen now, and what it costs.

    From what each provider has answered last; nobody is asked for it."""
    grouped = groupby(choices(), key=lambda option: option.base_model)
    return [BaseModelOut.of(model, list(options)) for model, options in grouped]


@router.get("/providers", response=list[ProviderOut])
def list_providers(request: HttpRequest) -> list[ProviderOut]:
    """List the providers, and what each has said last of what it trains and draws."""
    known, statuses = descriptions(), provider_statuses()
    found = []
    for key in CLASSES:
        said, status = known.get(key), statuses.get(key)
        found.append(
            ProviderOut(
                key=key,
                label=label_of(key),
                is_set_up=key in known,
                is_answering=bool(said and status and not status.last_error),
                is_simulated=bool(said and said.engine == SIMULATED),
                trains=list(said.can_train) if said else [],
                draws=list(said.can_generate) if said else [],
            )
        )
    return found
