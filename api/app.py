"""The JSON API: everything that the pages can do, for programs, with the permissions of the pages.

A call is a thin door: it asks a selector or a service of the rooms below, and answers a schema.
"""

from __future__ import annotations

from ninja import NinjaAPI
from ninja.operation import Operation
from pydantic.alias_generators import to_camel

from api import handlers, openapi
from api.auth import Access
from api.reading import StrictParser
from api.resources import (
    account,
    catalog,
    documented,
    jobs,
    models,
    photos,
    pictures,
    train_model,
    webhooks,
)

VERSION = "1.0.0"


class TheWayAPI(NinjaAPI):
    """ninja's API with our description, and with names of calls that clients can be made from."""

    def get_openapi_schema(self, **options: object) -> openapi.Document:
        return openapi.document(self)

    def get_openapi_operation_id(self, operation: Operation) -> str:
        return to_camel(operation.view_func.__name__)


api = TheWayAPI(
    title="TheWay",
    version=VERSION,
    description=openapi.DESCRIPTION,
    auth=Access(),
    parser=StrictParser(),
    docs_url=None,
    openapi_url=None,
    urls_namespace="api",
)
handlers.add_to(api)
for _resource in (
    documented,
    train_model,
    models,
    photos,
    jobs,
    pictures,
    webhooks,
    account,
    catalog,
):
    api.add_router("", _resource.router)
