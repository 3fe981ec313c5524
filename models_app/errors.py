"""Why a photo is refused or a model cannot be changed, with a text for the user."""

from __future__ import annotations

import uuid

from django.utils.translation import gettext as _


class PhotoRefusedError(Exception):
    """This photo cannot be used. Nothing of it was stored; other photos are not affected.

    `code` is for programs and tests; `message` tells the user what is wrong and what to do;
    `twin_id` is the photo that is the same file, where that is the reason.
    """

    def __init__(self, code: str, message: str, *, twin_id: uuid.UUID | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.twin_id = twin_id


class NotEditableError(Exception):
    """Training was started, so answers and photos are fixed until it ends."""

    def __init__(self) -> None:
        super().__init__(
            _(
                "This model is already training or ready, so its photos and answers cannot be "
                "changed. Create a new model to try something else."
            )
        )


class CropChangedError(Exception):
    """Another part of the photo was chosen while this one was being made. Nothing was changed."""

    def __init__(self) -> None:
        super().__init__(
            _("This photo was cropped in another way meanwhile. Look at it, then choose again.")
        )
