"""What a provider declares about itself, before any call: names, offers, times, capabilities."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from datetime import timedelta
from typing import ClassVar

from django.utils.functional import Promise

from environment.reading import Environment
from environment.values import Variable
from providers.catalog import GenerationOffer, TrainingOffer
from providers.errors import UnsupportedFeatureError
from providers.http.session import Timeout
from providers.types import Capability, RunStatus, WorkKind

logger = logging.getLogger(__name__)


class Declared:
    """The class variables of a provider, and what follows from them alone."""

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
    # How often a run is asked for at most, and how many runs are asked for in a second, all
    # together: its budget. n runs that no list shows are each seen within 2 n / calls_per_second.
    shortest_interval: ClassVar[timedelta] = timedelta(seconds=2)
    calls_per_second: ClassVar[float] = 20.0
    # How many runs one page of its list holds; 0 where one page holds all of them.
    runs_per_page: ClassVar[int] = 0
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
