"""The emulator's own controls beside faults, ledger and clock: the keys that sign webhooks."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from emulators.fal.signing import SigningKeys
from trainer.bodies import Body, read_body

KEYS_PATH = "/signing-keys"


class Rotation(Body):
    """Whether the keys so far stay published beside the new one."""

    keep: bool = True


def routes(keys: SigningKeys) -> list[Route]:
    """Return POST /signing-keys {"keep": true}: sign with a new key from now on."""

    async def rotate(request: Request) -> Response:
        keys.rotate(is_kept=(await read_body(request, Rotation)).keep)
        return JSONResponse(keys.published())

    return [Route(KEYS_PATH, rotate, methods=["POST"])]
