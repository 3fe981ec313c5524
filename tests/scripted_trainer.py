"""A trainer whose every answer a test decides, at the HTTP level of the real client."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import responses
from django.conf import settings
from django.utils import timezone

from jobs import clock
from models_app.models import UserModel
from tests.factories import TrainingImageFactory, UserModelFactory

BASE = "http://127.0.0.1:9/v1"


class ScriptedTrainer:
    """Registers replies; `starts` counts the paid calls that really left."""

    def __init__(self, mock: responses.RequestsMock) -> None:
        self.mock = mock
        mock.post(f"{BASE}/files/upload", json={"id": "file-1", "Processed": True})

    def accepts(self, run_id: str = "ft-1") -> None:
        self.mock.post(f"{BASE}/fine-tunes", json={"id": run_id, "status": "pending"})

    def answers(self, status: int, **reply: Any) -> None:
        self.mock.post(f"{BASE}/fine-tunes", status=status, **reply)

    def breaks(self, error: Exception) -> None:
        self.mock.post(f"{BASE}/fine-tunes", body=error)

    def lists(self, *runs: dict[str, Any]) -> None:
        self.mock.upsert(responses.GET, f"{BASE}/fine-tunes", json={"data": list(runs)})
        for run in runs:
            self.logs(run["id"])

    def lists_no_images(self) -> None:
        self.mock.upsert(responses.GET, f"{BASE}/images/generations", json={"data": []})

    def fails_to_list(self, status: int = 500, **reply: Any) -> None:
        self.mock.upsert(responses.GET, f"{BASE}/fine-tunes", status=status, **reply)

    def logs(self, run_id: str, events: Any = (), metrics: Any = ()) -> None:
        url = f"{BASE}/fine-tunes/{run_id}"
        self.mock.upsert(responses.GET, f"{url}/events", json={"data": list(events)})
        self.mock.upsert(responses.GET, f"{url}/metrics", json={"metrics": list(metrics)})

    def cancels(self, run_id: str) -> None:
        self.mock.post(f"{BASE}/fine-tunes/{run_id}/cancel", json={"id": run_id})

    def count(self, method: str, path: str) -> int:
        return sum(
            call.request.method == method and call.request.url.split("?")[0] == f"{BASE}{path}"
            for call in self.mock.calls
        )

    @property
    def starts(self) -> int:
        return self.count("POST", "/fine-tunes")


@pytest.fixture
def scripted() -> Iterator[ScriptedTrainer]:
    before = settings.PROVIDERS
    settings.PROVIDERS = {"local": {"base_url": BASE.removesuffix("/v1"), "api_key": "secret-key"}}
    with responses.RequestsMock(assert_all_requests_are_fired=False) as mock:
        yield ScriptedTrainer(mock)
    settings.PROVIDERS = before


@pytest.fixture
def draft(db) -> UserModel:
    """A draft with everything a training needs."""
    model = UserModelFactory()
    TrainingImageFactory.create_batch(4, model=model)
    return model


@pytest.fixture
def machine_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    """For tests that travel in time: the engine reads this machine's clock on any database."""
    monkeypatch.setattr(clock, "now", timezone.now)
