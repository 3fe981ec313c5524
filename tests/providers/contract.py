"""What every provider must keep. A provider's test class inherits `ProviderContract`, names
its class, its address and a folder of recorded replies, and gets all of this.

Recorded replies: `training_<our status>[_…].json` and `generation_<our status>[_…].json` are
single runs, `list_training.json` and `list_generation.json` are lists.
"""

from __future__ import annotations

import json
import logging
import re
import socket
import traceback
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, ClassVar

import pytest
import requests
import responses

from providers import errors
from providers.base import Provider
from providers.catalog import FLUX2_DEV
from providers.http.send_once import steady_seconds
from providers.types import (
    Capability,
    GenerationRequest,
    Output,
    Run,
    RunRef,
    RunStatus,
    TrainingRequest,
    WorkKind,
)
from tests.providers.raw_server import (
    RawServer,
    answer,
    closed_port_url,
    drop,
    json_answer,
    reset,
    silent,
)
from tests.providers.samples import (
    CORRELATION,
    KEY,
    generation_request,
    photos,
    training_request,
)

REPLIES = Path(__file__).parent / "replies"
RUN = RunRef("run-1", base_model=FLUX2_DEV)
ANYWHERE = re.compile(r"https?://.*")

# Which builders and parsers a declared capability needs; undeclared, all stay the base's.
METHODS = {
    Capability.TRAIN: {"send_dataset", "training_call", "parse_training", "weights_url"},
    Capability.GENERATE: {"generation_call", "parse_generation"},
    Capability.CANCEL: {"cancel_call"},
    Capability.LOG: {"fetch_log"},
    Capability.WEBHOOK: {"verified_webhook", "fetch_webhook_keys"},
    Capability.DELETE_TRAININGS: {"delete_run_call"},
    Capability.DELETE_DATASETS: {"delete_dataset_call"},
}
# Every operation with the capability it stands on.
NOW = datetime(2026, 11, 1, tzinfo=UTC)
OPERATIONS: dict[str, tuple[Capability, Callable[[Provider], object]]] = {
    "upload_dataset": (Capability.TRAIN, lambda p: p.upload_dataset(photos(1))),
    "start_training": (Capability.TRAIN, lambda p: p.start_training(training_request())),
    "get_run": (Capability.TRAIN, lambda p: p.get_run(RUN)),
    "download_weights": (
        Capability.TRAIN,
        lambda p: p.download_weights(Run("run-1", RunStatus.SUCCEEDED)),
    ),
    "generate": (Capability.GENERATE, lambda p: p.generate(generation_request())),
    "cancel_run": (Capability.CANCEL, lambda p: p.cancel_run(RUN)),
    "list_runs": (Capability.FIND_TRAININGS, lambda p: p.list_runs(WorkKind.TRAINING)),
    "find_run": (Capability.FIND_TRAININGS, lambda p: p.find_run("tw-1", WorkKind.TRAINING)),
    "list_pictures": (Capability.FIND_GENERATIONS, lambda p: p.list_runs(WorkKind.GENERATION)),
    "delete_run": (Capability.DELETE_TRAININGS, lambda p: p.delete_run(RUN)),
    "delete_pictures": (
        Capability.DELETE_GENERATIONS,
        lambda p: p.delete_run(RunRef("run-1", WorkKind.GENERATION, FLUX2_DEV)),
    ),
    "delete_dataset": (Capability.DELETE_DATASETS, lambda p: p.delete_dataset("file-1")),
    "run_log": (Capability.LOG, lambda p: p.run_log(RUN)),
    "webhook_keys": (Capability.WEBHOOK, lambda p: p.webhook_keys()),
    "parse_webhook": (Capability.WEBHOOK, lambda p: p.parse_webhook({}, b"{}", (), NOW)),
}
ASKED = {
    301: errors.UnexpectedReplyError,
    400: errors.RequestRejectedError,
    401: errors.AuthenticationFailedError,
    402: errors.OutOfCreditError,
    403: errors.AuthenticationFailedError,
    404: errors.RunNotFoundError,
    408: errors.ProviderUnavailableError,
    422: errors.RequestRejectedError,
    429: errors.RateLimitedError,
    500: errors.ProviderUnavailableError,
    502: errors.ProviderUnavailableError,
    503: errors.ProviderUnavailableError,
    504: errors.ProviderUnavailableError,
}
PAID = ASKED | {
    301: errors.OutcomeUnknownError,
    303: errors.OutcomeUnknownError,
    404: errors.RequestRejectedError,
    408: errors.OutcomeUnknownError,
    409: errors.OutcomeUnknownError,  # perhaps with the run that this very call started
    500: errors.OutcomeUnknownError,
    502: errors.OutcomeUnknownError,
    503: errors.OutcomeUnknownError,
    504: errors.OutcomeUnknownError,
    520: errors.OutcomeUnknownError,
}


class ProviderContract:
    provider_class: ClassVar[type[Provider]]
    base_url: ClassVar[str]
    # Words of the table that pass too quickly to be recorded, or only another service says.
    unrecorded: ClassVar[frozenset[str]] = frozenset()
    # Whether its lists are complete, and what the entries of a page are called.
    lists_prove_absence: ClassVar[bool] = True
    entries: ClassVar[str] = "data"

    # --- small tools -----------------------------------------------------------------------

    def provider(self, base_url: str = "", **class_changes: Any) -> Provider:
        cls = type(self.provider_class.__name__, (self.provider_class,), class_changes)
        return cls(api_key=KEY, base_url=base_url or self.base_url)

    def recorded(self, pattern: str) -> dict[str, dict[str, Any]]:
        folder = REPLIES / self.provider_class.key
        return {path.stem: json.loads(path.read_text()) for path in folder.glob(pattern)}

    def paid_operations(self) -> list[Callable[[Provider], Run]]:
        wanted = {
            Capability.TRAIN: lambda p: p.start_training(self.training_request()),
            Capability.GENERATE: lambda p: p.generate(self.generation_request()),
        }
        return [call for name, call in wanted.items() if name in self.provider_class.capabilities]

    def training_request(self) -> TrainingRequest:
        """A training that the provider would be paid for, prepared where it has to be."""
        return training_request()

    def generation_request(self) -> GenerationRequest:
        return generation_request()

    def accepting(self) -> bytes:
        """The body of an accepted paid call of the first kind the provider offers."""
        trains = Capability.TRAIN in self.provider_class.capabilities
        name = "training_queued*.json" if trains else "generation_*.json"
        return json.dumps(next(iter(self.recorded(name).values()))).encode()

    def ref(self, reply: bytes | dict[str, Any]) -> RunRef:
        """What names the run of a training's reply."""
        data = reply if isinstance(reply, dict) else json.loads(reply)
        return RunRef(self.provider().parse_training(data).id, base_model=FLUX2_DEV)

    def cancel_method(self, reply: dict[str, Any]) -> str:
        return self.provider().cancel_call(self.ref(reply)).method

    # --- what it declares ------------------------------------------------------------------

    def test_declared_capabilities_agree_with_its_methods(self):
        for capability, methods in METHODS.items():
            for method in methods:
                is_own = getattr(self.provider_class, method) is not getattr(Provider, method)
                assert is_own == (capability in self.provider_class.capabilities), method

    def test_undeclared_capability_is_refused_without_http(self):
        provider = self.provider(capabilities=frozenset())
        with responses.RequestsMock() as wire:
            for name, (_, operation) in OPERATIONS.items():
                with pytest.raises(errors.UnsupportedFeatureError):
                    operation(provider)
                    pytest.fail(f"{name} was not refused")
            assert not wire.calls

    def test_forged_webhook_is_refused(self):
        expected = (errors.InvalidWebhookError, errors.UnsupportedFeatureError)
        with pytest.raises(expected):
            self.provider().parse_webhook(
                {"webhook-signature": "v1,Zm9yZ2Vk"}, b'{"id":"x"}', ("whsec_Zm9v",), NOW
            )

    # --- what it understands ---------------------------------------------------------------

    def test_every_recorded_run_parses_to_the_status_in_its_name(self):
        provider = self.provider()
        for kind in ("training", "generation"):
            for name, data in self.recorded(f"{kind}_*.json").items():
                run = getattr(provider, f"parse_{kind}")(data)
                assert run.status.value == name.split("_")[1], name
                assert run.id, name

    def test_every_status_word_of_the_table_is_recorded(self):
        recorded = {
            str(data.get("status")).lower() for data in self.recorded("training_*.json").values()
        }
        assert set(self.provider_class.statuses) - recorded == self.unrecorded

    def test_recorded_lists_parse_completely(self):
        provider = self.provider()
        for kind in WorkKind:
            for name, data in self.recorded(f"list_{kind}.json").items():
                listed = provider.parse_list(data, kind)
                assert (listed.complete_since is not None) == self.lists_prove_absence, name
                assert listed.runs, name

    def test_new_status_word_is_unknown_and_logged_not_failed(self, caplog):
        data = next(iter(self.recorded("training_running*.json").values()))
        run = self.provider().parse_training({**data, "status": "polishing"})
        assert run.status is RunStatus.UNKNOWN
        assert not run.status.is_over
        assert "polishing" in caplog.text

    def test_unreadable_list_entry_makes_the_list_incomplete(self):
        data = self.recorded("list_training.json")["list_training"]
        listed = self.provider().parse_list(
            {**data, self.entries: [*data[self.entries], {"status": "?"}]}, WorkKind.TRAINING
        )
        assert listed.complete_since is None
        assert len(listed.runs) == len(data[self.entries])

    # --- the key ---------------------------------------------------------------------------

    @responses.activate
    def test_key_travels_in_the_authorization_header_only(self):
        responses.get(ANYWHERE, body=self.accepting())
        self.provider().get_run(self.ref(self.accepting()))
        sent = responses.calls[0].request
        assert sent.headers["Authorization"] == f"{self.provider_class.auth_scheme} {KEY}"
        assert KEY not in sent.url
        assert sent.headers["User-Agent"].startswith("TheWay/")

    @responses.activate
    @pytest.mark.parametrize("status", [200, 400, 401, 500])
    def test_key_is_absent_from_repr_errors_and_logs(self, status, caplog):
        caplog.set_level(logging.DEBUG)
        body = f"<html>you sent Authorization: Bearer {KEY}</html>"
        responses.get(ANYWHERE, body=body, status=status)
        responses.post(ANYWHERE, body=body, status=status)
        provider = self.provider()
        texts = [repr(provider), repr(vars(provider)), repr(vars(provider.client))]
        calls = [lambda p: p.get_run(RUN), *self.paid_operations()]
        for call in calls:
            with pytest.raises(errors.ProviderError) as raised:
                call(provider)
            texts += [repr(raised.value), "".join(traceback.format_exception(raised.value))]
        assert KEY not in "\n".join([*texts, caplog.text])

    # --- HTTP answers ----------------------------------------------------------------------

    @responses.activate
    @pytest.mark.parametrize(("status", "kind"), ASKED.items())
    def test_status_of_a_free_call_means_the_right_error(self, status, kind):
        responses.get(ANYWHERE, json={"error": {"message": "no", "type": "t"}}, status=status)
        with pytest.raises(errors.ProviderError) as raised:
            self.provider().get_run(RUN)
        assert type(raised.value) is kind
        assert raised.value.status_code == status
        assert len(responses.calls) == 1

    @responses.activate
    @pytest.mark.parametrize(("status", "kind"), PAID.items())
    def test_status_of_a_paid_call_means_the_right_error(self, status, kind):
        headers = {"Location": "https://elsewhere.example.com/"} if status < 400 else {}
        responses.post(ANYWHERE, body="gateway", status=status, headers=headers)
        for count, operation in enumerate(self.paid_operations(), start=1):
            with pytest.raises(errors.ProviderError) as raised:
                operation(self.provider())
            assert type(raised.value) is kind
            assert len(responses.calls) == count

    @responses.activate
    @pytest.mark.parametrize("name", ["Retry-After", "x-ratelimit-reset"])
    def test_wait_that_the_provider_asks_for_is_passed_on(self, name):
        responses.get(ANYWHERE, status=429, headers={name: "7"})
        with pytest.raises(errors.RateLimitedError) as raised:
            self.provider().get_run(RUN)
        assert raised.value.retry_after == 7.0

    @responses.activate
    @pytest.mark.parametrize("body", ["", "<html>", "[1]", '{"id":', "null"])
    def test_unreadable_answer_to_a_free_call_is_unexpected(self, body):
        responses.get(ANYWHERE, body=body)
        with pytest.raises(errors.UnexpectedReplyError):
            self.provider().get_run(RUN)

    @responses.activate
    @pytest.mark.parametrize("body", ["", "<html>", "[1]", '{"id":', "{}", '{"id": ""}'])
    def test_unreadable_answer_to_a_paid_call_leaves_the_outcome_unknown(self, body):
        responses.post(ANYWHERE, body=body)
        for operation in self.paid_operations():
            with pytest.raises(errors.OutcomeUnknownError) as raised:
                operation(self.provider())
            assert not raised.value.retryable

    @responses.activate
    def test_paid_call_carries_our_token(self):
        responses.post(ANYWHERE, body=self.accepting())
        self.paid_operations()[0](self.provider())
        assert responses.calls[0].request.headers["X-Correlation-Id"] == CORRELATION

    # --- sent once -------------------------------------------------------------------------

    @pytest.mark.parametrize("behaviour", [drop, reset, silent])
    def test_lost_answer_to_a_paid_call_is_unknown_and_was_sent_once(self, behaviour):
        timeouts = dict.fromkeys(WorkKind, (2.0, 0.3))
        for operation in self.paid_operations():
            with RawServer(behaviour) as server:
                provider = self.provider(server.url, paid_timeouts=timeouts)
                with pytest.raises(errors.OutcomeUnknownError):
                    operation(provider)
            assert len(server.requests) == 1
            assert server.connection_count == 1

    def test_half_an_answer_to_a_paid_call_leaves_the_outcome_unknown(self):
        half = b"HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n" + self.accepting()[:20]
        for operation in self.paid_operations():
            with RawServer(answer(half)) as server, pytest.raises(errors.OutcomeUnknownError):
                operation(self.provider(server.url))
            assert len(server.requests) == 1

    def test_refused_connection_surely_sent_nothing(self):
        for operation in self.paid_operations():
            with pytest.raises(errors.ProviderUnavailableError):
                operation(self.provider(closed_port_url()))

    def test_unknown_host_surely_sent_nothing(self, monkeypatch):
        def fails(*args: object, **kwargs: object) -> None:
            raise socket.gaierror("Name or service not known")

        monkeypatch.setattr("socket.getaddrinfo", fails)
        for operation in self.paid_operations():
            with pytest.raises(errors.ProviderUnavailableError):
                operation(self.provider("http://trainer.invalid/v1"))

    @responses.activate
    def test_connect_timeout_surely_sent_nothing(self):
        responses.post(ANYWHERE, body=requests.ConnectTimeout("too slow"))
        for operation in self.paid_operations():
            with pytest.raises(errors.ProviderUnavailableError):
                operation(self.provider())

    def test_call_after_its_time_is_never_sent(self):
        with RawServer(json_answer(self.accepting())) as server:
            provider = self.provider(server.url)
            with pytest.raises(errors.ProviderUnavailableError, match="too late"):
                provider.start_training(self.training_request(), not_after=steady_seconds() - 1)
        assert server.requests == []

    def test_paid_call_never_reuses_a_connection_that_may_be_stale(self):
        with RawServer(json_answer(self.accepting()), keeps_alive=True) as server:
            provider = self.provider(server.url)
            for _ in range(2):
                provider.get_run(self.ref(self.accepting()))
            assert server.connection_count == 1
            provider.start_training(self.training_request())
            assert server.connection_count == 2
        assert len(server.requests) == 3

    def test_paid_call_follows_no_redirect(self):
        moved = json_answer(b"{}", "307 Temporary Redirect", "Location: /v1/again\r\n")
        with RawServer(moved) as server, pytest.raises(errors.OutcomeUnknownError):
            self.provider(server.url).start_training(self.training_request())
        assert len(server.requests) == 1

    # --- looking up and cancelling ----------------------------------------------------------

    @responses.activate
    def test_run_is_found_by_our_token(self):
        data = self.recorded("list_training.json")["list_training"]
        responses.get(ANYWHERE, json=data)
        token = self.provider().lookup_key(self.training_request()) or CORRELATION
        run = self.provider().find_run(token, WorkKind.TRAINING)
        assert run is not None
        assert run.correlation == token

    @responses.activate
    def test_absence_is_claimed_only_for_a_complete_list(self):
        responses.get(ANYWHERE, json={self.entries: []})
        responses.get(ANYWHERE, json={self.entries: [{"status": "?"}]})
        provider = self.provider()
        if not self.lists_prove_absence:
            with pytest.raises(errors.OutcomeUnknownError):
                provider.find_run("tw-absent", WorkKind.TRAINING)
            return
        assert provider.find_run("tw-absent", WorkKind.TRAINING) is None
        with pytest.raises(errors.OutcomeUnknownError):
            provider.find_run("tw-absent", WorkKind.TRAINING)

    @responses.activate
    def test_cancelling_twice_is_safe(self):
        over = next(iter(self.recorded("training_cancelled*.json").values()))
        method = self.cancel_method(over)
        responses.add(method, ANYWHERE, json=over)
        responses.add(method, ANYWHERE, json={"error": {"message": "not running"}}, status=400)
        responses.get(ANYWHERE, json=over)
        provider = self.provider()
        for _ in range(2):
            provider.cancel_run(self.ref(over))

    @responses.activate
    def test_refused_cancel_of_a_running_run_is_an_error(self):
        running = next(iter(self.recorded("training_running*.json").values()))
        method = self.cancel_method(running)
        responses.add(method, ANYWHERE, json={"error": {"message": "not now"}}, status=400)
        responses.get(ANYWHERE, json=running)
        with pytest.raises(errors.RequestRejectedError, match="not now"):
            self.provider().cancel_run(self.ref(running))

    # --- deleting --------------------------------------------------------------------------

    def deletions(self) -> list[Callable[[Provider], object]]:
        names = ("delete_run", "delete_pictures", "delete_dataset")
        operations = [OPERATIONS[name] for name in names]
        return [call for needed, call in operations if needed in self.provider_class.capabilities]

    def answer_for_runs(self) -> None:
        """Some are asked first what a run has left behind."""
        responses.get(ANYWHERE, json=next(iter(self.recorded("training_succeeded*").values())))

    @responses.activate
    def test_deleting_twice_is_safe(self):
        self.answer_for_runs()
        for delete in self.deletions():
            responses.delete(ANYWHERE, json={"message": "deleted"})
            responses.delete(ANYWHERE, json={"error": {"message": "not found"}}, status=404)
            delete(self.provider())
            delete(self.provider())

    @responses.activate
    def test_a_deletion_that_failed_is_no_deletion(self):
        for status in (401, 409, 429, 500):
            self.answer_for_runs()
            responses.delete(ANYWHERE, status=status)
            for delete in self.deletions():
                with pytest.raises(ASKED.get(status, errors.RequestRejectedError)):
                    delete(self.provider())
            responses.reset()

    @responses.activate
    def test_an_id_cannot_leave_its_place_in_the_path_of_a_deletion(self):
        self.answer_for_runs()
        responses.delete(ANYWHERE, json={})
        for capability, delete in (
            (Capability.DELETE_TRAININGS, lambda p: p.delete_run(replace(RUN, id="../x?y=1#z"))),
            (Capability.DELETE_DATASETS, lambda p: p.delete_dataset("../x?y=1#z")),
        ):
            if capability in self.provider_class.capabilities:
                delete(self.provider())
        assert all("/x" not in call.request.path_url for call in responses.calls)
        assert all("?" not in call.request.path_url for call in responses.calls)

    @responses.activate
    def test_an_answer_about_another_run_is_not_believed(self):
        responses.get(ANYWHERE, body=self.accepting())
        with pytest.raises(errors.OutcomeUnknownError, match="another run"):
            self.provider().get_run(RUN)

    @responses.activate
    def test_run_id_cannot_leave_its_place_in_the_path(self):
        responses.get(ANYWHERE, body=self.accepting())
        with pytest.raises(errors.OutcomeUnknownError):
            self.provider().get_run(replace(RUN, id="../files?x=1#y"))
        assert responses.calls[0].request.path_url.count("/") == (
            self.provider().run_call(RUN).path.count("/")
            + requests.utils.urlparse(self.provider().client.base_url).path.count("/")
        )

    def test_picture_that_came_with_the_answer_needs_no_http(self):
        with self.provider().download_output(Output(data=b"jpeg")) as download:
            assert (download.size, b"".join(download.chunks)) == (4, b"jpeg")
