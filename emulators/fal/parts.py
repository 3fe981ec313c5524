"""What the routes of one running emulator share."""

from __future__ import annotations

from functools import partial
from typing import cast

from starlette.requests import Request

from emulators.fal.accounts import Accounts
from emulators.fal.catalog.offered import Offered
from emulators.fal.records import Requests
from emulators.fal.signing import SigningKeys
from emulators.fal.storage.files import Files
from emulators.fal.storage.multipart import Multipart
from emulators.fal.storage.tokens import Tokens
from emulators.fal.work import telling
from emulators.fal.work.runner import Runner
from emulators.faults.plan import Plan
from emulators.hosted.agenda import Agenda
from emulators.hosted.clock import Clock
from emulators.hosted.options import Options
from emulators.hosted.records import Records, database
from emulators.hosted.webhooks import Webhooks


class Parts:
    """Everything of one emulator; `load` before the first request, on the event loop."""

    def __init__(self, options: Options, plan: Plan) -> None:
        folder = options.folder
        self.options, self.plan = options, plan
        self.colours = folder / "colours"  # of trainings' photos, by request
        self.database = database(folder)
        self.clock = Clock(folder)
        self.agenda = Agenda(self.clock)
        self.accounts, self.offered = Accounts(plan), Offered(plan)
        self.tokens = Tokens(folder / "tokens.key", self.clock)
        self.multipart = Multipart(folder / "parts")
        self.keys = SigningKeys(folder / "signing.json")
        self.requests = Requests(Records(self.database, "request"))
        self.files = Files(
            Records(self.database, "file"), folder / "files", self.clock, self.agenda
        )
        self._deliveries = Records(self.database, "delivery")
        self.webhooks = Webhooks(
            telling.service(self.keys, self.requests),
            self._deliveries,
            self.agenda,
            self.clock,
            plan,
        )
        self.runner = Runner(
            self.requests,
            self.files,
            self.colours,
            self.clock,
            self.agenda,
            plan,
            options.queue_seconds,
            partial(telling.tell, self.webhooks),
        )

    def load(self) -> None:
        """Read what an earlier process has left, and go on with it."""
        self.colours.mkdir(parents=True, exist_ok=True, mode=0o700)
        self.database.open()
        self.clock.load()
        for part in (self.tokens, self.keys, self.multipart, self.files, self.requests):
            part.load()
        self._deliveries.load()
        self.webhooks.resume()
        self.runner.resume()


def parts_of(request: Request) -> Parts:
    """Return the parts that a request's application has."""
    return cast(Parts, request.app.state.parts)
