"""The parts of one running emulator."""

from __future__ import annotations

from typing import Any, cast

from starlette.requests import Request

from emulators.faults.plan import Plan
from emulators.hosted import records
from emulators.hosted.agenda import Agenda
from emulators.hosted.clock import Clock
from emulators.hosted.options import Options
from emulators.hosted.records import Records
from emulators.hosted.webhooks import Service, Webhooks
from emulators.replicate import signing
from emulators.replicate.deliveries import Deliveries
from emulators.replicate.files import Files
from emulators.replicate.logs import log
from emulators.replicate.models import Models
from emulators.replicate.painter import Painter
from emulators.replicate.runner import Runner, elapsed
from emulators.replicate.runs import PREDICTION, TRAINING, Run, Runs
from emulators.replicate.sources import Sources
from trainer.disk import remove_unknown

# The last try comes about a minute after the end.
RETRIES = (2.0, 4.0, 8.0, 16.0, 30.0)
WEBHOOK_TIMEOUT = 5.0


class State:
    """Everything that the routes need. Open it on the event loop."""

    def __init__(self, options: Options, plan: Plan) -> None:
        folder = options.folder
        self.options = options
        self.plan = plan
        self.clock = Clock(folder)
        self.agenda = Agenda(self.clock)
        self.database = records.database(folder)
        kinds = ("account", "files", "models", "versions", "trainings", "predictions", "webhooks")
        self._records = {kind: Records(self.database, kind) for kind in kinds}
        kept = self._records
        self.files = Files(kept["files"], folder / "files", self.agenda, self.clock)
        self.trainings = Runs(kept["trainings"], self._log)
        self.predictions = Runs(kept["predictions"], self._log)
        self.deliveries = Deliveries(folder / "deliveries")
        self._reading = folder / "reading"
        self.models = Models(
            kept["models"], kept["versions"], self.agenda, self.clock, plan, self._version_deleted
        )
        self.runner = self._runner()

    def _runner(self) -> Runner:
        sources = Sources(self.files, self._reading)
        service = Service(self._sign, RETRIES, WEBHOOK_TIMEOUT, _lie)
        kept = self._records["webhooks"]
        self.webhooks = Webhooks(service, kept, self.agenda, self.clock, self.plan)
        return Runner(
            {TRAINING: self.trainings, PREDICTION: self.predictions},
            self.models,
            sources,
            Painter(self.models, self.trainings, self.deliveries, sources),
            self.deliveries,
            self.webhooks,
            self.agenda,
            self.clock,
            self.plan,
            self.options.queue_seconds,
        )

    async def open(self) -> None:
        """Read what an earlier process has left and go on with it."""
        self.clock.load()
        self.database.open()
        for kept in self._records.values():
            kept.load()
        self.trainings.load()
        self.predictions.load()
        self.deliveries.open()
        remove_unknown(self._reading, ())
        if self._records["account"].get("secret") is None:
            await self._records["account"].save("secret", {"key": signing.new_secret()})
        self.files.resume()
        self.models.resume()
        self.runner.resume()
        self.webhooks.resume()

    @property
    def webhook_secret(self) -> str:
        """What webhooks are signed with."""
        secret = self._records["account"].get("secret")
        assert secret is not None  # noqa: S101 - made when the state is opened
        return str(secret["key"])

    def _sign(
        self, delivery_id: str, body: bytes, timestamp: int, is_forged: bool
    ) -> dict[str, str]:
        secret = signing.new_secret() if is_forged else self.webhook_secret
        return signing.headers(secret, delivery_id, timestamp, body)

    def _log(self, run: Run) -> str:
        return log(run, elapsed(run, self.clock, self.plan))

    async def _version_deleted(self, version: dict[str, Any]) -> None:
        """Delete with a version what was made with it, as the real ones do."""
        self.deliveries.remove_colours(version["training"])
        if training := self.trainings.find(version["training"]):
            self.deliveries.remove(training.delivery)
        for run in self.predictions:
            if run.version == version["id"]:
                await self.predictions.remove(run)
                self.deliveries.remove(run.delivery)


def state(request: Request) -> State:
    """Return the parts of the emulator that answers this request."""
    return cast(State, request.app.state.parts)


def base_url(request: Request) -> str:
    """Return the start of absolute addresses, without a slash at the end."""
    return str(request.base_url).rstrip("/")


def _lie(document: dict[str, Any]) -> None:
    document["status"] = "succeeded"
