"""Together AI, as documented (OpenAPI of 2026-04-28 and the `together` client 3.x).

Together draws with LoRAs but fine-tunes no image model today: training is spoken in full,
and open only where `/fine-tunes/models/supported` names one of our base models.
"""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from typing import IO, Any
from urllib.parse import quote, urlencode

from providers import together_replies as replies
from providers.answers import Call, Reply
from providers.base import Provider
from providers.catalog import BASE_MODELS, BaseModel, base_model
from providers.client import UPLOAD_TIMEOUT
from providers.dataset import write_jsonl
from providers.errors import AuthenticationFailed, RequestRejected
from providers.multipart import MultipartUpload
from providers.types import (
    Capability,
    Description,
    GenerationRequest,
    Photo,
    Run,
    RunList,
    RunLog,
    RunStatus,
    TrainingRequest,
    WorkKind,
)

MAX_SUFFIX_LENGTH = 40
LORA_RANK = 16  # what FLUX LoRA trainers use by default; alpha equal to it keeps the scale at 1
OVERLOADED = 503


class Together(Provider):
    key = "together"
    label = "Together AI"
    capabilities = frozenset(
        {
            Capability.TRAIN,
            Capability.GENERATE,
            Capability.CANCEL,
            Capability.LIST_TRAININGS,
            Capability.LOG,
        }
    )
    statuses = {
        "pending": RunStatus.QUEUED,
        "queued": RunStatus.QUEUED,
        "running": RunStatus.RUNNING,
        "compressing": RunStatus.RUNNING,
        "uploading": RunStatus.RUNNING,
        "cancel_requested": RunStatus.RUNNING,  # until it says that it has stopped
        "completed": RunStatus.SUCCEEDED,
        "cancelled": RunStatus.CANCELLED,
        "error": RunStatus.FAILED,
        "user_error": RunStatus.FAILED,
    }

    def describe(self) -> Description:
        try:
            reply = self.client.ask(Call("GET", "/fine-tunes/models/supported"))
        except AuthenticationFailed:
            return Description(key_is_valid=False, notes=("The key was refused.",))
        names = self._parsed(reply, replies.model_names)
        can_train = tuple(
            model.key
            for model in BASE_MODELS
            if (offer := model.training.get(self.key)) and offer.remote_model in names
        )
        note = () if can_train else ("It names no image model among those it can train.",)
        can_generate = tuple(model.key for model in BASE_MODELS if self.key in model.generation)
        return Description(True, can_train, can_generate, notes=note)

    # --- datasets --------------------------------------------------------------------------

    def send_dataset(self, photos: Sequence[Photo]) -> str:
        with tempfile.TemporaryFile() as file:
            write_jsonl(photos, file)
            reply = self._upload(file)
        if reply.status_code == 409:  # the same content is already there
            return self._parsed(reply, lambda data: replies.text(data, "file_id"))
        return self._parsed(reply, self._accepted_file)

    def _upload(self, file: IO[bytes]) -> Reply:
        upload = MultipartUpload(
            {"purpose": "fine-tune", "file_name": "photos.jsonl", "file_type": "jsonl"},
            file=file,
            file_name="photos.jsonl",
            content_type="application/jsonl",
        )
        return self.client.ask(
            Call("POST", "/files/upload"),
            body=upload,
            headers={"Content-Type": upload.content_type},
            timeout=UPLOAD_TIMEOUT,
            also_fine=(409,),
        )

    def _accepted_file(self, data: Mapping[str, Any]) -> str:
        """Give the file's id; a file still being checked is fine, a bad one is not."""
        if data.get("processing_status") in {"FAILED", "INVALID_FORMAT"}:
            raise RequestRejected(self.key, f"the photos were refused: {_report(data)}")
        return replies.text(data, "id")

    # --- trainings -------------------------------------------------------------------------

    def training_call(self, request: TrainingRequest) -> Call:
        offer = self._model(request.base_model).training.get(self.key)
        if offer is None:
            raise self.unsupported(f"training {request.base_model}")
        if not 0 < len(request.correlation) <= MAX_SUFFIX_LENGTH:
            # Cut to fit, the run could never be found again.
            raise self.unsupported(f"a suffix of {len(request.correlation)} characters")
        payload = {
            "n_checkpoints": 1,
            "training_type": {"type": "Lora", "lora_r": LORA_RANK, "lora_alpha": LORA_RANK},
            **request.extra,
            "model": offer.remote_model,
            "training_file": request.dataset,
            "suffix": request.correlation,
            "n_epochs": request.epochs,
            "batch_size": request.batch_size,
            "learning_rate": request.learning_rate,
        }
        return Call("POST", "/fine-tunes", payload)

    def run_call(self, run_id: str, kind: WorkKind) -> Call:
        if kind is not WorkKind.TRAINING:  # pictures come with the answer, there is no job
            raise self.unsupported("asking about one generation")
        return Call("GET", f"/fine-tunes/{quote(run_id, safe='')}", is_about_run=True)

    def list_call(self, kind: WorkKind) -> Call:
        return Call("GET", "/fine-tunes")

    def cancel_call(self, run_id: str) -> Call:
        return Call("POST", f"/fine-tunes/{quote(run_id, safe='')}/cancel", {}, is_about_run=True)

    def parse_training(self, data: Mapping[str, Any]) -> Run:
        return replies.training(data, self.status_of)

    def parse_list(self, data: Mapping[str, Any], kind: WorkKind) -> RunList:
        # Documented without pagination: the list is everything the account has.
        parse = self.parse_training if kind is WorkKind.TRAINING else self.parse_generation
        return replies.run_list(data, parse)

    def fetch_log(self, run_id: str) -> RunLog:
        path = f"/fine-tunes/{quote(run_id, safe='')}"
        lines = self._ask(Call("GET", f"{path}/events", is_about_run=True), replies.log_lines)
        losses = self._ask(Call("GET", f"{path}/metrics", is_about_run=True), replies.losses)
        return RunLog(lines, losses)

    def weights_url(self, run: Run) -> str:
        query = urlencode({"ft_id": run.id, "checkpoint": "adapter"})
        return f"{self.client.base_url}/finetune/download?{query}"

    # --- pictures --------------------------------------------------------------------------

    def generation_call(self, request: GenerationRequest) -> Call:
        offer = self._model(request.base_model).generation.get(self.key)
        if offer is None:
            raise self.unsupported(f"drawing with {request.base_model}")
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

    def _model(self, key: str) -> BaseModel:
        try:
            return base_model(key)
        except KeyError:
            raise self.unsupported(f"the base model {key}") from None

    def is_refusal(self, reply: Reply) -> bool:
        """503 with Together's own error body that says overloaded: documented as not accepted.

        A bare 503 may come from a gateway that has already passed the request on.
        """
        error = (reply.data or {}).get("error")
        if reply.status_code != OVERLOADED or not isinstance(error, dict):
            return False
        words = " ".join(str(error.get(name, "")) for name in ("message", "type", "code"))
        return "overload" in words.lower()


def _report(data: Mapping[str, Any]) -> str:
    report = data.get("validation_report") or data.get("processing_status")
    return str(report)[:300]
