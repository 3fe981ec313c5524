"""Why a photo is not taken or a model not changed, in words for the person who tried."""

from __future__ import annotations

import uuid


class PhotoRefusedError(Exception):
    """This photo cannot be taken. Nothing of it was kept; other photos are not affected.

    `code` is for programs and tests; `message` tells a person what is wrong and what to do;
    `twin_id` is the photo that is the same file, where that is the reason.
    """

    def __init__(self, code: str, message: str, *, twin_id: uuid.UUID | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.twin_id = twin_id


class NotEditableError(Exception):
    """Training was started, so answers and photos are fixed until it is over."""

    def __init__(self) -> None:
        super().__init__(
            "This model is being trained or is ready, so its photos and answers cannot be "
            "changed. Make a new model to try something else."
        )
