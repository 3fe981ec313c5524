"""Getting a base model, by the library that does it, from a hub on this machine."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.training_engine.hub import Hub
from theway.processes.installation import ROOT

pytestmark = pytest.mark.training
NAME = "stable-diffusion-v1-5/stable-diffusion-v1-5"
EMPTY = (2).to_bytes(8, "little") + b"{}"
PARTS = ("unet", "vae", "text_encoder")
WEIGHTS = "unet/diffusion_pytorch_model.safetensors"


def whole() -> dict[str, bytes]:
    index = {"_class_name": "StableDiffusionPipeline"} | {name: ["x", "X"] for name in PARTS}
    return {
        "model_index.json": json.dumps(index).encode(),
        **{f"{name}/config.json": b"{}" for name in PARTS},
        **{f"{name}/diffusion_pytorch_model.safetensors": EMPTY for name in PARTS},
        "unet/diffusion_pytorch_model.fp16.safetensors": EMPTY,
        "v1-5-pruned.safetensors": EMPTY,
        "picture.png": b"png",
    }


@pytest.fixture
def hub() -> Iterator[Hub]:
    hub = Hub(whole())
    yield hub
    hub.close()


def get(hub: Hub, folder: Path, token: str = "") -> tuple[int, str]:
    python = ROOT / os.environ.get("TRAINING_PYTHON", ".venv-diffusers/bin/python")
    done = subprocess.run(
        [sys.executable, "-m", "trainer", "models", "get", NAME, "--yes"],
        cwd=ROOT,
        env={
            "PATH": os.environ["PATH"],
            "HOME": str(folder),
            "HF_HOME": str(folder / "hub"),
            "HF_ENDPOINT": hub.url,
            "HF_TOKEN": token,
            "TRAINER_MODELS": str(folder / "models"),
            "TRAINER_PYTHON": str(python),
            "TRAINER_DIR": str(folder / "trainer"),
            "TQDM_DISABLE": "1",
        },
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
    )
    return done.returncode, done.stdout + done.stderr


def files(folder: Path) -> set[str]:
    return {
        str(path.relative_to(folder))
        for path in folder.rglob("*")
        if path.is_file() and ".cache" not in path.parts
    }


def test_a_base_model_comes_without_what_is_not_needed(hub: Hub, tmp_path: Path):
    status, text = get(hub, tmp_path, "hf_secret")
    assert status == 0, text
    model = next((tmp_path / "models").iterdir())
    wanted = whole().keys() - {
        "v1-5-pruned.safetensors",
        "picture.png",
        "unet/diffusion_pytorch_model.fp16.safetensors",
    }
    assert files(model) == wanted
    # The hub was told the token, and nobody else.
    assert hub.tokens == {"Bearer hf_secret"}
    assert "hf_secret" not in text
    for path in tmp_path.rglob("*"):
        assert not path.is_file() or b"hf_secret" not in path.read_bytes()


def test_a_connection_that_breaks_goes_on_where_it_broke(hub: Hub, tmp_path: Path):
    hub.files[WEIGHTS], hub.cut = large(), WEIGHTS
    status, text = get(hub, tmp_path)
    assert status == 0, text
    # Pieces of a megabyte are written whole.
    assert [asked for name, asked in hub.asked if name == WEIGHTS] == ["", "bytes=1048576-"]


def test_a_download_that_was_killed_goes_on_with_the_next_call(hub: Hub, tmp_path: Path):
    hub.files[WEIGHTS] = large()
    model = tmp_path / "models" / "stable-diffusion-v1-5--stable-diffusion-v1-5"
    (model / "unet").mkdir(parents=True)
    (model / f"{WEIGHTS}.part").write_bytes(large()[:1_000_000])  # as a kill leaves it
    status, text = get(hub, tmp_path)
    assert status == 0, text
    assert [asked for name, asked in hub.asked if name == WEIGHTS] == ["bytes=1000000-"]
    assert (model / WEIGHTS).read_bytes() == large()


def test_what_is_not_what_the_hub_says_is_deleted(hub: Hub, tmp_path: Path):
    hub.digest = "0" * 64
    status, text = get(hub, tmp_path)
    assert status == 1
    assert "is not what the hub says it is" in text
    assert not [name for name in files(tmp_path / "models") if "safetensors" in name]


def test_a_name_that_leads_out_of_the_folder_is_not_written(hub: Hub, tmp_path: Path):
    hub.files["../../evil/x.json"] = b"{}"
    status, text = get(hub, tmp_path)
    assert status == 0, text
    assert not (tmp_path / "evil").exists() and not (tmp_path / "models" / "evil").exists()


def test_a_gate_is_explained(hub: Hub, tmp_path: Path):
    hub.is_gated = True
    status, text = get(hub, tmp_path, "hf_secret")
    assert status == 1
    assert f"Accept the licence at {hub.url}/{NAME} first" in text
    assert "Traceback" not in text


def test_a_hub_that_cannot_be_reached_is_said(hub: Hub, tmp_path: Path):
    hub.close()
    status, text = get(hub, tmp_path)
    assert status == 1
    assert "The download stopped" in text and "Traceback" not in text


def large() -> bytes:
    """Return a sound file of weights of three megabytes."""
    header = b'{"a":{"data_offsets":[0,3000000]}}'
    return len(header).to_bytes(8, "little") + header + bytes(3_000_000)
