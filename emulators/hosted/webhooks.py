"""Webhooks of an emulated service: signed, retried, and wrong on request."""

from __future__ import annotations

import json
import logging
import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from urllib.parse import urlsplit

import requests

from emulators.faults.plan import Plan
from emulators.faults.rules import WEBHOOK, ActiveRule
from emulators.hosted.agenda import Agenda
from emulators.hosted.clock import Clock
from emulators.hosted.outgoing import is_loopback, session_for
from emulators.hosted.records import Json, Records
from trainer.threads import in_thread

log = logging.getLogger("emulators.webhooks")

# Faults of the route `webhook`. After them a client that believes nothing and polls is right.
LOST, TWICE, LATE, FORGED, STALE, TRUNCATED, LARGE, EARLY_END = WEBHOOK_FAULTS = (
    "lost",  # never sent
    "twice",  # sent two times, with the same id
    "late",  # sent after `seconds`
    "forged",  # with a signature of another key
    "stale",  # signed ten minutes ago
    "cut_short",  # only the first half of the signed body
    "large",  # with a megabyte and a half of logs
    "wrong_status",  # says the run is over, whatever is true
)
STALE_SECONDS = 600.0
LARGE_BYTES = 1_500_000


@dataclass(frozen=True, slots=True)
class Service:
    """What differs between services.

    `sign(delivery_id, body, timestamp)` returns the headers; with `forged`, those of a key that is
    not the service's. `retries` are the seconds between two tries of a final webhook.
    `lie(document)` changes a body so that it says the run is over. Where `ends_on_redirect`, an
    answer that leads elsewhere counts as received; no redirect is ever followed.
    """

    sign: Callable[[str, bytes, int, bool], Mapping[str, str]]
    retries: Sequence[float]
    timeout: float
    lie: Callable[[Json], None]
    ends_on_redirect: bool = False


def may_receive(address: object) -> bool:
    """Return whether a webhook may go to an address: https, or http on this machine."""
    if not isinstance(address, str):
        return False
    try:
        parts = urlsplit(address)
        is_plain = parts.scheme == "http" and is_loopback(address)
        return bool(parts.hostname) and (parts.scheme == "https" or is_plain)
    except ValueError:
        return False


class Webhooks:
    """Sends them; the final ones of a run survive a crash until they are received or given up."""

    def __init__(
        self, service: Service, records: Records, agenda: Agenda, clock: Clock, plan: Plan
    ) -> None:
        self._service = service
        self._records = records
        self._agenda = agenda
        self._clock = clock
        self._plan = plan

    def resume(self) -> None:
        """Go on with what an earlier process had to send."""
        for delivery in self._records:
            self._enter(delivery, self._clock.now())

    async def send(
        self, address: str, document: Json, *, is_final: bool, delivery_id: str = ""
    ) -> None:
        """Let a document be sent to an address soon; durable when this returns if it is final."""
        rule = self._plan.pick(WEBHOOK, WEBHOOK_FAULTS)
        delivery: Json = {
            "id": delivery_id or f"msg_{secrets.token_hex(12)}",
            "address": address,
            "document": document,
            "tries": 0,
            "is_final": is_final,
            "fault": rule.rule.fault if rule else "",
        }
        if delivery["fault"] == LOST:
            return
        if is_final:
            await self._records.save(delivery["id"], delivery)
        self._enter(delivery, self._clock.now() + _delay(rule))

    def _enter(self, delivery: Json, moment: float) -> None:
        self._agenda.at(moment, partial(self._deliver, delivery))

    async def _deliver(self, delivery: Json) -> None:
        received = await self._post(delivery)
        if delivery["fault"] == TWICE and received:
            await self._post(delivery)
        if not delivery["is_final"]:
            return
        if received or delivery["tries"] >= len(self._service.retries):
            await self._records.remove(delivery["id"])
            return
        pause = self._service.retries[delivery["tries"]]
        delivery["tries"] += 1
        await self._records.save(delivery["id"], delivery)
        self._enter(delivery, self._clock.now() + pause)

    async def _post(self, delivery: Json) -> bool:
        """Send it once; return whether it was received, or is not to be sent again."""
        body, headers = self._request(delivery)
        try:
            status = await in_thread(self._call, delivery["address"], body, headers)
        except requests.RequestException as error:
            log.info("Webhook %s was not received: %s", delivery["id"], type(error).__name__)
            return False
        log.info("Webhook %s was answered with %d", delivery["id"], status)
        return status in range(200, 400 if self._service.ends_on_redirect else 300)

    def _call(self, address: str, body: bytes, headers: Mapping[str, str]) -> int:
        with session_for(address) as session:
            answer = session.post(
                address,
                data=body,
                headers={"Content-Type": "application/json", **headers},
                timeout=self._service.timeout,
                allow_redirects=False,
            )
            return answer.status_code

    def _request(self, delivery: Json) -> tuple[bytes, Mapping[str, str]]:
        """Return body and headers, made wrong where a fault says so."""
        fault, document = delivery["fault"], json.loads(json.dumps(delivery["document"]))
        if fault == LARGE:
            document["logs"] = "x" * LARGE_BYTES
        if fault == EARLY_END:
            self._service.lie(document)
        body = json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode()
        moment = int(self._clock.now() - (STALE_SECONDS if fault == STALE else 0))
        headers = self._service.sign(delivery["id"], body, moment, fault == FORGED)
        return (body[: len(body) // 2] if fault == TRUNCATED else body), headers


def _delay(rule: ActiveRule | None) -> float:
    return rule.rule.seconds if rule and rule.rule.fault == LATE else 0.0
