"""Calls to fal's platform API: history, bills, stored payloads (fal.ai/docs, platform APIs v1)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from urllib.parse import quote

from providers.fal.hosts import Hosts
from providers.fal.offers import ENDPOINTS
from providers.http.calls import Call
from providers.types import WorkKind

# The history answers for the last 24 hours unless it is asked for more, and 90 days at most.
OLDEST_HISTORY = timedelta(days=90)
_BY_ENDPOINT = "/models/requests/by-endpoint"


def key_check(hosts: Hosts) -> Call:
    """Return a call that costs nothing and is refused without a good key."""
    endpoint = ENDPOINTS[WorkKind.GENERATION][0]
    return _get(hosts, _BY_ENDPOINT, {"endpoint_id": endpoint, "limit": "1"})


def history(hosts: Hosts, kind: WorkKind, since: datetime, page: str) -> Call:
    """Return the call for one page of the requests sent since then, with what was sent."""
    start = max(since, datetime.now(UTC) - OLDEST_HISTORY)
    params = {
        "endpoint_id": ",".join(ENDPOINTS[kind]),
        "start": start.isoformat(),
        "expand": "payloads",
        "limit": "100",
    }
    return _get(hosts, _BY_ENDPOINT, params | ({"cursor": page} if page else {}))


def bill(hosts: Hosts, run_id: str) -> Call:
    """Return the call for what one request cost; an administrator's key may make it."""
    return _get(hosts, "/models/billing-events", {"request_id": run_id})


def payloads_deletion(hosts: Hosts, run_id: str) -> Call:
    """Return the call that deletes what was sent and what came out; uploaded files expire."""
    call = _get(hosts, f"/models/requests/{quote(run_id, safe='')}/payloads", {})
    return replace(call, method="DELETE", may_be_empty=True)


def _get(hosts: Hosts, path: str, params: Mapping[str, str]) -> Call:
    return Call("GET", f"/v1{path}", params=params, origin=hosts.platform)
