"""Together as documented, and the answers it does not document."""

from __future__ import annotations

import json
import os
from datetime import UTC, datetime

import pytest
import responses

from providers import errors
from providers.catalog import FLUX1_DEV, FLUX1_PRO, FLUX2_DEV
from providers.together.provider import Together
from providers.types import EVER, Lora, RunRef, RunStatus, WorkKind
from tests.providers.contract import ProviderContract
from tests.providers.samples import (
    CORRELATION,
    KEY,
    generation_request,
    photo,
    photos,
    training_request,
)

API = "https://api.together.ai/v1"


@pytest.fixture
def together() -> Together:
    return Together(api_key=KEY, base_url=API)


class TestTogetherContract(ProviderContract):
    provider_class = Together
    base_url = API

    def reply(self, name: str) -> dict:
        return self.recorded(f"{name}.json")[name]

    # --- what it says ----------------------------------------------------------------------

    def test_running_training_tells_step_stage_and_time_left(self, together):
        run = together.parse_training(self.reply("training_running"))
        assert (run.step, run.total_steps, run.progress) == (30, 100, 0.3)
        assert (run.stage, run.seconds_left) == ("Training", 420.0)
        assert run.correlation == CORRELATION
        assert run.created_at == datetime(2026, 11, 1, 10, tzinfo=UTC)

    def test_event_types_are_read_in_either_case(self, together):
        run = together.parse_training(self.reply("training_running_compressing"))
        assert run.stage == "Compressing the weights"

    def test_list_that_has_more_proves_nothing_absent(self, together):
        data = self.reply("list_training")
        listed = together.parse_list({**data, "has_more": True}, WorkKind.TRAINING)
        assert listed.runs
        assert listed.complete_since is None
        assert together.parse_list({**data, "has_more": False}, WorkKind.TRAINING).covers(EVER)

    def test_time_left_is_unknown_where_no_estimate_is_available(self, together):
        assert (
            together.parse_training(self.reply("training_running_uploading")).seconds_left is None
        )

    def test_queued_training_tells_its_place(self, together):
        assert together.parse_training(self.reply("training_queued")).queue_position == 3

    def test_error_is_the_last_event_of_level_error(self, together):
        run = together.parse_training(self.reply("training_failed_error"))
        assert run.error == "Invalid dataset"

    def test_failed_training_without_events_has_no_invented_error(self, together):
        assert together.parse_training(self.reply("training_failed_user_error")).error == ""

    def test_base64_pictures_come_with_the_answer(self, together):
        run = together.parse_generation(self.reply("generation_succeeded_base64"))
        assert run.outputs[0].data == b"\xff\xd8\xff\xe0\x00\x10"
        assert not run.outputs[0].url

    def test_pictures_keep_the_order_of_their_index(self, together):
        urls = [{"index": index, "type": "url", "url": f"https://x/{index}"} for index in (1, 0)]
        run = together.parse_generation({"id": "img-1", "data": urls})
        assert [output.url for output in run.outputs] == ["https://x/0", "https://x/1"]

    @pytest.mark.parametrize("created_at", [None, "yesterday", [], True, 10**40])
    def test_odd_times_are_no_times(self, together, created_at):
        data = {**self.reply("training_running"), "created_at": created_at}
        assert together.parse_training(data).created_at is None

    @responses.activate
    def test_log_is_events_and_metrics_oldest_first(self, together):
        events = self.reply("events")
        events["data"].reverse()
        responses.get(f"{API}/fine-tunes/ft-0aa1/events", json=events)
        responses.get(f"{API}/fine-tunes/ft-0aa1/metrics", json=self.reply("metrics"))
        log = together.run_log(RunRef("ft-0aa1"))
        assert [line.text for line in log.lines] == [
            "Training started",
            "Epoch 3 complete",
            "Slow disk",
        ]
        assert log.lines[-1].level == "warning"
        assert log.losses == ((7, 0.5), (14, 0.4))

    # --- what it is asked ------------------------------------------------------------------

    def test_training_call_is_the_documented_one(self, together):
        call = together.training_call(training_request(extra={"warmup_ratio": 0.1}))
        assert (call.method, call.path) == ("POST", "/fine-tunes")
        assert call.payload == {
            "model": "black-forest-labs/FLUX.2-dev",
            "training_file": "file-3f0c",
            "suffix": CORRELATION,
            "n_epochs": 100,
            "n_checkpoints": 1,
            "batch_size": 1,
            "learning_rate": 0.0002,
            "training_type": {"type": "Lora", "lora_r": 16, "lora_alpha": 16},
            "warmup_ratio": 0.1,
        }

    def test_extra_options_never_replace_our_token(self, together):
        call = together.training_call(training_request(extra={"suffix": "mine"}))
        assert call.payload["suffix"] == CORRELATION

    @pytest.mark.parametrize(
        "changes",
        [{"base_model": FLUX1_PRO}, {"base_model": "x/unheard-of"}, {"correlation": "t" * 41}],
    )
    def test_training_it_cannot_express_is_refused_without_http(self, together, changes):
        with responses.RequestsMock(), pytest.raises(errors.UnsupportedFeatureError):
            together.start_training(training_request(**changes))

    def test_generation_call_is_the_documented_one(self, together):
        call = together.generation_call(generation_request())
        assert (call.method, call.path) == ("POST", "/images/generations")
        assert call.payload == {
            "model": "black-forest-labs/FLUX.2-dev",
            "prompt": "photo of ann_k7 person in a cafe",
            "width": 1024,
            "height": 768,
            "steps": 28,
            "n": 1,
            "seed": 7,
            "response_format": "url",
            "output_format": "jpeg",
            "image_loras": [
                {"path": "https://media.example.com/loras/a1.safetensors", "scale": 0.9}
            ],
        }

    def test_no_seed_and_no_lora_are_left_out(self, together):
        payload = together.generation_call(generation_request(seed=None, lora=None)).payload
        assert not {"seed", "image_loras"} & payload.keys()

    def test_seed_zero_is_a_seed(self, together):
        assert together.generation_call(generation_request(seed=0)).payload["seed"] == 0

    def test_drawing_with_a_family_it_does_not_offer_is_refused_without_http(self, together):
        request = generation_request(base_model=FLUX1_DEV, lora=Lora("https://x/y.safetensors", 1))
        with responses.RequestsMock(), pytest.raises(errors.UnsupportedFeatureError):
            together.generate(request)

    def test_pictures_cannot_be_looked_up_so_a_lost_answer_stays_unknown(self, together):
        with pytest.raises(errors.UnsupportedFeatureError):
            together.find_run(CORRELATION, WorkKind.GENERATION)

    # --- refusals --------------------------------------------------------------------------

    @responses.activate
    def test_documented_overload_of_a_paid_call_was_surely_not_accepted(self, together):
        body = {"error": {"message": "The engine is currently overloaded", "type": "overloaded"}}
        responses.post(f"{API}/fine-tunes", json=body, status=503)
        with pytest.raises(errors.ProviderUnavailableError) as raised:
            together.start_training(training_request())
        assert raised.value.detail == "The engine is currently overloaded"

    @responses.activate
    @pytest.mark.parametrize(
        "body", ["overloaded", '{"message":"overloaded"}', '{"error":{"message":"no backend"}}']
    )
    def test_other_503_of_a_paid_call_leaves_the_outcome_unknown(self, together, body):
        responses.post(f"{API}/fine-tunes", body=body, status=503)
        with pytest.raises(errors.OutcomeUnknownError):
            together.start_training(training_request())

    @responses.activate
    @pytest.mark.parametrize(
        "body", [{"error": {"message": "Bad photo", "type": "t"}}, {"message": "Bad photo"}]
    )
    def test_refusal_keeps_the_providers_own_words(self, together, body):
        responses.post(f"{API}/fine-tunes", json=body, status=400)
        with pytest.raises(errors.RequestRejectedError) as raised:
            together.start_training(training_request())
        assert raised.value.detail == "Bad photo"

    # --- what it can do now ----------------------------------------------------------------

    @responses.activate
    def test_no_image_model_among_the_supported_means_no_training(self, together):
        responses.get(f"{API}/fine-tunes/models/supported", json=self.reply("supported"))
        described = together.describe()
        assert described.key_is_valid
        assert described.can_train == ()
        assert described.can_generate == (FLUX2_DEV,)
        assert described.notes

    @responses.activate
    def test_training_opens_by_itself_once_it_names_the_model(self, together):
        names = {"models": ["Qwen/Qwen3-8B", "black-forest-labs/FLUX.2-dev"]}
        responses.get(f"{API}/fine-tunes/models/supported", json=names)
        assert together.describe().can_train == (FLUX2_DEV,)

    @responses.activate
    def test_refused_key_is_described_not_raised(self, together):
        responses.get(f"{API}/fine-tunes/models/supported", status=401)
        described = together.describe()
        assert not described.key_is_valid
        assert described.can_generate == ()

    # --- datasets --------------------------------------------------------------------------

    @responses.activate
    def test_dataset_travels_as_one_documented_multipart_form(self, together):
        seen = {}

        def receive(request):
            seen["body"] = request.body
            seen["length"] = int(request.headers["Content-Length"])
            seen["type"] = request.headers["Content-Type"]
            return 200, {}, json.dumps(self.reply("file"))

        responses.add_callback(responses.POST, f"{API}/files/upload", callback=receive)
        assert together.upload_dataset(photos(2)) == "file-3f0c"
        assert len(seen["body"]) == seen["length"]
        assert seen["type"].startswith("multipart/form-data; boundary=")
        for field in (b'name="purpose"', b"fine-tune", b'name="file_name"', b"photos.jsonl"):
            assert field in seen["body"]
        assert seen["body"].count(b'{"messages"') == 2

    @responses.activate
    def test_content_that_is_already_there_is_used_again(self, together):
        responses.post(f"{API}/files/upload", json={"file_id": "file-old"}, status=409)
        assert together.upload_dataset(photos(1)) == "file-old"

    @responses.activate
    def test_file_still_being_checked_can_be_trained_on(self, together):
        pending = {**self.reply("file"), "Processed": False, "processing_status": "RUNNING"}
        responses.post(f"{API}/files/upload", json=pending)
        assert together.upload_dataset(photos(1)) == "file-3f0c"

    @responses.activate
    def test_file_of_a_wrong_format_is_a_refusal_with_its_report(self, together):
        bad = {"id": "f", "processing_status": "INVALID_FORMAT", "validation_report": "line 2"}
        responses.post(f"{API}/files/upload", json=bad)
        with pytest.raises(errors.RequestRejectedError, match="line 2"):
            together.upload_dataset([photo(b"not a photo")])

    @responses.activate
    def test_upload_without_an_id_is_unexpected(self, together):
        responses.post(f"{API}/files/upload", json={"processing_status": "COMPLETED"})
        with pytest.raises(errors.UnexpectedReplyError):
            together.upload_dataset(photos(1))

    @responses.activate
    def test_weights_are_downloaded_as_the_adapter(self, together):
        run = together.parse_training(self.reply("training_succeeded"))
        assert run.status is RunStatus.SUCCEEDED
        responses.get(f"{API}/finetune/download", body=b"weights")
        with together.download_weights(run) as download:
            assert b"".join(download.chunks) == b"weights"
        assert responses.calls[0].request.params == {"ft_id": "ft-0aa1", "checkpoint": "adapter"}


@pytest.mark.live
@pytest.mark.skipif(not os.environ.get("TOGETHER_API_KEY"), reason="needs TOGETHER_API_KEY")
def test_real_service_accepts_our_key_and_says_what_it_trains():
    together = Together(api_key=os.environ["TOGETHER_API_KEY"], base_url=API)
    assert together.describe().key_is_valid
