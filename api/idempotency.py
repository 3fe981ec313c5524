"""`Idempotency-Key`: a call that makes something is done once, however often it arrives.

The row is written before the work and holds the answer after it. Where a process is killed in
between, the same call does the work again once the lease is over: what it makes has an id, or a
key of a job, that is made from the same row, so that it is found instead of made again.
(The IETF's draft of the header, draft-ietf-httpapi-idempotency-key-header.)
"""

from __future__ import annotations

import hashlib
import inspect
import json
import re
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from functools import wraps
from typing import Any, TypeVar

from django.core.files.uploadedfile import UploadedFile
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from ninja import Status

from api.auth import person_of
from api.models import IdempotentCall
from api.problems import FieldError, ProblemError

View = TypeVar("View", bound=Callable[..., Any])
HEADER = "Idempotency-Key"
KEEP = timedelta(days=1)
# Longer than any call takes: the slowest takes in a full set of photos.
LEASE = timedelta(minutes=10)
PATTERN = "^[!-~]{1,255}$"  # visible ASCII


def creating(view: Callable[..., Any]) -> Callable[..., Any]:
    """Do the call once for each key. The view finds with `key_of` what is the same for each
    repetition of this call, and for no other."""

    @wraps(view)
    def once(request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        key = given_key(request)
        if key is None:
            request.idempotency_key = uuid.uuid4().hex  # type: ignore[attr-defined]
            return view(request, *args, **kwargs)
        call = _claimed(request, key)
        request.idempotency_key = call.seed.hex  # type: ignore[attr-defined]
        if call.status is not None:
            return _stored(call)
        with _given_back(call):
            result = view(request, *args, **kwargs)
            _keep(call, result)
        return result

    # ninja reads the arguments from it, and would look their types up in this module.
    once.__signature__ = inspect.signature(view, eval_str=True)  # type: ignore[attr-defined]
    once.is_creating = True  # type: ignore[attr-defined]
    return once


def takes_key(view: View) -> View:
    """Say that a call looks at the key itself (`given_key`): its answer must not be kept."""
    view.is_creating = True  # type: ignore[attr-defined]
    return view


def given_key(request: HttpRequest) -> str | None:
    """Return the header's key, None without one. Raises ProblemError for what is none."""
    key = request.headers.get(HEADER)
    if key is not None:
        _check(key)
    return key


def key_of(request: HttpRequest) -> str:
    """Return what each repetition of this call has, and no other call (see `creating`)."""
    return str(request.idempotency_key)  # type: ignore[attr-defined]


def prune() -> int:
    """Forget calls that nobody repeats any more; return how many."""
    return IdempotentCall.objects.filter(created_at__lt=timezone.now() - KEEP).delete()[0]


def _check(key: str) -> None:
    if not re.fullmatch(PATTERN, key):
        text = _("Send 1 to 255 visible ASCII characters, such as a UUID.")
        raise ProblemError("invalid", errors=[FieldError(HEADER, "invalid", text)])


@transaction.atomic
def _claimed(request: HttpRequest, key: str) -> IdempotentCall:
    """Return the call's row: with its answer, or claimed. Raises ProblemError."""
    now, fingerprint = timezone.now(), _fingerprint(request)
    values = {"fingerprint": fingerprint, "lease_until": now + LEASE}
    call, is_new = IdempotentCall.objects.select_for_update().get_or_create(
        owner=person_of(request), key=key, defaults=values
    )
    if is_new:
        return call
    if call.fingerprint not in {"", fingerprint}:
        raise ProblemError("idempotency_key_reused")
    if call.status is None:
        if call.lease_until > now:
            raise ProblemError("request_in_progress", headers={"Retry-After": "1"})
        call.lease_until, call.fingerprint = now + LEASE, fingerprint
        call.save(update_fields=["lease_until", "fingerprint"])
    return call


@contextmanager
def _given_back(call: IdempotentCall) -> Iterator[None]:
    """Free the key where the call was refused: once that is mended, it may be used again."""
    try:
        yield
    except Exception:
        refused = IdempotentCall.objects.filter(pk=call.pk, status=None)
        refused.update(lease_until=timezone.now(), fingerprint="")
        raise


def _keep(call: IdempotentCall, result: Any) -> None:
    status, body = (
        (result.status_code, result.value) if isinstance(result, Status) else (200, result)
    )
    call.status, call.answer = status, body.model_dump(by_alias=True, mode="json")
    call.save(update_fields=["status", "answer"])


def _stored(call: IdempotentCall) -> HttpResponse:
    response = HttpResponse(
        json.dumps(call.answer), status=call.status, content_type="application/json"
    )
    response["Idempotent-Replayed"] = "true"
    return response


def _fingerprint(request: HttpRequest) -> str:
    """Return a hash of all that was asked for."""
    digest = hashlib.sha256(f"{request.method} {request.get_full_path()}\n".encode())
    if request.content_type == "multipart/form-data":
        for name, values in sorted(request.POST.lists()):
            digest.update(repr((name, values)).encode())
        for name, files in sorted(request.FILES.lists()):
            for file in files:
                digest.update(repr((name, file.name, _sha256(file))).encode())
    else:
        digest.update(request.body)
    return digest.hexdigest()


def _sha256(file: UploadedFile[bytes]) -> str:
    digest = hashlib.sha256()
    for chunk in file.chunks():
        digest.update(chunk)
    file.seek(0)
    return digest.hexdigest()
