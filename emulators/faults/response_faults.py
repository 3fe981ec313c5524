"""Faults of what is answered: the answer arrives, and is wrong."""

from __future__ import annotations

import json

from emulators.faults.exchange import Exchange
from emulators.faults.service import ResponseFault


async def answer_wrongly(fault: ResponseFault, exchange: Exchange) -> None:
    """Do the work and answer something else; a refusal stays as it is."""
    answer = await exchange.finish()
    if answer.status == 200:
        data = json.loads(answer.body)
        await fault.change(data, exchange.rule, exchange.rng)
        answer.replace_body(json.dumps(data).encode())
    await answer.send(exchange.send)
