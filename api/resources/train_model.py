"""`POST /api/train-model`: a name and a ZIP of photos, and the training starts.

The ZIP is sent as a form, or its address as JSON: then the worker fetches it and starts after that.
"""

from __future__ import annotations

from typing import Any

import pydantic
from django.http import HttpRequest
from ninja import Status

from accounts.limits import LimitReachedError
from api.auth import SPENDS
from api.idempotency import creating
from api.problems import FieldError, ProblemError
from api.reading import StrictParser
from api.resources.documented import new_model, require_known
from api.resources.models import detail, started
from api.routing import may_fail, new_router
from api.schemas.documented import TrainIn, TrainUploadIn
from api.schemas.models import ModelDetailOut
from models_app.intake import State, take_in
from models_app.models import UserModel
from models_app.remote_archives import FetchRefusedError, fetch_archive, fetch_of
from models_app.selectors import photos_of
from models_app.uploaded_sets import archive_in
from providers.http.public_errors import AddressRefusedError

router = new_router("Create and start")
FORM = "multipart/form-data"
_FORM = TrainUploadIn.model_json_schema(by_alias=True)
_FORM["properties"]["zip"] = {"type": "string", "format": "binary", "description": "the photos"}
_FORM["required"].append("zip")
_BODIES: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {
            FORM: {"schema": _FORM},
            "application/json": {"schema": TrainIn.model_json_schema(by_alias=True)},
        },
    }
}


@router.post("/train-model", response={202: ModelDetailOut}, auth=SPENDS, openapi_extra=_BODIES)
@may_fail(
    "not_available",
    "not_startable",
    "photo_refused",
    "address_refused",
    "conflict",
    "trigger_word_refused",
    "budget_reached",
    "installation_budget_reached",
)
@creating
def train_model(request: HttpRequest) -> Status:
    """Make a model from a ZIP of photos and start its training.

    Its trigger word is made from its name. A ZIP that is fetched is taken in by and by: ask for the
    model. What cannot be fetched, or started, is said there."""
    if request.content_type == FORM:
        model = _from_upload(request)
    else:
        wishes = _read(TrainIn, StrictParser().parse_body(request))
        model = new_model(request, wishes)
        _fetch(model, wishes.zip_url)
    return Status(202, detail(request, model.pk))


def _fetch(model: UserModel, url: str) -> None:
    """Have the ZIP at `url` fetched, and the training started then. Raises ProblemError, and leaves
    no model where that cannot be."""
    if fetch_of(model):  # a repetition
        return
    try:
        fetch_archive(model, url=url, start=True)
    except (AddressRefusedError, FetchRefusedError) as error:
        model.delete()
        code = "address_refused" if isinstance(error, AddressRefusedError) else "conflict"
        why = [FieldError("zipUrl", error.code, str(error))]
        raise ProblemError(code, str(error), errors=why) from error
    except LimitReachedError:
        model.delete()
        raise


def _from_upload(request: HttpRequest) -> UserModel:
    """Take the photos of an uploaded ZIP and start. Raises ProblemError, and leaves no model where
    the ZIP gives no photo."""
    require_known(
        request, {"zip", *(str(one.alias) for one in TrainUploadIn.model_fields.values())}
    )
    upload = request.FILES.get("zip")
    if upload is None:
        raise ProblemError("invalid", errors=[FieldError("zip", "missing", "Send a ZIP.")])
    wishes = _read(TrainUploadIn, {k: v for k, v in request.POST.items() if k != "zip"})
    photos = archive_in(upload)
    if photos is None:
        raise ProblemError("photo_refused", "This is no ZIP.")
    model = new_model(request, wishes)
    if not model.is_editable:  # a repetition
        return model
    results = list(take_in(model, photos))
    if not photos_of(model).exists():
        model.delete()
        reasons = [
            FieldError(one.path, one.code or "refused", one.text)
            for one in results
            if one.state is State.REFUSED
        ]
        raise ProblemError(
            "photo_refused", "The ZIP has no photo that can be used.", errors=reasons
        )
    started(model)
    return model


def _read(kind: type[Any], body: Any) -> Any:
    """Return a body as `kind`. Raises ProblemError."""
    try:
        return kind.model_validate(body)
    except pydantic.ValidationError as error:
        errors = [
            FieldError(
                ".".join(map(str, one["loc"])),
                one["type"],
                one["msg"].removeprefix("Value error, "),
            )
            for one in error.errors()
        ]
        raise ProblemError("invalid", errors=errors) from error
