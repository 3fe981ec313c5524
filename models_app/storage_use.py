"""How many bytes a person's files take: photos, weights, what is arriving in parts, and what other
rooms register.

Thumbnails are ours and do not count; crops do. Sizes are read from the rows in one query, so what
is deleted frees its bytes at once.
"""

from __future__ import annotations

from django.db.models import BigIntegerField, F, Model, OuterRef, Subquery, Sum, Value
from django.db.models.expressions import Combinable
from django.db.models.functions import Coalesce

from accounts.allowances import Usage
from accounts.models import User
from models_app.models import PartialUpload, TrainingImage, UserModel

# Kinds of rows with a file: the field of its size, and the path to the owner's row.
_stored: dict[type[Model], tuple[str | Combinable, str]] = {
    TrainingImage: (F("size") + F("cropped_size"), "model__owner"),
    PartialUpload: ("size", "model__owner"),
    UserModel: ("weights_size", "owner"),
}


def register(model: type[Model], *, size: str, owner: str) -> None:
    """Count the files of another room's rows too."""
    _stored[model] = (size, owner)


def usage_of(person: User) -> Usage:
    """Return how many bytes the person's files take, in one query."""
    total: Combinable = Value(0)
    for model, (size, owner) in _stored.items():
        total = total + _bytes_of(model, size, owner)
    row = User.objects.filter(pk=person.pk).values_list(total)
    return Usage(next((int(value) for (value,) in row), 0))


def _bytes_of(model: type[Model], size: str | Combinable, owner: str) -> Coalesce:
    rows = model._default_manager.filter(**{owner: OuterRef("pk")}).order_by()
    summed = rows.values(owner).annotate(bytes=Sum(size)).values("bytes")
    return Coalesce(Subquery(summed), Value(0), output_field=BigIntegerField())
