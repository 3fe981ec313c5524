"""The one interface of every provider. The base owns the sequence, a provider the details.

Each operation is: require the capability → build the call (pure) → send → parse (pure).
A provider fills in the builders and parsers and one table of status words; what it leaves
out is refused by name before any HTTP. `docs/adding-a-provider.md` walks through it.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext, suppress
from dataclasses import replace
from datetime import datetime
from typing import IO, Any, TypeVar

import requests

from providers.errors import (
    MISSHAPEN,
    OutcomeUnknownError,
    RequestRejectedError,
    RunNotFoundError,
)
from providers.http import fetch
from providers.http.calls import Call, Reply
from providers.http.client import Client
from providers.paging import read_pages
from providers.parts import Parts
from providers.types import (
    DELETING,
    EVER,
    FINDING,
    FOLLOWING,
    Capability,
    Description,
    Download,
    GenerationRequest,
    Output,
    Photo,
    Run,
    RunList,
    RunLog,
    RunRef,
    Sample,
    TrainingRequest,
    Webhook,
    WorkKind,
)

logger = logging.getLogger(__name__)

Parsed = TypeVar("Parsed")
CORRELATION_HEADER = "X-Correlation-Id"
MAX_WEIGHTS_BYTES = 2 * 1024**3
MAX_OUTPUT_BYTES = 64 * 1024**2
MAX_SAMPLE_BYTES = 2 * 1024**2
MOST_SAMPLES = 20  # of one training


class Provider(Parts):
    """A service that trains or generates, reached over HTTP. One instance per thread."""

    def __init__(
        self, *, api_key: str, base_url: str, session: requests.Session | None = None
    ) -> None:
        self.client = Client(
            self.key, base_url, api_key, auth_scheme=self.auth_scheme, session=session
        )
        self.account = self.client.account
        self.client.error_kind, self.client.key_hosts = self.error_kind, self.key_hosts

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.key}>"

    # --- operations ----------------------------------------------------------------------

    def upload_dataset(self, photos: Sequence[Photo]) -> str:
        """Upload the photos and captions; return the provider's id for them.

        Costs nothing and may be repeated: at worst an unused copy stays there.
        """
        self.require(Capability.TRAIN)
        return self.send_dataset(photos)

    def prepare_training(self, request: TrainingRequest) -> TrainingRequest:
        """Make the free calls that a training needs besides the photos, and return the request
        with what they found in `target`. May run more than once; nothing is paid.

        Raises `TrainerGoneError` where the trainer would refuse what we are about to send.
        """
        self.require(Capability.TRAIN)
        return request

    def prepare_generation(self, request: GenerationRequest) -> GenerationRequest:
        """The same before pictures are paid for."""
        self.require(Capability.GENERATE)
        return request

    def upload_weights(self, file: IO[bytes]) -> str:
        """Store a copy of trained weights at the provider, for drawing with them there; return
        its address. It expires by itself, no earlier than after `weights_last`."""
        self.require(Capability.UPLOAD_WEIGHTS)
        return self.send_weights(file)

    def start_training(self, request: TrainingRequest, *, not_after: float | None = None) -> Run:
        """Start a paid training: at most one HTTP request leaves, ever.

        `not_after` (of `http.send_once.steady_seconds`) keeps a process that was frozen before
        the call from sending it late. Raises `ProviderUnavailableError` only where surely nothing
        was accepted, `OutcomeUnknownError` where that is not known: look it up with `find_run`,
        never call again.
        """
        self.require(Capability.TRAIN)
        call = self.training_call(request)
        return self._pay(
            call, WorkKind.TRAINING, request.correlation, not_after, self.parse_training
        )

    def generate(self, request: GenerationRequest, *, not_after: float | None = None) -> Run:
        """Generate images: paid, with the same rules as `start_training`.

        Where the provider answers with the images at once, the run is over already.
        """
        self.require(Capability.GENERATE)
        call = self.generation_call(request)
        return self._pay(
            call, WorkKind.GENERATION, request.correlation, not_after, self.parse_generation
        )

    def get_run(self, ref: RunRef) -> Run:
        """Return one run as it is now; raise `RunNotFoundError` where the provider lacks it, and
        `OutcomeUnknownError` where the answer is about another run."""
        is_training = ref.kind is WorkKind.TRAINING
        self.require(Capability.TRAIN if is_training else Capability.GENERATE)
        parse = self.parse_training if is_training else self.parse_generation
        reply = self.client.ask(self.run_call(ref))
        run = self.observed(self._parsed(reply, parse), reply)
        self.require_same(run, ref)
        return run

    def require_same(self, run: Run, ref: RunRef) -> None:
        """Raise OutcomeUnknownError for an answer about another run than the one asked for."""
        if run.id != ref.id:
            raise OutcomeUnknownError(self.key, "the answer is about another run")

    def list_runs(self, kind: WorkKind, since: datetime = EVER) -> RunList:
        """Return the runs of one kind, those created since that moment at least."""
        if FOLLOWING[kind] not in self.capabilities:
            self.require(FINDING[kind])
        return read_pages(lambda page: self._read_page(kind, page), since)

    def _read_page(self, kind: WorkKind, page: str) -> RunList:
        reply = self.client.ask(self.list_call(kind, page))
        listed = self._parsed(reply, lambda data: self.parse_list(data, kind))
        return replace(listed, runs=tuple(self.observed(run, reply) for run in listed.runs))

    def lookup_key(self, request: TrainingRequest | GenerationRequest) -> str:
        """Return what a list shows instead of our token, say the dataset's address; "" where the
        token itself comes back. It is stored before the paid call."""
        return ""

    @property
    def shows_correlation(self) -> bool:
        """Whether its lists show our token itself: then nothing else has to be remembered."""
        return type(self).lookup_key is Provider.lookup_key

    def find_run(self, token: str, kind: WorkKind, since: datetime = EVER) -> Run | None:
        """Return the run that carries our token (or look-up key) and was created since then.

        None only where the list is complete since then. That proves an absence no earlier than
        `absence_after` after the paid call was over; the caller keeps that time.
        Raises `OutcomeUnknownError` where the list may miss it, `UnsupportedFeatureError` where
        there is none.
        """
        self.require(FINDING[kind])
        listed = self.list_runs(kind, since)
        if run := listed.find(token):
            return run
        if not listed.covers(since):
            raise OutcomeUnknownError(self.key, "not in the list, which may be incomplete")
        if listed.hints_at(token):
            raise OutcomeUnknownError(self.key, "the list may show our token cut off")
        return None

    def cancel_run(self, ref: RunRef) -> None:
        """Ask to stop a run. Safe twice: a run that is already over is fine."""
        self.require(Capability.CANCEL)
        try:
            self.client.ask(self.cancel_call(ref))
        except RequestRejectedError:
            if not self.get_run(ref).status.is_over:
                raise

    def delete_run(self, ref: RunRef) -> None:
        """Have a run deleted with its result. Safe twice: one that is not there is fine."""
        self.require(DELETING[ref.kind])
        self._delete(self.delete_run_call(ref))

    def delete_dataset(self, dataset: str) -> None:
        """Have uploaded photos deleted. Safe twice: those that are not there are fine."""
        self.require(Capability.DELETE_DATASETS)
        self._delete(self.delete_dataset_call(dataset))

    def run_log(self, ref: RunRef) -> RunLog:
        """Return everything the provider has logged about one training, oldest first."""
        self.require(Capability.LOG)
        return self.fetch_log(ref)

    def samples(self, ref: RunRef) -> tuple[Sample, ...]:
        """Return the pictures that one training has made so far, the oldest first; none where the
        provider makes none."""
        if Capability.SAMPLES not in self.capabilities:
            return ()
        return self.fetch_samples(ref)[:MOST_SAMPLES]

    def download_weights(self, run: Run) -> AbstractContextManager[Download]:
        """Stream the trained weights of a succeeded run; check them after reading to the end."""
        self.require(Capability.TRAIN)
        return fetch.open_url(self.client, self.weights_url(run), max_bytes=MAX_WEIGHTS_BYTES)

    def download_output(self, output: Output) -> AbstractContextManager[Download]:
        """Stream one image, whether it is still at the provider or came with the answer."""
        if output.data:
            return nullcontext(Download(len(output.data), iter([output.data])))
        return fetch.open_url(self.client, output.url, max_bytes=MAX_OUTPUT_BYTES)

    def download_sample(self, sample: Sample) -> AbstractContextManager[Download]:
        """Stream one sample."""
        self.require(Capability.SAMPLES)
        return fetch.open_url(self.client, sample.url, max_bytes=MAX_SAMPLE_BYTES)

    def webhook_keys(self) -> tuple[str, ...]:
        """Fetch what the provider signs its webhooks with now: secrets, or public keys."""
        self.require(Capability.WEBHOOK)
        return self.fetch_webhook_keys()

    def parse_webhook(
        self, headers: Mapping[str, str], body: bytes, keys: Sequence[str], now: datetime
    ) -> Webhook:
        """Verify a webhook and return which run it is about: a hint to ask for that run now.

        `keys` are of `webhook_keys`; makes no call. Raises `InvalidWebhookError` where it is
        forged or stale.
        """
        self.require(Capability.WEBHOOK)
        return self.verified_webhook(headers, body, keys, now)

    def describe(self) -> Description:
        """Return what the provider can do now; a refused key is an answer, not an error."""
        raise self.unsupported("describe")

    # --- sending -----------------------------------------------------------------------

    def _ask(self, call: Call, parse: Callable[[Mapping[str, Any]], Parsed]) -> Parsed:
        reply = self.client.ask(call)
        return self._parsed(reply, parse)

    def _delete(self, call: Call) -> None:
        # `is_about_run`: only a 404 about what is deleted says that it is gone already.
        with suppress(RunNotFoundError):
            self.client.ask(replace(call, is_about_run=True))

    def _pay(
        self,
        call: Call,
        kind: WorkKind,
        correlation: str,
        not_after: float | None,
        parse: Callable[[Mapping[str, Any]], Run],
    ) -> Run:
        reply = self.client.pay(
            call,
            headers={CORRELATION_HEADER: correlation},
            timeout=self.paid_timeouts[kind],
            not_after=not_after,
            is_refusal=self.is_refusal,
        )
        run = self._parsed(reply, parse, is_paid=True)
        return self.observed(run, reply)

    def _parsed(
        self, reply: Reply, parse: Callable[[Mapping[str, Any]], Parsed], *, is_paid: bool = False
    ) -> Parsed:
        try:
            return parse(reply.data or {})
        except MISSHAPEN as error:
            problem = f"the answer lacks what we need: {type(error).__name__} {error}"
            raise self.client.unexpected(reply, problem, is_paid=is_paid) from error
