"""One request: what was asked, how far it is, how it ended."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any

from emulators.fal.errors import not_found
from emulators.hosted.records import Records

Json = dict[str, Any]

IN_QUEUE, IN_PROGRESS, COMPLETED = "IN_QUEUE", "IN_PROGRESS", "COMPLETED"


@dataclass(slots=True)
class FalRequest:
    """Times are seconds since 1970, 0 for not yet; `output` is the body of the result."""

    id: str
    account: str
    endpoint: str
    input: Json  # as it was sent
    values: Json  # with every default, and in the names of the catalog
    unit_usd: float  # the price of a billing unit at the time
    created_at: float
    seconds: float  # of work, as planned
    origin: str  # of this service, as the client called it
    webhook: str = ""
    is_direct: bool = False
    stores_io: bool = True
    lifecycle: str = ""  # of the outputs, as the header said
    start_within: float = 0.0  # seconds; 0: no deadline
    started_at: float = 0.0
    ended_at: float = 0.0
    is_prepared: bool = False  # its inputs have been fetched and read
    status_code: int = 0
    output: Json = field(default_factory=dict)
    error: str = ""
    error_type: str = ""
    units: float = 0.0
    usd: float = 0.0
    is_told: bool = False  # its webhook is on its way
    is_purged: bool = False
    is_forgotten: bool = False

    @property
    def state(self) -> str:
        """fal's word for how far it is."""
        if self.ended_at:
            return COMPLETED
        return IN_PROGRESS if self.started_at else IN_QUEUE

    @property
    def subject(self) -> str:
        """Its name in rules: its endpoint and its id."""
        return f"{self.endpoint}:{self.id}"

    @property
    def app(self) -> str:
        """The first two segments of its endpoint: its addresses keep no more."""
        return "/".join(self.endpoint.split("/")[:2])

    @property
    def url(self) -> str:
        """Where its result is."""
        return f"{self.origin}/{self.app}/requests/{self.id}"


class Requests:
    """All requests, oldest first, in memory and in the database."""

    def __init__(self, records: Records) -> None:
        self._records = records
        self._requests: dict[str, FalRequest] = {}

    def load(self) -> None:
        """Read what an earlier process has saved."""
        self._records.load()
        for document in self._records:
            self._requests[document["id"]] = FalRequest(**document)

    def all(self) -> list[FalRequest]:
        """Return every request."""
        return list(self._requests.values())

    def of(self, account: str) -> list[FalRequest]:
        """Return an account's requests."""
        return [request for request in self._requests.values() if request.account == account]

    def find(self, request_id: str) -> FalRequest | None:
        """Return one request, whoever's it is."""
        return self._requests.get(request_id)

    def get(self, account: str, request_id: str) -> FalRequest:
        """Return one request of an account; raise a 404 for every other."""
        request = self.find(request_id)
        if request is None or request.account != account or request.is_forgotten:
            raise not_found(f"Request {request_id[:80]}")
        return request

    async def save(self, request: FalRequest) -> None:
        """Keep a request as it is now: on the disk when this returns."""
        self._requests[request.id] = request
        await self._records.save(request.id, asdict(request))
