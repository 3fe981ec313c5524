"""Takes in files that a program sends, and says what became of each."""

from __future__ import annotations

from collections.abc import Iterable

from django.core.files.uploadedfile import UploadedFile

from api.schemas.photos import TakenListOut, TakenOut, file_address
from models_app.intake import Result, State, take_in
from models_app.models import UserModel
from models_app.uploaded_sets import sets_in


def take(model: UserModel, uploads: Iterable[UploadedFile[bytes]]) -> TakenListOut:
    """Store photos, those in archives too; a refused one stops no other.

    Raises NotEditableError.
    """
    results = [one for _name, photos in sets_in(uploads) for one in take_in(model, photos)]
    return TakenListOut(
        model_id=model.pk,
        stored=sum(one.state is State.STORED for one in results),
        images=[_taken(one) for one in results],
    )


def _taken(result: Result) -> TakenOut:
    photo = result.photo
    photo_id = photo.pk if photo else result.twin_id
    return TakenOut(
        filename=result.path,
        status=result.state.value,
        id=photo_id,
        url=file_address(photo_id) if photo_id else None,
        size=photo.size if photo else None,
        code=result.code or ("refused" if result.state is State.REFUSED else ""),
        detail=result.text,
    )
