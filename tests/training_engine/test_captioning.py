"""The program that describes photos, with a tiny random model."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest
from PIL import Image

from models_app import caption_program
from models_app.caption_program import CaptionProgramError
from theway.processes.installation import ROOT

pytestmark = pytest.mark.training
PYTHON = ROOT / os.environ.get("TRAINING_PYTHON", ".venv-diffusers/bin/python")
# A model of a few kilobytes whose words are made up: what it says means nothing.
MAKER = """
import sys
from transformers import (
    BertTokenizer, BlipConfig, BlipForConditionalGeneration, BlipProcessor
)
from transformers.models.blip.image_processing_pil_blip import BlipImageProcessorPil
folder = sys.argv[1]
words = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "[DEC]", "a", "photo", "of", "mug"]
open(folder + "/vocab.txt", "w").write("\\n".join(words))
tokenizer = BertTokenizer(vocab=folder + "/vocab.txt")
side = dict(hidden_size=16, intermediate_size=32, num_hidden_layers=1, num_attention_heads=2)
config = BlipConfig(
    text_config=dict(side, vocab_size=len(words), bos_token_id=5, eos_token_id=3, sep_token_id=3,
                     pad_token_id=0, encoder_hidden_size=16, max_position_embeddings=64),
    vision_config=dict(side, image_size=32, patch_size=16),
    projection_dim=16,
)
BlipForConditionalGeneration(config).save_pretrained(folder)
BlipProcessor(BlipImageProcessorPil(size={"height": 32, "width": 32}), tokenizer).save_pretrained(
    folder)
"""


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("captioner")
    subprocess.run([PYTHON, "-c", MAKER, folder], check=True, cwd=ROOT, capture_output=True)
    return folder


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    path = tmp_path / "photo.jpg"
    Image.new("RGB", (300, 200), "teal").save(path)
    return path


def test_a_photo_is_described_in_words_of_the_model(model, photo, settings, monkeypatch):
    monkeypatch.chdir(ROOT)
    settings.CAPTION_COMMAND = f"{PYTHON} -m trainer.captioning {model}"
    caption = caption_program.describe(photo)
    assert caption
    assert set(caption.split()) <= {"a", "photo", "of", "mug", "[UNK]", "[DEC]", "[MASK]"}
    assert caption == caption_program.describe(photo)


def test_without_a_model_there_is_no_caption(tmp_path, photo, settings, monkeypatch):
    monkeypatch.chdir(ROOT)
    settings.CAPTION_COMMAND = f"{PYTHON} -m trainer.captioning {tmp_path}"
    with pytest.raises(CaptionProgramError, match="ended with 1"):
        caption_program.describe(photo)
