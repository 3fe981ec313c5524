"""Uploads in parts, so that a lost connection or a reload costs only the part that was on its way.

The protocol is “Resumable Uploads for HTTP” (draft-ietf-httpbis-resumable-upload-10): HEAD tells
how much has arrived (4.3), PATCH appends at that offset (4.4), DELETE gives up (4.5). The answer to
the part with `Upload-Complete: ?1` is that to an upload in one request. A form begins an upload, as
the draft leaves that to applications; begun twice it is the same one.

Handlers get the draft: whoever calls them has asked whose it is.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.utils.translation import gettext as _

from accounts.limits import LimitReachedError
from dashboard.wizard.photo_replies import live
from dashboard.wizard.upload_handlers import WIZARD, Replies, caption_in, number_in
from models_app import partial_files, partial_uploads
from models_app.errors import PhotoRefusedError
from models_app.models import PartialUpload, UserModel
from models_app.partial_files import OffsetError, TooLongError
from models_app.partial_uploads import Announced
from models_app.photo_sets import PhotoSet
from models_app.services import add_photo
from models_app.uploaded_sets import archive_in

PART_METHODS = ["HEAD", "PATCH", "DELETE"]
PART_TYPE = "application/partial-upload"
_PROBLEM = "https://iana.org/assignments/http-problem-types#mismatching-upload-offset"
_YES, _NO = "?1", "?0"  # booleans of RFC 9651


def begin_parts(request: HttpRequest, draft: UserModel, replies: Replies = WIZARD) -> HttpResponse:
    """Begin an upload: 201 with its address and how much of it is there already.

    Fields: `name`, `length`, `chosen`, `modified`, and the file `caption`. Raises NotEditableError.
    """
    length, chosen = number_in(request, "length"), number_in(request, "chosen")
    if length is None or chosen is None:
        return JsonResponse({"message": _("What is sent needs a length.")}, status=400)
    file = Announced(
        filename=request.POST.get("name", ""),
        length=length,
        chosen=chosen,
        modified=number_in(request, "modified") or 0,
        caption=caption_in(request),
        by_phone=replies is not WIZARD,
    )
    try:
        upload = partial_uploads.begin(draft, file)
    except PhotoRefusedError as refusal:
        return replies.refused(request, draft, refusal)
    except LimitReachedError as reached:
        return replies.limited(reached)
    response = _state(upload, 201)
    response["Location"] = f"{request.path}/{upload.pk}"
    return response


def carry_on(
    request: HttpRequest, draft: UserModel, upload_id: UUID, replies: Replies = WIZARD
) -> HttpResponseBase:
    """Answer HEAD, PATCH and DELETE of one upload. Raises Http404 and NotEditableError."""
    by_phone = replies is not WIZARD
    upload = partial_uploads.partial_upload_for(draft, upload_id, by_phone=by_phone)
    if request.method == "DELETE":
        partial_uploads.discard(upload)
        return HttpResponse(status=204)
    if request.method == "PATCH":
        return _append(request, draft, upload, replies)
    return _state(upload, 204)


def _append(
    request: HttpRequest, draft: UserModel, upload: PartialUpload, replies: Replies
) -> HttpResponseBase:
    """Take a part; with the last one, the whole file."""
    text = request.headers.get("Upload-Offset", "")
    if not text.isdecimal() or len(text) > 18 or request.content_type != PART_TYPE:
        return JsonResponse({"message": _("This is no part of an upload.")}, status=400)
    try:
        offset = _appended(request, upload, int(text))
    except OffsetError as error:
        return _mismatch(upload, error.offset, int(text))
    except TooLongError:
        return JsonResponse({"message": _("This is longer than was said.")}, status=400)
    if request.headers.get("Upload-Complete") != _YES or offset < upload.length:
        # Also where the last part was cut on its way: then nobody reads this.
        return _state(upload, 204, offset)
    return _taken(request, draft, upload, replies)


def _appended(request: HttpRequest, upload: PartialUpload, offset: int) -> int:
    if upload.photo_id:
        if offset != upload.length:
            raise OffsetError(upload.length)
        return offset
    path = partial_uploads.path_of(upload)
    return partial_files.append(path, request, offset=offset, length=upload.length)


def _taken(
    request: HttpRequest, draft: UserModel, upload: PartialUpload, replies: Replies
) -> HttpResponseBase:
    """Answer as to a file that was sent in one request; where that was done, the same again."""
    if upload.photo:
        return replies.stored(request, draft, upload.photo, is_new=False)
    with ExitStack() as stack:
        try:
            file = stack.enter_context(partial_uploads.opened(upload))
            if replies.take_archives and (photos := archive_in(file)):
                return _archive(request, draft, upload, photos, stack.pop_all().close)
            photo = add_photo(
                draft,
                upload=file,
                chosen=upload.chosen,
                caption=upload.caption,
                came_by=replies.came_by,
            )
            partial_uploads.became(upload, photo.pk)
            return replies.stored(request, draft, photo, is_new=True)
        except FileNotFoundError:
            raise Http404 from None  # another page was first
        except PhotoRefusedError as refusal:
            partial_uploads.refuse(upload, refusal)
            return replies.refused(request, draft, refusal)
        except LimitReachedError as reached:
            return replies.limited(reached)


def _archive(
    request: HttpRequest,
    draft: UserModel,
    upload: PartialUpload,
    photos: PhotoSet,
    close: Callable[[], None],
) -> HttpResponseBase:
    """Tell of each file of an archive; it is deleted once all were told of."""

    def told() -> Iterator[bytes]:
        try:
            yield from lines
            partial_uploads.discard(upload)
        finally:
            close()

    response = live(request, draft, photos, upload.chosen)
    lines = iter(response.streaming_content)  # type: ignore[arg-type]
    response.streaming_content = told()
    return response


def _state(upload: PartialUpload, status: int, offset: int | None = None) -> HttpResponse:
    response = HttpResponse(status=status)
    response["Upload-Offset"] = partial_uploads.offset_of(upload) if offset is None else offset
    response["Upload-Complete"] = _YES if upload.photo_id else _NO
    response["Upload-Length"] = upload.length
    response["Cache-Control"] = "no-store"
    return response


def _mismatch(upload: PartialUpload, expected: int, provided: int) -> HttpResponse:
    response = JsonResponse(
        {"type": _PROBLEM, "expected-offset": expected, "provided-offset": provided},
        status=409,
        content_type="application/problem+json",
    )
    response["Upload-Offset"] = expected
    response["Upload-Complete"] = _NO
    return response
