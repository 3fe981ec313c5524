"""The part of a model's page where pictures are made, each bit read on first use."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from functools import cached_property
from typing import Any

from dashboard.budget_notes import notes_beside
from dashboard.limit_notes import MAKING_PICTURES, LimitNotes, limit_notes
from dashboard.pages.generations import PictureSet, newest_generations, sets_of
from dashboard.pages.moment import Moment, moment_of
from dashboard.wizard.unsaved_answers import author_token
from generation.forms import GenerateForm
from generation.ideas import ideas_for
from generation.models import GeneratedImage
from generation.selectors import images_of_model, is_first_picture
from jobs.models import JobQueue
from models_app.models import UserModel

IMAGES_SHOWN = 60
REPEATED = ("ratio", "count", "strength")


class Studio:
    """The form, the pictures in sets, and what is said while the model has just become ready."""

    def __init__(
        self,
        model: UserModel,
        form: GenerateForm | None = None,
        wishes: Mapping[str, Any] | None = None,
        *,
        is_unsaved: bool = False,
    ) -> None:
        """`form` is one that was refused; without it the page offers a new one, filled in with
        `wishes` where there are some, which may have been sent after the session had ended."""
        self.is_unsaved = is_unsaved
        self.model = model
        self._refused_form = form
        self._wishes = dict(wishes or {})

    @property
    def author(self) -> str:
        """What names the owner in a form that may be sent after the session has ended."""
        return author_token(self.model.owner)

    @cached_property
    def picture_notes(self) -> LimitNotes:
        options = self.form.options if self.form else ()
        open_ones = [one.provider for one in options if one.is_available]
        money = notes_beside(self.model.owner, open_ones)
        return limit_notes(self.model.owner, *MAKING_PICTURES) + money

    @cached_property
    def images(self) -> list[GeneratedImage]:
        rows = images_of_model(self.model).select_related("model")
        return list(rows[:IMAGES_SHOWN])

    @cached_property
    def form(self) -> GenerateForm | None:
        """The form that requests pictures, filled in as it was sent last."""
        if self.model.status != UserModel.Status.READY:
            return None
        if self._refused_form:
            return self._refused_form
        return GenerateForm(model=self.model, initial=self._last_wishes() | self._wishes)

    def _last_wishes(self) -> dict[str, Any]:
        asked = [job for job in self.generations if not is_first_picture(job)]
        newest = max(asked, key=lambda job: job.created_at, default=None)
        payload: dict[str, Any] = newest.payload if newest else {}
        kept: dict[str, Any] = {name: payload[name] for name in REPEATED if name in payload}
        details: dict[str, Any] = payload.get("details", {})
        return details | kept | {"prompt": payload.get("typed_prompt", "")}

    @cached_property
    def image_count(self) -> int:
        shown = len(self.images)
        return shown if shown < IMAGES_SHOWN else images_of_model(self.model).count()

    @cached_property
    def generations(self) -> list[JobQueue]:
        return newest_generations(self.model)

    @cached_property
    def sets(self) -> list[PictureSet]:
        return sets_of(self.generations, self.images)

    @property
    def ideas(self) -> list[str]:
        """Prompts to begin with."""
        return ideas_for(self.model)

    @cached_property
    def moment(self) -> Moment | None:
        """What it says while the model has just become ready."""
        has_room = not self.picture_notes.reached
        return moment_of(self.model, self.generations, self.images, self.form, has_room=has_room)

    @cached_property
    def first_key(self) -> str:
        """What makes one tap on a prompt one picture."""
        return uuid.uuid4().hex
