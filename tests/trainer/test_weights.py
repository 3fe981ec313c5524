"""The safetensors files are real files that say what they are."""

from __future__ import annotations

import json

import pytest
from safetensors import deserialize

from trainer.engines.simulated.adapter import write_adapter
from trainer.runs.bodies import TrainingRequest
from trainer.runs.records import Run
from trainer.safetensors import Tensor, serialize

FLUX1, FLUX2 = "black-forest-labs/FLUX.1-dev", "black-forest-labs/FLUX.2-dev"


def a_run(
    model: str = FLUX1, run_id: str = "ft-" + "0" * 24, correlation: str = "", **request: object
) -> Run:
    settings = {
        "model": model,
        "training_file": "file-1",
        "n_epochs": 10,
        "learning_rate": 1e-4,
        "image_params": {"trigger_word": "ann_k7"},
        **request,
    }
    return Run(
        id=run_id,
        request=TrainingRequest.model_validate(settings),
        correlation=correlation,
        photos=4,
        dataset_bytes=1,
        created_at=0.0,
        updated_at=0.0,
        seconds=30.0,
    )


def test_the_official_library_reads_what_we_write():
    data = serialize({"a": Tensor((2, 3), bytes(range(12)))}, {"key": "value"})

    ((name, tensor),) = deserialize(data)

    assert (name, tensor["shape"], tensor["dtype"]) == ("a", [2, 3], "F16")
    assert bytes(tensor["data"]) == bytes(range(12))


def test_bytes_that_do_not_fill_the_shape_are_refused():
    with pytest.raises(ValueError, match="do not fill"):
        Tensor((2, 3), bytes(11))


@pytest.mark.parametrize(("model", "width"), [(FLUX1, 3072), (FLUX2, 6144)])
def test_the_file_looks_like_a_lora_of_its_family_and_says_it_is_none(tmp_path, model, width):
    path = tmp_path / "adapter.safetensors"

    write_adapter(a_run(model), path, 40)

    data = path.read_bytes()
    metadata = json.loads(data[8 : 8 + int.from_bytes(data[:8], "little")])["__metadata__"]
    shapes = {name: tensor["shape"] for name, tensor in deserialize(data)}
    assert metadata["simulated"] == "true"
    assert "not a trained LoRA" in metadata["note"]
    assert (metadata["base_model"], metadata["trigger_word"]) == (model, "ann_k7")
    assert shapes["transformer.transformer_blocks.0.attn.to_q.lora_A.weight"] == [2, width]
    assert shapes["transformer.transformer_blocks.0.attn.to_q.lora_B.weight"] == [width, 2]
    assert path.stat().st_size < 500_000


def test_loading_them_into_a_real_model_would_change_nothing(tmp_path):
    write_adapter(a_run(), tmp_path / "adapter.safetensors", 40)

    tensors = dict(deserialize((tmp_path / "adapter.safetensors").read_bytes()))

    ups = [tensor for name, tensor in tensors.items() if ".lora_B." in name]
    downs = [tensor for name, tensor in tensors.items() if ".lora_A." in name]
    assert ups and all(not any(tensor["data"]) for tensor in ups)
    assert all(any(tensor["data"]) for tensor in downs)


def test_the_same_run_gives_the_same_file_and_another_run_another(tmp_path):
    for name, run in (("a", a_run()), ("b", a_run()), ("c", a_run(run_id="ft-" + "1" * 24))):
        write_adapter(run, tmp_path / name, 40)

    a, b, c = ((tmp_path / name).read_bytes() for name in "abc")
    assert a == b != c
