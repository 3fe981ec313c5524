"""Photos, as they are answered and changed."""

from __future__ import annotations

from typing import Annotated, Any
from uuid import UUID

from pydantic import ConfigDict, Field

from api.examples import ID
from api.schema import LEFT_OUT, In, Out, Time
from models_app.limits import LIMITS
from models_app.models import TrainingImage


class CropOut(Out):
    """The part that is trained on, in pixels of the stored photo."""

    left: int
    top: int
    width: int
    height: int


class PhotoOut(Out):
    """One training photo, as it is stored: upright, sRGB, without metadata."""

    id: UUID
    model_id: UUID
    filename: str = Field(description="as it was sent; for people only")
    url: str = Field(
        description="where its file is, for its owner; ?size=thumbnail for a small one"
    )
    width: int
    height: int
    size: int = Field(description="in bytes")
    caption: str
    position: int
    crop: CropOut
    changes: list[str] = Field(description="what was done to it when it was taken")
    created_at: Time

    @classmethod
    def of(cls, photo: TrainingImage) -> PhotoOut:
        kept = ("id", "model_id", "width", "height", "size", "caption", "position", "created_at")
        values: dict[str, Any] = {name: getattr(photo, name) for name in kept}
        return cls(
            **values,
            filename=photo.original_filename,
            url=file_address(photo.pk),
            crop=CropOut.model_validate(photo.box),
            changes=list(photo.changes),
        )


class PhotoListOut(Out):
    """All photos of a model; there is no next page."""

    items: list[PhotoOut]


class CropIn(In):
    """A part of the stored photo, in pixels from its upper left corner."""

    left: int = Field(ge=0)
    top: int = Field(ge=0)
    width: int = Field(ge=1)
    height: int = Field(ge=1)


class PhotoPatchIn(In):
    """What is to change; the rest stays."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"caption": "ann_tok on a beach"}]})

    caption: str = Field(LEFT_OUT, max_length=LIMITS.max_caption)
    position: int = Field(LEFT_OUT, ge=0, le=LIMITS.max_photos, description="0 is the first place")
    crop: CropIn | None = Field(LEFT_OUT, description="null: all of the photo")


class CaptionsIn(In):
    """Captions by the id of their photo. Ids of other models' photos are left aside."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"captions": {ID: "ann_tok on a beach"}}]}
    )

    captions: dict[UUID, Annotated[str, Field(max_length=LIMITS.max_caption)]] = Field(
        max_length=LIMITS.max_photos
    )


class TakenOut(Out):
    """What became of one file that was sent."""

    filename: str
    status: str = Field(description="stored, refused or skipped")
    id: UUID | None = Field(description="of the photo; where it was there already, of that one")
    url: str | None
    size: int | None = Field(description="in bytes, as it is stored")
    code: str = Field(description="why it was refused")
    detail: str


class TakenListOut(Out):
    """What became of each file, and how many of them are photos of the model now."""

    model_id: UUID
    stored: int
    images: list[TakenOut]


def file_address(photo_id: UUID) -> str:
    """Return where the file of a photo is."""
    return f"/api/photos/{photo_id}/file"
