"""Which endpoints exist now, what they take and what they cost: asked at run time.

Endpoints come and go between two readings of a list, so an offer counts only once its published
schema was found: the schema page first (no key), the platform's catalog where that has none.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django.utils.translation import gettext as _

from providers.catalog import GenerationOffer, TrainingOffer, base_model
from providers.errors import (
    AuthenticationFailedError,
    ProviderError,
    RequestRejectedError,
    TrainerGoneError,
)
from providers.fal import documents, platform
from providers.fal.fields import Json
from providers.fal.hosts import Hosts
from providers.fal.offers import TRAINING
from providers.fal.uploads import token_call
from providers.hosted.input_schema import conformed, problem_with
from providers.http.calls import Call, Reply
from providers.http.client import Client, OtherKey

Offers = Mapping[str, TrainingOffer] | Mapping[str, GenerationOffer]
_NO_KEY = OtherKey(None)


class Probe:
    """Asks about endpoints. Not thread-safe, as its client."""

    def __init__(self, client: Client, hosts: Hosts) -> None:
        self._client = client
        self._hosts = hosts

    def of_account(self) -> tuple[Reply, tuple[str, ...]]:
        """Return an answer that a valid key gets for nothing, and what this key may not do.

        A refusal by one part of the API is no refusal by all: a key may lack that right alone.
        Raises AuthenticationFailedError where the key is refused everywhere.
        """
        try:
            return self._client.ask(platform.key_check(self._hosts)), ()
        except AuthenticationFailedError:
            reply = self._client.ask(token_call(self._hosts))
        lacking = _(
            "This key may not read the history of requests, so a call whose answer was lost "
            "cannot be looked up. Make a key with that right."
        )
        return reply, (lacking,)

    def found(self, offers: Offers) -> tuple[str, ...]:
        """Return the base models whose endpoints exist and stay. Raises a ProviderError where
        that cannot be known."""
        return tuple(key for key, offer in offers.items() if self._document(offer.remote_model))

    def notes(self, found: Sequence[str]) -> tuple[str, ...]:
        """Return what an operator should know: which trainers of ours are not there."""
        gone = [str(base_model(key).label) for key in TRAINING if key not in found]
        if not gone:
            return ()
        return (_("It has no trainer now for: %(names)s.") % {"names": ", ".join(gone)},)

    def accepted(self, endpoint: str, sent: Mapping[str, Any]) -> dict[str, Any]:
        """Return what is to be sent, in the types that the endpoint publishes now.

        Raises TrainerGoneError where it is gone or no longer takes this.
        """
        document = self._document(endpoint)
        if not document:
            text = _("%(endpoint)s is no longer there.") % {"endpoint": endpoint}
            raise TrainerGoneError(self._client.provider, text)
        schema = documents.published(document)
        if schema is None:
            return dict(sent)
        sent = conformed(sent, *schema)
        if problem := problem_with(sent, *schema):
            raise TrainerGoneError(self._client.provider, f"{endpoint}: {problem}")
        return sent

    def unit_prices(self, endpoints: Sequence[str]) -> dict[str, float]:
        """Return what the price list says per billing unit; {} where it does not answer."""
        call = Call(
            "GET",
            "/v1/models/pricing",
            params={"endpoint_id": ",".join(endpoints)},
            origin=self._hosts.platform,
        )
        try:
            return documents.unit_prices(self._client.ask(call).data or {})
        except ProviderError:
            return {}

    def _document(self, endpoint: str) -> Json:
        """Return the published schema of an endpoint; {} for one that is gone or about to be."""
        catalogued = self._answer(
            Call(
                "GET",
                "/v1/models",
                params={"endpoint_id": endpoint, "expand": "openapi-3.0"},
                origin=self._hosts.platform,
            )
        )
        if documents.is_deprecated(catalogued, endpoint):
            return {}
        return documents.document_of(catalogued, endpoint) or self._answer(
            Call(
                "GET",
                "/api/openapi/queue/openapi.json",
                params={"endpoint_id": endpoint},
                origin=self._hosts.pages,
            ),
            _NO_KEY,
        )

    def _answer(self, call: Call, key: OtherKey | None = None) -> Json:
        """Return what is answered; {} where the answer is that there is nothing."""
        try:
            return self._client.ask(call, key=key).data or {}
        except RequestRejectedError:
            return {}
