"""Together AI, as documented (OpenAPI of 2026-04-28 and the `together` client 3.x).

It generates from LoRAs but fine-tunes no image model today: its training API is implemented
in full, and open only where `/fine-tunes/models/supported` names one of our base models.
"""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from typing import IO, Any, ClassVar
from urllib.parse import quote, urlencode

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from requests_toolbelt import MultipartEncoder

from environment.urls import Address
from environment.values import Key
from providers.base import Provider
from providers.errors import AuthenticationFailedError, RequestRejectedError
from providers.http.calls import Call, Reply
from providers.http.client import UPLOAD_LIMIT, UPLOAD_TIMEOUT, Upload
from providers.together import offers, replies
from providers.together.dataset import write_jsonl
from providers.types import (
    Capability,
    Description,
    GenerationRequest,
    Photo,
    Run,
    RunList,
    RunLog,
    RunRef,
    RunStatus,
    TrainingRequest,
    WorkKind,
)

MAX_SUFFIX_LENGTH = 40
OVERLOADED = 503


class Together(Provider):
    key = "together"
    label: ClassVar[str | Promise] = "Together AI"
    training_offers = offers.TRAINING
    generation_offers = offers.GENERATION
    key_variable = Key("TOGETHER_API_KEY", "", secret=True)
    url_variable = Address("TOGETHER_BASE_URL", "https://api.together.ai/v1")
    capabilities = frozenset(
        {
            Capability.TRAIN,
            Capability.GENERATE,
            Capability.CANCEL,
            Capability.FOLLOW_TRAININGS,
            Capability.FIND_TRAININGS,
            Capability.LOG,
            Capability.DELETE_TRAININGS,
            Capability.DELETE_DATASETS,
        }
    )
    statuses = {
        "pending": RunStatus.QUEUED,
        "queued": RunStatus.QUEUED,
        "running": RunStatus.RUNNING,
        "compressing": RunStatus.RUNNING,
        "uploading": RunStatus.RUNNING,
        "cancel_requested": RunStatus.RUNNING,  # until it reports that it has stopped
        "completed": RunStatus.SUCCEEDED,
        "cancelled": RunStatus.CANCELLED,
        "error": RunStatus.FAILED,
        "user_error": RunStatus.FAILED,
    }

    def describe(self) -> Description:
        try:
            reply = self.client.ask(Call("GET", "/fine-tunes/models/supported"))
        except AuthenticationFailedError:
            return Description(key_is_valid=False, notes=(_("The key was refused."),))
        names = self._parsed(reply, replies.model_names)
        can_train = tuple(
            key for key, offer in self.training_offers.items() if offer.remote_model in names
        )
        note = () if can_train else (_("It names no image model among those it can train."),)
        return Description(True, can_train, tuple(self.generation_offers), notes=note)

    # --- datasets --------------------------------------------------------------------------

    def send_dataset(self, photos: Sequence[Photo]) -> str:
        with tempfile.TemporaryFile() as file:
            write_jsonl(photos, file)
            reply = self._upload(file)
        if reply.status_code == 409:  # the same content is already there
            return self._parsed(reply, lambda data: replies.text(data, "file_id"))
        return self._parsed(reply, self._accepted_file)

    def _upload(self, file: IO[bytes]) -> Reply:
        file.seek(0)
        form = MultipartEncoder(  # streams the file, which requests would read into memory
            {
                "purpose": "fine-tune",
                "file_name": "photos.jsonl",
                "file_type": "jsonl",
                "file": ("photos.jsonl", file, "application/jsonl"),
            }
        )
        return self.client.ask(
            Call("POST", "/files/upload"),
            upload=Upload.of_form(form),
            timeout=UPLOAD_TIMEOUT,
            limit=UPLOAD_LIMIT,
            accepted_statuses=(409,),
        )

    def _accepted_file(self, data: Mapping[str, Any]) -> str:
        """Return the file's id; a file still being checked is fine, a bad one is not."""
        if data.get("processing_status") in {"FAILED", "INVALID_FORMAT"}:
            raise RequestRejectedError(self.key, f"the photos were refused: {_report(data)}")
        return replies.text(data, "id")

    # --- trainings -------------------------------------------------------------------------

    def training_call(self, request: TrainingRequest) -> Call:
        offer = self.training_offers.get(request.base_model)
        if offer is None:
            raise self.unsupported(f"training {request.base_model}")
        if not 0 < len(request.correlation) <= MAX_SUFFIX_LENGTH:
            # Cut to fit, the run could never be found again.
            raise self.unsupported(f"a suffix of {len(request.correlation)} characters")
        payload = {
            "n_checkpoints": 1,
            # Alpha equal to the rank keeps the scale at 1.
            "training_type": {"type": "Lora", "lora_r": request.rank, "lora_alpha": request.rank},
            **request.extra,
            "model": offer.remote_model,
            "training_file": request.dataset,
            "suffix": request.correlation,
            "n_epochs": request.epochs,
            "batch_size": request.batch_size,
            "learning_rate": request.learning_rate,
        }
        return Call("POST", "/fine-tunes", payload)

    def run_call(self, ref: RunRef) -> Call:
        if ref.kind is not WorkKind.TRAINING:  # images come with the answer, there is no job
            raise self.unsupported("asking about one generation")
        return Call("GET", _path_of(ref), is_about_run=True)

    def list_call(self, kind: WorkKind, page: str) -> Call:
        return Call("GET", "/fine-tunes")

    def cancel_call(self, ref: RunRef) -> Call:
        if ref.kind is not WorkKind.TRAINING:
            raise self.unsupported("cancelling a generation")
        return Call("POST", f"{_path_of(ref)}/cancel", {}, is_about_run=True)

    def delete_run_call(self, ref: RunRef) -> Call:
        if ref.kind is not WorkKind.TRAINING:
            raise self.unsupported("deleting a generation")
        return Call("DELETE", _path_of(ref))

    def delete_dataset_call(self, dataset: str) -> Call:
        return Call("DELETE", f"/files/{quote(dataset, safe='')}")

    def parse_training(self, data: Mapping[str, Any]) -> Run:
        return replies.training(data, self.status_of)

    def parse_list(self, data: Mapping[str, Any], kind: WorkKind) -> RunList:
        # Documented without pagination: the list is everything the account has.
        parse = self.parse_training if kind is WorkKind.TRAINING else self.parse_generation
        return replies.run_list(data, parse)

    def fetch_log(self, ref: RunRef) -> RunLog:
        path = _path_of(ref)
        lines = self._ask(Call("GET", f"{path}/events", is_about_run=True), replies.log_lines)
        losses = self._ask(Call("GET", f"{path}/metrics", is_about_run=True), replies.losses)
        return RunLog(lines, losses)

    def weights_url(self, run: Run) -> str:
        query = urlencode({"ft_id": run.id, "checkpoint": "adapter"})
        return f"{self.client.base_url}/finetune/download?{query}"

    # --- images --------------------------------------------------------------------------

    def generation_call(self, request: GenerationRequest) -> Call:
        offer = self.generation_offers.get(request.base_model)
        if offer is None:
            raise self.unsupported(f"generating with {request.base_model}")
        payload: dict[str, Any] = {
            "steps": offer.steps,
            "output_format": "jpeg",
            **request.extra,
            "model": offer.remote_model,
            "prompt": request.prompt,
            "width": request.width,
            "height": request.height,
            "n": request.count,
            "response_format": "url",
        }
        if request.seed is not None:
            payload["seed"] = request.seed
        if request.lora is not None:
            payload["image_loras"] = [{"path": request.lora.path, "scale": request.lora.scale}]
        return Call("POST", "/images/generations", payload)

    def parse_generation(self, data: Mapping[str, Any]) -> Run:
        return replies.generation(data)

    def is_refusal(self, reply: Reply) -> bool:
        """503 with Together's own error body that names an overload: documented as not accepted.

        A bare 503 may come from a gateway that has already passed the request on.
        """
        error = (reply.data or {}).get("error")
        if reply.status_code != OVERLOADED or not isinstance(error, dict):
            return False
        text = " ".join(str(error.get(name, "")) for name in ("message", "type", "code"))
        return "overload" in text.lower()


def _report(data: Mapping[str, Any]) -> str:
    report = data.get("validation_report") or data.get("processing_status")
    return str(report)[:300]


def _path_of(ref: RunRef) -> str:
    return f"/fine-tunes/{quote(ref.id, safe='')}"
