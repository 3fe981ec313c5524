"""Copies of trained weights at providers that draw with what is uploaded to them."""

from __future__ import annotations

from datetime import timedelta

from django.core.files.storage import default_storage

from generation.models import WeightsCopy
from jobs import clock
from models_app.models import UserModel
from providers.base import Provider

# A picture may wait in the provider's queue before it fetches the weights.
LEAST_LEFT = timedelta(hours=6)


def address_at(provider: Provider, model: UserModel) -> str:
    """Return where the model's weights lie at a provider; upload them where they do not (any
    more). Costs nothing; what lies there is remembered until it has expired.

    Raises ProviderError, and OSError where the weights cannot be read.
    """
    now = clock.now()
    copies = WeightsCopy.objects.filter(
        model=model, provider=provider.key, account=provider.account, sha256=model.weights_sha256
    )
    if copy := copies.filter(expires_at__gt=now + LEAST_LEFT).first():
        return copy.address
    with default_storage.open(str(model.weights.name)) as file:
        address = provider.upload_weights(file)
    WeightsCopy.objects.create(
        model=model,
        provider=provider.key,
        account=provider.account,
        sha256=model.weights_sha256,
        address=address,
        expires_at=now + provider.weights_last,
    )
    WeightsCopy.objects.filter(expires_at__lt=now).delete()
    return address
