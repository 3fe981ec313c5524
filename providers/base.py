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
from datetime import datetime, timedelta
from typing import IO, Any, ClassVar, TypeVar

import requests
from django.utils.functional import Promise

from environment.reading import Environment
from environment.values import Variable
from providers.catalog import GenerationOffer, TrainingOffer
from providers.errors import (
    MISSHAPEN,
    OutcomeUnknownError,
    ProviderError,
    RequestRejectedError,
    RunNotFoundError,
    UnsupportedFeatureError,
)
from providers.http import fetch
from providers.http.calls import Call, Reply, engine_of
from providers.http.client import Client
from providers.http.session import Timeout
from providers.paging import read_pages
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
    RunStatus,
    TrainingRequest,
    Webhook,
    WorkKind,
)

logger = logging.getLogger(__name__)

Parsed = TypeVar("Parsed")
CORRELATION_HEADER = "X-Correlation-Id"
MAX_WEIGHTS_BYTES = 2 * 1024**3
MAX_OUTPUT_BYTES = 64 * 1024**2


class Provider:
    """A service that trains or generates, reached over HTTP. One instance per thread."""

    key: ClassVar[str]  # stored in rows, never shown
    label: ClassVar[str | Promise]  # shown, never stored
    runs_here: ClassVar[bool] = False  # on a machine of the installation: free, plain http is fine
    may_be_simulated: ClassVar[bool] = False  # counts as simulated until it denies it
    training_offers: ClassVar[Mapping[str, TrainingOffer]] = {}  # by base model
    generation_offers: ClassVar[Mapping[str, GenerationOffer]] = {}  # by base model
    # The variables that switch it on, and that say where it is, with its default.
    key_variable: ClassVar[Variable[str]]
    url_variable: ClassVar[Variable[str]]
    capabilities: ClassVar[frozenset[Capability]] = frozenset()
    statuses: ClassVar[Mapping[str, RunStatus]] = {}  # their word → ours
    auth_scheme: ClassVar[str] = "Bearer"
    # How long after a lost paid call was over a complete list proves that it never arrived.
    absence_after: ClassVar[timedelta] = timedelta(seconds=60)
    # Whether its lists can prove an absence at all: a history that may lag proves none.
    lists_are_complete: ClassVar[bool] = True
    # How often a run is asked for at most, and how many single calls one poll makes (a poll comes
    # every 2 s): n runs that no list shows are each seen every n / calls_per_poll polls.
    shortest_interval: ClassVar[timedelta] = timedelta(seconds=2)
    calls_per_poll: ClassVar[int] = 40
    # How often it is asked what it can do: a few calls each time.
    describe_every: ClassVar[timedelta] = timedelta(seconds=30)
    # How long uploaded photos surely stay there before anything is trained on them.
    dataset_lasts: ClassVar[timedelta] = timedelta(hours=12)
    # How long uploaded weights surely stay there.
    weights_last: ClassVar[timedelta] = timedelta(0)
    # Whether it no longer knows a run that was cancelled while it waited.
    forgets_cancelled_runs: ClassVar[bool] = False
    # What it keeps of a person's photos and for how long, in a sentence; "" where nobody knows.
    keeps: ClassVar[str | Promise] = ""
    # Further https hosts of the service that want its key for results ("*." for every subdomain).
    key_hosts: ClassVar[frozenset[str]] = frozenset()
    paid_timeouts: ClassVar[Mapping[WorkKind, Timeout]] = {
        WorkKind.TRAINING: (5.0, 60.0),
        WorkKind.GENERATION: (5.0, 120.0),
    }

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

    @classmethod
    def options_from(cls, env: Environment) -> dict[str, str]:
        """Return the constructor's options as the environment sets them; {} where it is off."""
        api_key = env.get(cls.key_variable)
        return {"base_url": env.get(cls.url_variable), "api_key": api_key} if api_key else {}

    @classmethod
    def is_own(cls, remote_ref: str) -> bool:
        """Whether a model's `remote_ref` is this provider's name for what it has trained."""
        return bool(remote_ref)

    @classmethod
    def generation_offer(cls, base_model: str, remote_ref: str) -> GenerationOffer | None:
        """Return how it draws with the weights of that name; None where it does not."""
        offer = cls.generation_offers.get(base_model)
        return offer.own if offer and offer.own and cls.is_own(remote_ref) else offer

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

    def download_weights(self, run: Run) -> AbstractContextManager[Download]:
        """Stream the trained weights of a succeeded run; check them after reading to the end."""
        self.require(Capability.TRAIN)
        return fetch.open_url(self.client, self.weights_url(run), max_bytes=MAX_WEIGHTS_BYTES)

    def download_output(self, output: Output) -> AbstractContextManager[Download]:
        """Stream one image, whether it is still at the provider or came with the answer."""
        if output.data:
            return nullcontext(Download(len(output.data), iter([output.data])))
        return fetch.open_url(self.client, output.url, max_bytes=MAX_OUTPUT_BYTES)

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

    # --- what a provider fills in: builders and parsers are pure ---------------------------

    def send_dataset(self, photos: Sequence[Photo]) -> str:
        raise self.unsupported("datasets")

    def send_weights(self, file: IO[bytes]) -> str:
        raise self.unsupported("uploading weights")

    def training_call(self, request: TrainingRequest) -> Call:
        raise self.unsupported("training")

    def generation_call(self, request: GenerationRequest) -> Call:
        raise self.unsupported("generation")

    def run_call(self, ref: RunRef) -> Call:
        raise self.unsupported(f"asking about one {ref.kind}")

    def list_call(self, kind: WorkKind, page: str) -> Call:
        raise self.unsupported(f"listing of kind {kind}")

    def cancel_call(self, ref: RunRef) -> Call:
        raise self.unsupported("cancelling")

    def delete_run_call(self, ref: RunRef) -> Call:
        raise self.unsupported(f"deleting one {ref.kind}")

    def delete_dataset_call(self, dataset: str) -> Call:
        raise self.unsupported("deleting datasets")

    def parse_training(self, data: Mapping[str, Any]) -> Run:
        raise self.unsupported("training")

    def parse_generation(self, data: Mapping[str, Any]) -> Run:
        raise self.unsupported("generation")

    def parse_list(self, data: Mapping[str, Any], kind: WorkKind) -> RunList:
        raise self.unsupported(f"listing of kind {kind}")

    def fetch_log(self, ref: RunRef) -> RunLog:
        raise self.unsupported("logs")

    def weights_url(self, run: Run) -> str:
        raise self.unsupported("weights")

    def fetch_webhook_keys(self) -> tuple[str, ...]:
        raise self.unsupported("webhooks")

    def verified_webhook(
        self, headers: Mapping[str, str], body: bytes, keys: Sequence[str], now: datetime
    ) -> Webhook:
        raise self.unsupported("webhooks")

    def error_kind(self, reply: Reply, kind: type[ProviderError]) -> type[ProviderError]:
        """Return which error a refusal means; `kind` is what its status alone says."""
        return kind

    def observed(self, run: Run, reply: Reply) -> Run:
        """Add to a run what only the headers of its answer say: that it is simulated."""
        engine = engine_of(reply)
        return replace(run, engine=engine) if engine and not run.engine else run

    def is_refusal(self, reply: Reply) -> bool:
        """Whether a 5xx to a paid call proves, as documented, that nothing was accepted."""
        return False

    # --- shared by all ---------------------------------------------------------------------

    def require(self, capability: Capability) -> None:
        """Raise `UnsupportedFeatureError`, before any HTTP, for what is not declared."""
        if capability not in self.capabilities:
            raise self.unsupported(capability.value)

    def unsupported(self, feature: str) -> UnsupportedFeatureError:
        return UnsupportedFeatureError(self.key, f"{self.label} does not offer: {feature}")

    def status_of(self, word: object) -> RunStatus:
        """Return our status for their word; a new one is logged and polled again, never an end."""
        status = self.statuses.get(str(word).lower())
        if status is None:
            logger.warning("%s: unknown status word %.40r", self.key, word)
            return RunStatus.UNKNOWN
        return status

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
