"""Stored weights under kohya's names: other names, alphas in front, the same numbers."""

from __future__ import annotations

import json

import pytest
from django.core.files.base import ContentFile
from safetensors.numpy import load

from models_app.models import UserModel
from tests.dashboard.rows import unet_weights
from trainer.safetensors import Tensor, serialize
from training.kohya import KohyaFile, OtherNamesError

LAYER = "down_blocks_1_attentions_0_transformer_blocks_0"


def kohya_file(data: bytes) -> KohyaFile:
    model = UserModel()
    model.weights.save("w.safetensors", ContentFile(data), save=False)
    return KohyaFile(model.weights)


def read(file: KohyaFile) -> bytes:
    with file.open() as source:
        return source.read()


def test_names_and_alphas_are_kohyas_and_the_numbers_stay():
    stored = unet_weights(rank=4)
    file = kohya_file(stored)
    before, after = load(stored), load(read(file))
    expected = {}
    for layer, name in (("attn1_to_q", "attn1.to_q"), ("attn2_to_out_0", "attn2.to_out.0")):
        was = f"unet.down_blocks.1.attentions.0.transformer_blocks.0.{name}"
        expected[f"lora_unet_{LAYER}_{layer}.lora_down.weight"] = before[f"{was}.lora_A.weight"]
        expected[f"lora_unet_{LAYER}_{layer}.lora_up.weight"] = before[f"{was}.lora_B.weight"]
    alphas = {name for name in after if name.endswith(".alpha")}
    assert after.keys() - alphas == expected.keys()
    assert all(after[name].tobytes() == one.tobytes() for name, one in expected.items())
    assert {int(after[name]) for name in alphas} == {4}
    assert len(alphas) == 2


def test_its_size_is_what_is_read():
    file = kohya_file(unet_weights())
    assert file.size == len(read(file))
    assert file.name.endswith(".kohya.safetensors")


def test_every_part_of_it_is_part_of_the_whole():
    file = kohya_file(unet_weights())
    whole = read(file)
    with file.open() as source:
        for start in range(0, len(whole), 37):
            source.seek(start)
            assert source.read(50) == whole[start : start + 50]
        assert source.seek(0, 2) == len(whole)
        assert source.read() == b""


def test_the_numbers_begin_where_their_width_wants_it():
    whole = read(kohya_file(unet_weights()))
    assert int.from_bytes(whole[:8], "little") % 8 == 0


def test_the_metadata_stays_but_for_the_digest_of_other_bytes():
    said = {"format": "pt", "modelspec.hash_sha256": "0x12", "trigger_word": "zorbik"}
    whole = read(kohya_file(unet_weights(**said)))
    header = json.loads(whole[8 : 8 + int.from_bytes(whole[:8], "little")])
    assert header["__metadata__"] == {"format": "pt", "trigger_word": "zorbik"}


@pytest.mark.parametrize(
    "name",
    [
        "transformer.blocks.0.attn.to_q.lora_A.weight",
        "unet.mid_block.attn.to_q.alpha",
        "lora_unet_mid_block_attn_to_q.lora_down.weight",
        "text_encoder.layers.0.q_proj.lora_A.weight",
    ],
)
def test_weights_with_other_names_are_not_translated(name):
    data = serialize({name: Tensor((1, 2), b"1234")}, {})
    with pytest.raises(OtherNamesError):
        _ = kohya_file(data).size


@pytest.mark.parametrize("shape", [(), (0, 4)])
def test_a_layer_without_a_rank_is_not_translated(shape):
    data = serialize({"unet.a.lora_A.weight": Tensor(shape, b"12" if shape == () else b"")}, {})
    with pytest.raises(OtherNamesError):
        _ = kohya_file(data).size
