"""The bundled trainer: the same API on a machine of the owner's, and a little more.

What it adds (all ignorable): `step` and `total_steps` in lists, `engine` in every answer, a list of
the images it still keeps, so that a lost answer can be found again, whether a training fits its
machine, and the samples that a training makes on the way.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
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
from providers.catalog import SIMULATED
from providers.errors import RequestRejectedError, RunNotFoundError
from providers.fit import Fit
from providers.http.calls import Call, Reply
from providers.local import offers, replies
from providers.together.provider import Together
from providers.types import (
    Capability,
    Description,
    Run,
    RunList,
    RunRef,
    Sample,
    TrainingRequest,
    WorkKind,
)

MOST_EPOCHS = 1000  # that it takes


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
        Capability.SAMPLES,
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
        first = self._limits_of(described.can_train[0])
        described = replace(
            described, can_generate=described.can_train, engine=replies.engine(first)
        )
        if described.engine == SIMULATED:
            return replace(described, training_seconds=replies.training_seconds(first))
        return replace(described, fits=self._fits(described.can_train, first))

    def _limits_of(self, base_model: str) -> Reply:
        name = self.training_offers[base_model].remote_model
        return self.client.ask(
            Call("GET", "/fine-tunes/models/limits", params={"model_name": name})
        )

    def _fits(self, base_models: Sequence[str], first: Reply) -> dict[str, Fit]:
        """Return what it says about each of them; `first` is its answer about the first."""
        found = {base_models[0]: replies.fit(first)}
        for key in base_models[1:]:
            with suppress(RequestRejectedError):  # just taken off its machine
                found[key] = replies.fit(self._limits_of(key))
        return {key: fit for key, fit in found.items() if fit}

    def training_call(self, request: TrainingRequest) -> Call:
        call = super().training_call(request)
        image_params: dict[str, Any] = {
            "resolution": request.resolution,
            "trigger_word": request.trigger_word,
            "subject": request.subject,
        }
        if request.keep_prior is not None:
            image_params["keep_prior"] = request.keep_prior
        ours = {"n_epochs": _epochs(request), "image_params": image_params}
        return replace(call, payload={**(call.payload or {}), **ours})

    def get_run(self, ref: RunRef) -> Run:
        if ref.kind is WorkKind.TRAINING:
            return super().get_run(ref)
        for run in self.list_runs(ref.kind).runs:
            if run.id == ref.id:
                return run
        raise RunNotFoundError(self.key, "its images are no longer kept")

    def fetch_samples(self, ref: RunRef) -> tuple[Sample, ...]:
        try:
            call = Call("GET", f"/fine-tunes/{quote(ref.id, safe='')}/samples", is_about_run=True)
            return self._ask(call, replies.samples)
        except RunNotFoundError:  # or it is a trainer from before there were any
            return ()

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


def _epochs(request: TrainingRequest) -> int:
    """Return the passes over all photos that come nearest to the steps wanted: it is told no other
    number."""
    passes = round(request.steps * request.batch_size / max(request.photo_count, 1))
    return min(max(passes, 1), MOST_EPOCHS)
