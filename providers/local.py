"""The bundled trainer: Together's API on a machine of the owner's, and a little more.

What it adds (all ignorable): `step` and `total_steps` in lists, `engine` in every answer, and
a list of the pictures it still keeps, so that a lost answer can be found again.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

import requests

from providers.answers import Call, Reply
from providers.errors import RunNotFound
from providers.together import Together
from providers.types import (
    Capability,
    Description,
    Run,
    TrainingRequest,
    WorkKind,
)

ENGINE_HEADER = "X-Trainer-Engine"


class Local(Together):
    key = "local"
    label = "Trainer on this machine"
    capabilities = Together.capabilities | {Capability.LIST_GENERATIONS}
    # It records a run before it answers, and a hop on this machine delays nothing for long.
    absence_after = timedelta(seconds=20)

    def __init__(
        self, *, api_key: str, base_url: str, session: requests.Session | None = None
    ) -> None:
        # TRAINER_URL is the service's address; the API lives below it.
        root = base_url.rstrip("/").removesuffix("/v1")
        super().__init__(api_key=api_key, base_url=f"{root}/v1", session=session)

    def describe(self) -> Description:
        described = super().describe()
        if not described.can_train:
            return described
        limits = self.client.ask(
            Call("GET", "/fine-tunes/models/limits", params={"model_name": described.can_train[0]})
        )
        return replace(
            described, engine=_engine(limits), training_seconds=_training_seconds(limits)
        )

    def training_call(self, request: TrainingRequest) -> Call:
        call = super().training_call(request)
        image_params = {
            "resolution": request.resolution,
            "trigger_word": request.trigger_word,
            "subject": request.subject,
        }
        return replace(call, payload={**(call.payload or {}), "image_params": image_params})

    def get_run(self, run_id: str, kind: WorkKind = WorkKind.TRAINING) -> Run:
        if kind is WorkKind.TRAINING:
            return super().get_run(run_id, kind)
        for run in self.list_runs(kind).runs:
            if run.id == run_id:
                return run
        raise RunNotFound(self.key, "its pictures are no longer kept")

    def list_call(self, kind: WorkKind) -> Call:
        path = "/fine-tunes" if kind is WorkKind.TRAINING else "/images/generations"
        return Call("GET", path)


def _engine(reply: Reply) -> str:
    return reply.headers.get(ENGINE_HEADER, "") or str((reply.data or {}).get("engine", ""))


def _training_seconds(reply: Reply) -> float | None:
    data: Mapping[str, Any] = reply.data or {}
    seconds = data.get("training_seconds")
    if isinstance(seconds, bool) or not isinstance(seconds, (int, float)):
        return None
    return float(seconds) if math.isfinite(seconds) and seconds > 0 else None
