"""Signed links to weights for providers that download them: one file, one hour."""

from __future__ import annotations

import uuid

from django.conf import settings
from django.core import signing
from django.http import Http404

from models_app.models import UserModel

SALT = "generation.links.weights"
MAX_AGE = 3600  # seconds: longer than any generation, short enough to limit a leak


def signed_weights_path(model: UserModel) -> str:
    """Return the path under which the model's weights can be fetched without signing in."""
    token = signing.dumps([str(model.pk), model.weights_sha256], salt=SALT)
    return f"/files/weights/{token}.safetensors"


def signed_weights_url(model: UserModel) -> str:
    """Return the same as an absolute URL on the internet; needs PUBLIC_URL."""
    return f"{settings.PUBLIC_URL}{signed_weights_path(model)}"


def model_from_signature(token: str) -> UserModel:
    """Return the model a signature was made for. Raises Http404 for a forged or expired one, and
    once the model has other weights, or none."""
    try:
        model_id, sha256 = signing.loads(token, salt=SALT, max_age=MAX_AGE)
        stored = UserModel.objects.exclude(weights="")
        return stored.get(pk=uuid.UUID(model_id), weights_sha256=sha256)
    except (signing.BadSignature, ValueError, TypeError, UserModel.DoesNotExist) as error:
        raise Http404("No such file") from error
