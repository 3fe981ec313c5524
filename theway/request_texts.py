"""Text in requests: taken as its sender wrote it, or refused where no database can store it."""

from __future__ import annotations

import html
import json
import logging
import re
import sys
from collections.abc import Iterable, Iterator
from contextlib import suppress
from typing import Any

from django.core.files.uploadedfile import UploadedFile
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse, QueryDict
from django.http.multipartparser import MultiPartParser, MultiPartParserError
from django.shortcuts import render
from django.utils.datastructures import MultiValueDict
from django.utils.deprecation import MiddlewareMixin
from django.utils.translation import gettext_lazy as _

from jobs.webhook_links import provider_at
from models_app.texts import is_storable, single_line
from theway.bodies.answers import Answer

logger = logging.getLogger(__name__)

UNSTORABLE = Answer(
    422,
    _("This text cannot be stored"),
    _(
        "It contains a character that stands for nothing, such as a null character. Nothing was "
        "stored. Go back and type that part anew instead of pasting it."
    ),
)
UNREADABLE = Answer(
    400,
    _("This form cannot be read"),
    _("What your browser sent is not whole, or not what it says it is. Go back and send it again."),
)
# The same characters as they are written in JSON.
_ESCAPED = re.compile(r"\\u(?:0000|d[89a-f])", re.IGNORECASE)


class RequestTexts(MiddlewareMixin):
    """Refuses null characters and halves of characters wherever a request may carry text.

    PostgreSQL takes no null character, UTF-8 no half of a pair. One place in front of all views
    makes the answer the same at every address and on every database.
    """

    def process_request(self, request: HttpRequest) -> HttpResponse | None:
        request.parse_file_upload = _files_parser(request)  # type: ignore[method-assign]
        # Cookies of others on this host are no fault of the person: what is odd is not there.
        for name in [name for name, value in request.COOKIES.items() if not is_storable(value)]:
            del request.COOKIES[name]
        if not is_storable(request.path_info):
            raise Http404("No such address")
        try:
            return None if all(map(is_storable, _texts(request))) else _refusal(request, UNSTORABLE)
        except MultiPartParserError as error:
            logger.warning("a form that cannot be read: %s", error)
            return _refusal(request, UNREADABLE)


def _texts(request: HttpRequest) -> Iterator[str]:
    """Yield every text of a request: headers, query, form fields, and those inside JSON.

    Of what a provider reports nothing is kept but ids, which are looked at on their own; its logs
    may hold anything.
    """
    yield from (str(value) for name, value in request.META.items() if name.startswith("HTTP_"))
    if provider_at(request.path_info):
        yield from (text for name, values in request.GET.lists() for text in (name, *values))
        return
    if request.content_type == "application/json":
        yield from _inside_json(request.body.decode(errors="replace"))
    for name, values in [*request.GET.lists(), *request.POST.lists()]:
        yield name
        for value in values:
            yield value
            yield from _inside_json(value)


def _inside_json(text: str) -> Iterable[str]:
    """Return the texts inside JSON that may hold something odd; none of any other text."""
    if not _ESCAPED.search(text):
        return []
    with suppress(ValueError, RecursionError):
        return list(_strings(json.loads(text)))
    return []


def _strings(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        yield from value
        yield from _strings(list(value.values()))
    elif isinstance(value, list):
        for inner in value:
            yield from _strings(inner)


def _refusal(request: HttpRequest, answer: Answer) -> HttpResponse:
    text = str(answer.text)
    if request.path_info.startswith("/api/"):
        return JsonResponse({"detail": text}, status=answer.status)
    if request.headers.get("Accept", "").startswith("application/json"):
        return JsonResponse({"message": text}, status=answer.status)
    context = {"answer": answer, "sign_in": ""}
    return render(request, "refused.html", context, status=answer.status)


class _FilesParser(MultiPartParser):
    """Reads a form with files, also one whose length was not said, and keeps names as they are."""

    def __init__(self, meta: dict[str, Any], *arguments: Any) -> None:
        super().__init__(meta, *arguments)
        if "CONTENT_LENGTH" not in meta:
            # Django takes no length for no body; what comes is counted (`theway.bodies`). So large
            # that files wait on the disk.
            self._content_length = sys.maxsize

    def sanitize_file_name(self, file_name: str) -> str | None:
        """Return the name without folders. Django's own takes joiners out of words and emoji."""
        name = single_line(html.unescape(file_name).replace("\\", "/").rsplit("/", 1)[-1])
        return None if name in {"", ".", ".."} else name


def _files_parser(request: HttpRequest) -> Any:
    """Return what `HttpRequest.parse_file_upload` does, with names kept as they are."""

    def parse(
        meta: dict[str, Any], body: Any
    ) -> tuple[QueryDict, MultiValueDict[str, UploadedFile]]:
        return _FilesParser(meta, body, request.upload_handlers, request.encoding).parse()

    return parse
