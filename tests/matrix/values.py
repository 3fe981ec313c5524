"""What stands in an address of the owner's, for each part of it that varies."""

from __future__ import annotations

from django.apps import apps
from django.contrib.contenttypes.models import ContentType

from jobs.models import ProviderStatus
from models_app.models import UserModel
from tests.matrix.routes import Route
from tests.matrix.world import World

GIVEN = {
    "uidb36": "1",
    "key": "forged-key",
    "token": "forged",
    "url": "nowhere",
    "provider": "local",
}


def values_for(route: Route, world: World) -> dict[str, object]:
    """Return what stands in the address: the owner's, where it names a row."""
    values = GIVEN | world.values[""] | world.values.get(route.name, {})
    if route.pattern.startswith("admin/") and "object_id" in route.parameters:
        parts = route.pattern.split("/")
        if "content_type_id" in route.parameters:
            values["content_type_id"] = ContentType.objects.get_for_model(UserModel).pk
            values["object_id"] = values["model_id"]
        else:
            values["object_id"] = first_row(apps.get_model(*parts[1:3]), world)
    values |= {"app_label": "jobs", "id": world.owner.pk}
    return {name: values[name] for name in route.parameters}


def first_row(kind, world: World) -> object:
    """The owner's row; where there are several, any."""
    if kind is type(world.owner):
        return world.owner.pk
    return "local" if kind is ProviderStatus else kind.objects.values_list("pk", flat=True)[0]
