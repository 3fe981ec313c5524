"""Uploads without a script: several files at once, archives among them, and messages afterwards."""

from __future__ import annotations

from collections.abc import Sequence

from django.contrib import messages
from django.core.files.uploadedfile import UploadedFile
from django.http import HttpRequest
from django.utils.translation import ngettext

from models_app.intake import Result, State, take_in
from models_app.models import UserModel
from models_app.photo_sets import PhotoSet, Refused, account_of
from models_app.texts import isolated
from models_app.uploaded_sets import sets_in

# More than that nobody reads, and it waits in the session.
_MOST_REASONS = 60


def take_in_plainly(
    request: HttpRequest, model: UserModel, uploads: Sequence[UploadedFile[bytes]]
) -> None:
    """Store what was uploaded and say in messages what was refused, and how many an archive gave.

    Raises NotEditableError.
    """
    for name, photos in sets_in(uploads):
        _say(request, name, photos, list(take_in(model, photos)))


def _say_why(request: HttpRequest, results: Sequence[Result]) -> None:
    """Add a message for each refused file, and one for a limit, which is not about any of them."""
    refused = [one for one in results if one.state is State.REFUSED]
    kept_out = [one for one in refused if one.is_limit]
    reasons = [str(Refused(one.path, one.text)) for one in refused if not one.is_limit]
    for text in [*reasons[:_MOST_REASONS], *(one.text for one in kept_out[:1])]:
        messages.error(request, text)
    if (more := len(reasons) - _MOST_REASONS) > 0:
        text = ngettext("%d more file was refused.", "%d more files were refused.", more)
        messages.error(request, text % more)


def _say(request: HttpRequest, name: str, photos: PhotoSet, results: Sequence[Result]) -> None:
    """Add the messages: of an archive all that there is to say, of files only what went wrong."""
    refused = [Refused(one.path, one.text) for one in results if one.state is State.REFUSED]
    _say_why(request, results)
    if name:
        taken = sum(one.state is State.STORED for one in results)
        rest = list(account_of(refused, photos.litter, taken))[len(refused) :]
        messages.success(request, f"{isolated(name)}: {' '.join(rest)}")
