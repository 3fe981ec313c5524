"""Which problem each refusal of the rooms below is, for programs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.http.request import RawPostDataException
from ninja import NinjaAPI
from ninja.errors import HttpError, ValidationError

from accounts.limit_texts import problem
from accounts.limits import LimitReachedError
from api.problems import FieldError, ProblemError, code_of
from generation.services import GenerationRefusedError
from jobs.deletion import ModelBusyError
from jobs.engine.transitions import TransitionError
from models_app.errors import CropChangedError, NotEditableError, PhotoRefusedError
from models_app.models import TrainingImage, UserModel
from training.services import StartRefusedError

# Where ninja found a value, before its name: the part of the request and the view's argument.
_PLACES = {"body": 2, "form": 2, "file": 1, "query": 1, "header": 1, "cookie": 1, "path": 1}


def add_to(api: NinjaAPI) -> None:
    """Have the API answer all refusals as problems."""
    for error, handler in HANDLERS.items():
        api.add_exception_handler(error, _answering(handler))
    api.add_exception_handler(Exception, _unexpected)


def _answering(
    handler: Callable[[Any], ProblemError],
) -> Callable[[HttpRequest, Any], HttpResponse]:
    def answer(request: HttpRequest, error: Any) -> HttpResponse:
        return handler(error).response()

    return answer


def _unexpected(request: HttpRequest, error: Any) -> HttpResponse:
    raise error  # Django logs it, and `theway.full_disk` knows what to say of some


def _limit(error: LimitReachedError) -> ProblemError:
    said = problem(error)
    after = {"Retry-After": str(error.retry_after)} if error.retry_after else {}
    members = {"limit": said["limit"], "allowed": said["allowed"], "roomAt": said["room_at"]}
    return ProblemError(error.code, str(error), headers=after, **members)


def _photo(error: PhotoRefusedError) -> ProblemError:
    if error.code == "no_space":
        return ProblemError("no_space", error.message)
    return ProblemError(
        "photo_refused", error.message, errors=[FieldError("", error.code, error.message)]
    )


def _start(error: StartRefusedError) -> ProblemError:
    reasons = [FieldError("", f"missing_{one.step}", one.text) for one in error.reasons]
    return ProblemError("not_startable", str(error), errors=reasons)


def _validation(error: ValidationError) -> ProblemError:
    return ProblemError("invalid", errors=[_field_error(one) for one in error.errors])


def _field_error(found: dict[str, Any]) -> FieldError:
    place = [str(part) for part in found["loc"]]
    inside = place[_PLACES.get(place[0], 0) :] if place else []
    return FieldError(
        ".".join(inside), str(found["type"]), str(found["msg"]).removeprefix("Value error, ")
    )


def _http(error: HttpError) -> ProblemError:
    if error.status_code == 401:
        return ProblemError("unauthorized", headers={"WWW-Authenticate": "Bearer"})
    return ProblemError(code_of(error.status_code), str(error))


HANDLERS: dict[type[Exception], Callable[[Any], ProblemError]] = {
    ProblemError: lambda error: error,
    Http404: lambda _error: ProblemError("not_found"),
    # Removed between the moment it was looked up and the one it was locked.
    UserModel.DoesNotExist: lambda _error: ProblemError("not_found"),
    TrainingImage.DoesNotExist: lambda _error: ProblemError("not_found"),
    ValidationError: _validation,
    HttpError: _http,
    # A form where JSON is wanted, which has been read as one (`theway.request_texts`).
    RawPostDataException: lambda _error: ProblemError("unsupported_media_type"),
    LimitReachedError: _limit,
    NotEditableError: lambda error: ProblemError("not_editable", str(error)),
    PhotoRefusedError: _photo,
    CropChangedError: lambda error: ProblemError("conflict", str(error)),
    StartRefusedError: _start,
    GenerationRefusedError: lambda error: ProblemError("not_possible", str(error)),
    TransitionError: lambda error: ProblemError("not_possible", str(error)),
    ModelBusyError: lambda error: ProblemError("not_possible", str(error)),
}
