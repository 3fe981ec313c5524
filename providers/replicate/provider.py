"""Replicate, as documented (its OpenAPI document, and what its clients 1.0.7 and 2.x send).

A training makes a version of a private model of the account's. Its photos lie in Replicate's own
files under an address that is used once: by it a run is found whose answer was lost.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar
from urllib.parse import parse_qsl, quote

import requests
from django.utils.functional import Promise
from django.utils.translation import gettext as _, gettext_lazy

from environment.urls import Address
from environment.values import Key
from providers.base import Provider
from providers.errors import (
    MISSHAPEN,
    AuthenticationFailedError,
    InputExpiredError,
    InvalidWebhookError,
    ProviderError,
    RequestRejectedError,
    RunNotFoundError,
    TrainerGoneError,
)
from providers.http.calls import Call, Reply, engine_of
from providers.http.signatures import verify_standard_webhook
from providers.replicate import causes, describing, destination, files, inputs, offers, replies
from providers.replicate.directory import (
    NOT_FOUND,
    PICTURE_INPUT,
    TRAINING_INPUT,
    Directory,
    Published,
    version_path,
)
from providers.types import (
    DELETING,
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
    Webhook,
    WorkKind,
)

_PATHS = {WorkKind.TRAINING: "/trainings", WorkKind.GENERATION: "/predictions"}
_EVENTS = ["start", "completed"]  # the others come twice a second


class Replicate(Provider):
    key = "replicate"
    label: ClassVar[str | Promise] = "Replicate"
    training_offers = offers.TRAINING
    generation_offers = offers.GENERATION
    key_variable = Key("REPLICATE_API_TOKEN", "", secret=True)
    url_variable = Address("REPLICATE_BASE_URL", "https://api.replicate.com")
    capabilities = frozenset(
        {
            Capability.TRAIN,
            Capability.GENERATE,
            Capability.CANCEL,
            Capability.FOLLOW_TRAININGS,
            Capability.FIND_TRAININGS,
            Capability.LOG,
            Capability.WEBHOOK,
            Capability.DELETE_TRAININGS,
            Capability.DELETE_DATASETS,
        }
    )
    statuses = {
        "starting": RunStatus.QUEUED,
        "processing": RunStatus.RUNNING,
        "succeeded": RunStatus.SUCCEEDED,
        "failed": RunStatus.FAILED,
        "canceled": RunStatus.CANCELLED,
        "aborted": RunStatus.CANCELLED,  # its time was over before it started; not charged
    }
    describe_every = timedelta(minutes=10)
    # A file expires after a day; what is left of it is asked for before it is used.
    dataset_lasts = timedelta(hours=12)
    keeps: ClassVar[str | Promise] = gettext_lazy(
        "The photos are deleted there after the training, the trained version with the model."
    )
    key_hosts = frozenset({"replicate.com", "replicate.delivery", "*.replicate.delivery"})
    # Its list is that of all trainings, but when a new one appears there is not documented.
    absence_after = timedelta(minutes=5)
    # 3000 calls in a minute are allowed: half of them.
    calls_per_second = 25.0
    runs_per_page = 100
    shortest_interval = timedelta(seconds=2)
    # Whether photos without a person's caption go without any: its trainers describe them.
    leaves_captions: ClassVar[bool] = True

    def __init__(
        self, *, api_key: str, base_url: str, session: requests.Session | None = None
    ) -> None:
        # Its official client wants the address without the version of the API.
        root = base_url.rstrip("/").removesuffix("/v1")
        super().__init__(api_key=api_key, base_url=f"{root}/v1", session=session)
        self.directory = Directory(self.key, self._ask)

    @classmethod
    def is_own(cls, remote_ref: str) -> bool:
        return bool(replies.OWN_REF.fullmatch(remote_ref))

    def describe(self) -> Description:
        """Return the account, and for each base model whether it is trained and drawn with now."""
        try:
            reply = self.client.ask(Call("GET", "/account"))
        except AuthenticationFailedError:
            return Description(key_is_valid=False, notes=(_("The key was refused."),))
        owner = self._parsed(reply, replies.username)
        offered = self.training_offers, self.generation_offers
        return describing.described(owner, engine_of(reply), self.directory, *offered)

    # --- before a training -------------------------------------------------------------------

    def send_dataset(self, photos: Sequence[Photo]) -> str:
        reply = files.upload(self.client, photos, only_own_captions=self.leaves_captions)
        return self._parsed(reply, files.address)

    def prepare_training(self, request: TrainingRequest) -> TrainingRequest:
        """Find the trainer's latest version and the destination, and check every input against
        the schema that the version publishes."""
        self.require(Capability.TRAIN)
        trainer = self.trainer_of(request.base_model)
        is_captioned = self._is_captioned(request.dataset)
        published = self.directory.latest(trainer.remote_model)
        given = inputs.training_input(trainer, request, published, is_captioned=is_captioned)
        self._require_taken(trainer.remote_model, published, given, TRAINING_INPUT)
        owner = self._ask(Call("GET", "/account"), replies.username)
        target = {
            "version": published.version,
            "destination": destination.find_or_make(self.client.ask, owner),
            "input": given,
        }
        return replace(request, target=target)

    def trainer_of(self, base_model: str) -> offers.ReplicateTrainer:
        """Return how it trains a base model. Raises `UnsupportedFeatureError`."""
        trainer = self.training_offers.get(base_model)
        if not isinstance(trainer, offers.ReplicateTrainer):
            raise self.unsupported(f"training {base_model}")
        return trainer

    def _require_taken(
        self, model: str, published: Published, given: Mapping[str, Any], name: str
    ) -> None:
        if problem := published.problem_with(given, name):
            raise TrainerGoneError(self.key, f"{model}: {problem}")

    def _is_captioned(self, dataset: str) -> bool:
        """Whether every photo has a caption of its own. Raises `InputExpiredError`."""
        try:
            found = self._ask(files.call("GET", dataset), lambda data: data)
        except RunNotFoundError as error:
            raise InputExpiredError(self.key, _("The photos are no longer there.")) from error
        if not files.is_there_long_enough(found, datetime.now(UTC)):
            raise InputExpiredError(self.key, _("The photos will not be there long enough."))
        return files.is_captioned(found)

    # --- trainings -------------------------------------------------------------------------

    def lookup_key(self, request: TrainingRequest | GenerationRequest) -> str:
        return request.dataset if isinstance(request, TrainingRequest) else ""

    def training_call(self, request: TrainingRequest) -> Call:
        trainer, target = self.trainer_of(request.base_model), request.target
        if not target:
            raise self.unsupported("a training that was not prepared")
        payload = {"destination": target["destination"], "input": target["input"]}
        version = quote(target["version"], safe="")
        path = f"/models/{trainer.remote_model}/versions/{version}/trainings"
        return Call("POST", path, payload | _webhook(request.webhook_url))

    def run_call(self, ref: RunRef) -> Call:
        return Call("GET", _path_of(ref), is_about_run=True)

    def list_call(self, kind: WorkKind, page: str) -> Call:
        return Call("GET", _PATHS[kind], params=dict(parse_qsl(page)))

    def cancel_call(self, ref: RunRef) -> Call:
        return Call("POST", f"{_path_of(ref)}/cancel", is_about_run=True)

    def delete_run(self, ref: RunRef) -> None:
        """Delete the version that a training made, with its weights; the service does that
        later. The training's own record cannot be deleted."""
        self.require(DELETING[ref.kind])
        try:
            version = self._ask(self.run_call(ref), replies.trained_version)
        except RunNotFoundError:
            return
        if version:
            self._delete(self.delete_run_call(replace(ref, id=version)))

    def delete_run_call(self, ref: RunRef) -> Call:
        return Call("DELETE", version_path(ref.id), may_be_empty=True)

    def delete_dataset_call(self, dataset: str) -> Call:
        return files.call("DELETE", dataset)

    def parse_training(self, data: Mapping[str, Any]) -> Run:
        return replies.training(data, self.status_of)

    def parse_list(self, data: Mapping[str, Any], kind: WorkKind) -> RunList:
        parse = self.parse_training if kind is WorkKind.TRAINING else self.parse_generation
        return replies.run_list(data, parse, f"{self.client.base_url}{_PATHS[kind]}")

    def fetch_log(self, ref: RunRef) -> RunLog:
        return self._ask(self.run_call(ref), replies.run_log)

    def weights_url(self, run: Run) -> str:
        """Return where the archive with the weights is; a list may not have said it."""
        found = run.outputs or self.get_run(RunRef(run.id)).outputs
        if not found:
            raise RunNotFoundError(self.key, "it names no weights")
        return found[0].url

    # --- pictures --------------------------------------------------------------------------

    def prepare_generation(self, request: GenerationRequest) -> GenerationRequest:
        """Ask what the model takes now, so that nothing is paid for what it would refuse."""
        self.require(Capability.GENERATE)
        runner = self._runner(request)
        model = runner.remote_model if runner else str(request.lora and request.lora.path)
        published = self.directory.latest(model) if runner else self.directory.version(model)
        given = inputs.picture_input(request, runner, published)
        self._require_taken(model, published, given, PICTURE_INPUT)
        if request.count > 1 and "num_outputs" not in given:
            raise RequestRejectedError(self.key, _("It makes one picture at a time."))
        return replace(request, target={"input": given})

    def _runner(self, request: GenerationRequest) -> offers.LoraRunner | None:
        """Return the model that fetches the LoRA; None for what was trained here."""
        if request.lora and self.is_own(request.lora.path):
            return None
        offer = self.generation_offers.get(request.base_model)
        if not isinstance(offer, offers.LoraRunner):
            raise self.unsupported(f"generating with {request.base_model}")
        return offer

    def generation_call(self, request: GenerationRequest) -> Call:
        runner = self._runner(request)
        given = request.target.get("input") or inputs.picture_input(request, runner, Published(""))
        payload: dict[str, Any] = {"input": given, **_webhook(request.webhook_url)}
        if runner:
            return Call("POST", f"/models/{runner.remote_model}/predictions", payload)
        version = str(request.lora and request.lora.path).partition(":")[2]
        return Call("POST", "/predictions", payload | {"version": version})

    def parse_generation(self, data: Mapping[str, Any]) -> Run:
        return replies.prediction(data, self.status_of)

    # --- webhooks and refusals ---------------------------------------------------------------

    def fetch_webhook_keys(self) -> tuple[str, ...]:
        call = Call("GET", "/webhooks/default/secret")
        return (self._ask(call, lambda data: replies.text(data, "key")),)

    def verified_webhook(
        self, headers: Mapping[str, str], body: bytes, keys: Sequence[str], now: datetime
    ) -> Webhook:
        delivery = verify_standard_webhook(headers, body, keys, now)
        try:
            return Webhook(replies.text(json.loads(body), "id"), delivery_id=delivery)
        except MISSHAPEN as error:
            raise InvalidWebhookError(self.key, "it names no run") from error

    def error_kind(self, reply: Reply, kind: type[ProviderError]) -> type[ProviderError]:
        if kind is not RequestRejectedError or reply.data is None:
            return kind
        text = f"{reply.data.get('title')}\n{reply.data.get('detail')}"
        if reply.status_code == NOT_FOUND:
            # Also where the account's own model is not there (yet): then the trainer is.
            return kind if "destination" in text else TrainerGoneError
        return causes.KINDS.get(causes.code_of(text), kind)


def _webhook(url: str) -> dict[str, Any]:
    return {"webhook": url, "webhook_events_filter": _EVENTS} if url else {}


def _path_of(ref: RunRef) -> str:
    # Built here: the addresses in an answer to a training point at /predictions.
    return f"{_PATHS[ref.kind]}/{quote(ref.id, safe='')}"
