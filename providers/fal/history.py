"""The history of requests: which of them were accepted, with what was sent and what came out.

It surely lists what has ended; whether it lists what waits or runs is not documented. So what it
shows is true, and what it lacks proves nothing.
"""

from __future__ import annotations

import logging

from providers.errors import MISSHAPEN
from providers.fal.fields import Json, moment, object_in, text, url
from providers.fal.offers import TRAINING
from providers.fal.replies import LORA_FIELDS, request_id
from providers.types import Run, RunList, RunStatus, WorkKind

logger = logging.getLogger(__name__)

_ZIP_FIELD_BY_ENDPOINT = {offer.remote_model: offer.zip_field for offer in TRAINING.values()}


def page(data: Json, kind: WorkKind) -> RunList:
    """Return the requests on one page, those that can be read. It is never complete."""
    runs: list[Run] = []
    for item in data["items"]:
        try:
            runs.append(_listed(item, kind))
        except MISSHAPEN as error:
            logger.warning("an entry of the history is unreadable: %s", type(error).__name__)
    cursor = data.get("next_cursor")
    has_more = bool(data.get("has_more")) and isinstance(cursor, str)
    return RunList(tuple(runs), next_page=text(cursor) if has_more else "")


def _listed(item: Json, kind: WorkKind) -> Run:
    run_id, sent = request_id(item), object_in(item.get("json_input"))
    field = _ZIP_FIELD_BY_ENDPOINT.get(str(item.get("endpoint_id")), "")
    address = text(sent.get(field)) if kind is WorkKind.TRAINING else ""
    created_at = moment(item.get("sent_at")) or moment(item.get("started_at"))
    code, ended = item.get("status_code"), moment(item.get("ended_at"))
    if not isinstance(code, int) or not ended:
        return Run(run_id, RunStatus.RUNNING, correlation=address, created_at=created_at)
    outcome = RunStatus.SUCCEEDED if 200 <= code < 300 else RunStatus.FAILED
    result = object_in(item.get("json_output"))
    weights = next((found for name in LORA_FIELDS if (found := url(result.get(name)))), "")
    return Run(run_id, outcome, correlation=address, created_at=created_at, remote_ref=weights)
