"""The bundled trainer: the same API on a machine of the owner's, and a little more.

What it adds (all ignorable): `step` and `total_steps` in lists, `engine` in every answer, and
a list of the images it still keeps, so that a lost answer can be found again.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any
from urllib.parse import quote

import requests
from django.utils.translation import gettext_lazy as _

from environment.reading import Environment
from environment.urls import Address
from environment.values import Key
from environment.variables import TRAINER_PORT
from providers.errors import RunNotFoundError
from providers.http.calls import Call
from providers.local import offers, replies
from providers.together.provider import Together
from providers.types import (
    Capability,
    Description,
    Run,
    RunList,
    RunRef,
    TrainingRequest,
    WorkKind,
)


class Local(Together):
    key = "local"
    label = _("Trainer on this machine")
    keeps = _("The photos stay on your own machine. The trainer deletes its copy afterwards.")
    runs_here = may_be_simulated = True
    training_offers = offers.TRAINING
    generation_offers = offers.GENERATION
    key_variable = Key("TRAINER_API_KEY", "local", secret=True)
    url_variable = Address("TRAINER_URL", empty_means="")  # by default where the bundled one is
    capabilities = Together.capabilities | {
        Capability.FOLLOW_GENERATIONS,
        Capability.FIND_GENERATIONS,
        Capability.DELETE_GENERATIONS,
    }
    # It stores a run before it answers, and no call on this machine is under way for long.
    absence_after = timedelta(seconds=20)
    calls_per_second = 40.0

    def __init__(
        self, *, api_key: str, base_url: str, session: requests.Session | None = None
    ) -> None:
        # TRAINER_URL is the service's address; the API lives below it.
        root = base_url.rstrip("/").removesuffix("/v1")
        super().__init__(api_key=api_key, base_url=f"{root}/v1", session=session)

    @classmethod
    def options_from(cls, env: Environment) -> dict[str, str]:
        """On by default, at the bundled trainer's address; off where TRAINER_URL is empty."""
        url = env.get(cls.url_variable, f"http://127.0.0.1:{env.get(TRAINER_PORT)}")
        return {"base_url": url, "api_key": env.get(cls.key_variable)} if url else {}

    @classmethod
    def is_own(cls, remote_ref: str) -> bool:
        """It calls its weights by the address from which they can be downloaded."""
        return "/finetune/download?" in remote_ref

    def describe(self) -> Description:
        described = super().describe()
        if not described.can_train:
            return described
        limits = self.client.ask(
            Call("GET", "/fine-tunes/models/limits", params={"model_name": described.can_train[0]})
        )
        return replace(
            described,
            engine=replies.engine(limits),
            training_seconds=replies.training_seconds(limits),
        )

    def training_call(self, request: TrainingRequest) -> Call:
        call = super().training_call(request)
        image_params = {
            "resolution": request.resolution,
            "trigger_word": request.trigger_word,
            "subject": request.subject,
        }
        return replace(call, payload={**(call.payload or {}), "image_params": image_params})

    def get_run(self, ref: RunRef) -> Run:
        if ref.kind is WorkKind.TRAINING:
            return super().get_run(ref)
        for run in self.list_runs(ref.kind).runs:
            if run.id == ref.id:
                return run
        raise RunNotFoundError(self.key, "its images are no longer kept")

    def list_call(self, kind: WorkKind, page: str) -> Call:
        path = "/fine-tunes" if kind is WorkKind.TRAINING else "/images/generations"
        return Call("GET", path)

    def delete_run_call(self, ref: RunRef) -> Call:
        if ref.kind is WorkKind.TRAINING:
            return super().delete_run_call(ref)
        return Call("DELETE", f"/images/generations/{quote(ref.id, safe='')}")

    def parse_list(self, data: Mapping[str, Any], kind: WorkKind) -> RunList:
        """Images are kept for a day, which its list of them says."""
        listed = super().parse_list(data, kind)
        since = replies.complete_since(data)
        return replace(listed, complete_since=since) if listed.complete_since and since else listed
