"""fal, as documented in November 2026 (fal.ai/docs, fal_client 1.0.3, pages of its models).

Everything runs through its queue. A submit cannot be recognised by the service when it is
repeated, so it never is: a lost answer is looked up in the history of requests, which knows the
address of the photos. What that history does not show proves nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta
from typing import IO, Any
from urllib.parse import quote

import requests
from django.utils.translation import gettext as _, gettext_lazy

from environment.urls import Address
from environment.values import Key
from providers.base import Provider
from providers.errors import (
    AuthenticationFailedError,
    ProviderError,
    ProviderUnavailableError,
    RunNotFoundError,
)
from providers.fal import documents, history, inputs, offers, platform, replies
from providers.fal.hosts import OFFICIAL, app_of, hosts_at
from providers.fal.probe import Probe
from providers.fal.uploads import OUTPUT_LIFECYCLE_HEADER, lifecycle, upload
from providers.hosted.zip_dataset import zip_of
from providers.http.calls import Call, Reply, engine_of
from providers.http.signatures import ed25519_keys, verify_ed25519_webhook
from providers.paging import read_pages
from providers.types import (
    EVER,
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

# Longer than a training may wait and run (`training.work`), and short enough to be a promise.
DATASET_LASTS = timedelta(days=2)
# Longer than the longest outage of ours after which a result is still fetched.
OUTPUTS_LAST = timedelta(days=14)
WEIGHTS_LAST = timedelta(days=1)


class Fal(Provider):
    key = "fal"
    label = "fal.ai"
    auth_scheme = "Key"
    training_offers = offers.TRAINING
    generation_offers = offers.GENERATION
    key_variable = Key("FAL_KEY", "", secret=True)
    url_variable = Address("FAL_BASE_URL", OFFICIAL)
    keeps = gettext_lazy("The photos are deleted there after two days, results after two weeks.")
    lists_are_complete = False
    absence_after = timedelta(minutes=3)  # nothing is proved then: the history is asked so often
    describe_every = timedelta(minutes=10)
    calls_per_second = 40.0  # no limit is documented; its own client asks so often for four runs
    dataset_lasts = timedelta(hours=12)
    weights_last = WEIGHTS_LAST
    forgets_cancelled_runs = True
    capabilities = frozenset(
        {
            Capability.TRAIN,
            Capability.GENERATE,
            Capability.CANCEL,
            Capability.FIND_TRAININGS,
            Capability.LOG,
            Capability.WEBHOOK,
            Capability.UPLOAD_WEIGHTS,
            Capability.DELETE_TRAININGS,
            Capability.DELETE_GENERATIONS,
        }
    )
    statuses = {
        "in_queue": RunStatus.QUEUED,
        "in_progress": RunStatus.RUNNING,
        "completed": RunStatus.SUCCEEDED,  # unless it carries an error
    }

    def __init__(
        self, *, api_key: str, base_url: str, session: requests.Session | None = None
    ) -> None:
        super().__init__(api_key=api_key, base_url=base_url, session=session)
        self.hosts = hosts_at(base_url)
        self.probe = Probe(self.client, self.hosts)

    # --- what it can do now ------------------------------------------------------------------

    def describe(self) -> Description:
        try:
            reply, lacking = self.probe.of_account()
        except AuthenticationFailedError as error:
            return Description(key_is_valid=False, notes=(_("The key was refused."), error.detail))
        found = self.probe.found(self.training_offers)
        return Description(
            key_is_valid=True,
            can_train=found,
            can_generate=self.probe.found(self.generation_offers),
            engine=engine_of(reply),
            unit_prices=self.probe.unit_prices(offers.ENDPOINTS[WorkKind.TRAINING]),
            notes=(*lacking, *self.probe.notes(found)),
        )

    # --- trainings ---------------------------------------------------------------------------

    def send_dataset(self, photos: Sequence[Photo]) -> str:
        with zip_of(photos) as file:
            return upload(
                self.client,
                self.hosts,
                file,
                name="photos.zip",
                content_type="application/zip",
                lasts=DATASET_LASTS,
            )

    def prepare_training(self, request: TrainingRequest) -> TrainingRequest:
        """Ask for the trainer's inputs, as it publishes them now, and check ours."""
        request = super().prepare_training(request)
        offer = self._trainer(request.base_model)
        sent = self.probe.accepted(offer.remote_model, inputs.training(offer, request))
        return replace(request, target={"inputs": sent})

    def training_call(self, request: TrainingRequest) -> Call:
        offer = self._trainer(request.base_model)
        # Never `X-Fal-Store-IO: 0` here: the history could not show a lost run.
        sent = request.target.get("inputs") or inputs.training(offer, request)
        return self._submit(offer.remote_model, sent, request.webhook_url)

    def lookup_key(self, request: TrainingRequest | GenerationRequest) -> str:
        """The history shows what was sent, and no two trainings share an upload."""
        return request.dataset if isinstance(request, TrainingRequest) else ""

    def weights_url(self, run: Run) -> str:
        url = run.remote_ref or next((output.url for output in run.outputs), "")
        if not url:
            raise RunNotFoundError(self.key, _("The address of the weights is not known."))
        return url

    # --- pictures ------------------------------------------------------------------------------

    def send_weights(self, file: IO[bytes]) -> str:
        return upload(
            self.client,
            self.hosts,
            file,
            name="lora.safetensors",
            content_type="application/octet-stream",
            lasts=WEIGHTS_LAST,
        )

    def generation_call(self, request: GenerationRequest) -> Call:
        offer = self.generation_offers.get(request.base_model)
        if not isinstance(offer, offers.FalRunner):
            raise self.unsupported(f"generating with {request.base_model}")
        return self._submit(
            offer.remote_model, inputs.generation(offer, request), request.webhook_url
        )

    # --- runs ----------------------------------------------------------------------------------

    def parse_training(self, data: Mapping[str, Any]) -> Run:
        return replies.run(data, self.status_of)

    def parse_generation(self, data: Mapping[str, Any]) -> Run:
        return replies.run(data, self.status_of)

    def run_call(self, ref: RunRef) -> Call:
        """With its log: only that says how far a training is."""
        return Call("GET", f"{self._path_of(ref)}/status", params=_WITH_LOG, is_about_run=True)

    def get_run(self, ref: RunRef) -> Run:
        """Ask for the status, and where that says it is over, for the result: only both together
        tell a success from a failure."""
        self.require(Capability.TRAIN if ref.kind is WorkKind.TRAINING else Capability.GENERATE)
        reply = self.client.ask(self.run_call(ref))
        run = self._parsed(reply, self.parse_training)
        self.require_same(run, ref)
        if run.status is RunStatus.SUCCEEDED:
            run = self._result(ref)
        log = self._parsed(reply, lambda data: replies.run_log(data, ref.steps))
        run = replace(run, log=log, step=log.step, total_steps=log.total_steps)
        return self.observed(run, reply)

    def _result(self, ref: RunRef) -> Run:
        call = Call("GET", self._path_of(ref), is_about_run=True)
        reply = self.client.ask(call, accepted_statuses=_RESULT_STATUSES)
        if not reply.is_success:
            if not replies.error_types(reply.data or {}) and "detail" not in (reply.data or {}):
                # Not the model's own words: something between it and us does not work.
                raise self.client.refusal(ProviderUnavailableError, reply)
            return replies.failed_result(reply, ref.id)
        parse = (
            replies.training_result if ref.kind is WorkKind.TRAINING else replies.generation_result
        )
        run = self._parsed(reply, lambda data: parse(data, ref.id))
        return self._with_cost(run, reply)

    def _with_cost(self, run: Run, reply: Reply) -> Run:
        """Add what was billed: units always come along, dollars only for an administrator's key."""
        units = reply.headers.get("x-fal-billable-units", "")
        cost = None
        with suppress(ProviderError):
            events = self.client.ask(platform.bill(self.hosts, run.id))
            cost = documents.cost(events.data or {})
        return replace(run, cost_usd=cost, billed=_("%s units") % units if units else "")

    def cancel_call(self, ref: RunRef) -> Call:
        return Call("PUT", f"{self._path_of(ref)}/cancel", is_about_run=True, may_be_empty=True)

    def fetch_log(self, ref: RunRef) -> RunLog:
        return self._ask(self.run_call(ref), lambda data: replies.run_log(data, ref.steps))

    def list_runs(self, kind: WorkKind, since: datetime = EVER) -> RunList:
        """Return what the history shows of requests sent since then. It may lack some: those that
        still wait, for example."""
        self.require(Capability.FIND_TRAININGS)

        def read(page: str) -> RunList:
            reply = self.client.ask(platform.history(self.hosts, kind, since, page))
            listed = self._parsed(reply, lambda data: self.parse_list(data, kind))
            return replace(listed, runs=tuple(self.observed(run, reply) for run in listed.runs))

        return read_pages(read, since)

    def parse_list(self, data: Mapping[str, Any], kind: WorkKind) -> RunList:
        return history.page(data, kind)

    # --- leaving nothing behind ----------------------------------------------------------------

    def delete_run_call(self, ref: RunRef) -> Call:
        return platform.payloads_deletion(self.hosts, ref.id)

    # --- webhooks ------------------------------------------------------------------------------

    def fetch_webhook_keys(self) -> tuple[str, ...]:
        return self._ask(
            Call("GET", "/.well-known/jwks.json", origin=self.hosts.rest), ed25519_keys
        )

    def verified_webhook(
        self, headers: Mapping[str, str], body: bytes, keys: Sequence[str], now: datetime
    ) -> Webhook:
        # fal signs for all its customers alike: that it is about a run of ours is asked for.
        run_id = verify_ed25519_webhook(headers, body, keys, now, prefix="X-Fal-Webhook-")
        return Webhook(run_id=run_id, delivery_id=run_id)

    # --- what its refusals mean ----------------------------------------------------------------

    def error_kind(self, reply: Reply, kind: type[ProviderError]) -> type[ProviderError]:
        return replies.error_kind(reply, kind)

    # --- calls -----------------------------------------------------------------------------------

    def _submit(self, endpoint: str, payload: Mapping[str, Any], webhook_url: str) -> Call:
        return Call(
            "POST",
            f"/{quote(endpoint)}",
            payload,
            params={"fal_webhook": webhook_url} if webhook_url else {},
            headers={OUTPUT_LIFECYCLE_HEADER: lifecycle(OUTPUTS_LAST)},
        )

    def _path_of(self, ref: RunRef) -> str:
        offers_of_kind: Mapping[str, Any] = (
            self.training_offers if ref.kind is WorkKind.TRAINING else self.generation_offers
        )
        offer = offers_of_kind.get(ref.base_model)
        if offer is None:
            raise self.unsupported(f"runs of {ref.base_model or 'no base model'}")
        return f"/{app_of(offer.remote_model)}/requests/{quote(ref.id, safe='')}"

    def _trainer(self, base_model: str) -> offers.FalTrainer:
        offer = self.training_offers.get(base_model)
        if not isinstance(offer, offers.FalTrainer):
            raise self.unsupported(f"training {base_model}")
        return offer


_WITH_LOG = {"logs": "1"}
# A result has the model's own status; these say something about the call instead.
_RESULT_STATUSES = frozenset(range(400, 600)) - {401, 403, 404, 408, 429}
