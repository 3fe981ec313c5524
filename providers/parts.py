"""What a provider fills in: builders of calls and parsers of answers, pure where nothing else is
said. Each that it leaves out is refused by name before any HTTP."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import IO, Any

from providers.declared import Declared
from providers.errors import ProviderError
from providers.http.calls import Call, Reply, engine_of
from providers.types import (
    GenerationRequest,
    Photo,
    Run,
    RunList,
    RunLog,
    RunRef,
    Sample,
    TrainingRequest,
    Webhook,
    WorkKind,
)


class Parts(Declared):
    """The parts that only a provider itself knows; what is missing is not offered."""

    def send_dataset(self, photos: Sequence[Photo]) -> str:
        raise self.unsupported("datasets")

    def send_weights(self, file: IO[bytes]) -> str:
        raise self.unsupported("uploading weights")

    def training_call(self, request: TrainingRequest) -> Call:
        raise self.unsupported("training")

    def generation_call(self, request: GenerationRequest) -> Call:
        raise self.unsupported("generation")

    def run_call(self, ref: RunRef) -> Call:
        raise self.unsupported(f"asking about one {ref.kind}")

    def list_call(self, kind: WorkKind, page: str) -> Call:
        raise self.unsupported(f"listing of kind {kind}")

    def cancel_call(self, ref: RunRef) -> Call:
        raise self.unsupported("cancelling")

    def delete_run_call(self, ref: RunRef) -> Call:
        raise self.unsupported(f"deleting one {ref.kind}")

    def delete_dataset_call(self, dataset: str) -> Call:
        raise self.unsupported("deleting datasets")

    def parse_training(self, data: Mapping[str, Any]) -> Run:
        raise self.unsupported("training")

    def parse_generation(self, data: Mapping[str, Any]) -> Run:
        raise self.unsupported("generation")

    def parse_list(self, data: Mapping[str, Any], kind: WorkKind) -> RunList:
        raise self.unsupported(f"listing of kind {kind}")

    def fetch_log(self, ref: RunRef) -> RunLog:
        raise self.unsupported("logs")

    def fetch_samples(self, ref: RunRef) -> tuple[Sample, ...]:
        raise self.unsupported("samples")

    def weights_url(self, run: Run) -> str:
        raise self.unsupported("weights")

    def fetch_webhook_keys(self) -> tuple[str, ...]:
        raise self.unsupported("webhooks")

    def verified_webhook(
        self, headers: Mapping[str, str], body: bytes, keys: Sequence[str], now: datetime
    ) -> Webhook:
        raise self.unsupported("webhooks")

    def error_kind(self, reply: Reply, kind: type[ProviderError]) -> type[ProviderError]:
        """Return which error a refusal means; `kind` is what its status alone says."""
        return kind

    def observed(self, run: Run, reply: Reply) -> Run:
        """Add to a run what only the headers of its answer say: that it is simulated."""
        engine = engine_of(reply)
        return replace(run, engine=engine) if engine and not run.engine else run

    def is_refusal(self, reply: Reply) -> bool:
        """Whether a 5xx to a paid call proves, as documented, that nothing was accepted."""
        return False
