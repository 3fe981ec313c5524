"""`python -m trainer models` and `doctor`, as the owner of the machine calls them."""

from __future__ import annotations

import json
import shutil
import stat
import subprocess
import sys
from collections import namedtuple
from pathlib import Path

import pytest

from environment.reading import Environment
from theway.processes.installation import ROOT
from trainer.commands import doctor, models
from trainer.config import Config
from trainer.engines.diffusers.known import KNOWN
from trainer.engines.diffusers.room import gigabytes

SD15 = "stable-diffusion-v1-5/stable-diffusion-v1-5"
GOOD = {
    "python": "3.11.7",
    "versions": {"torch": "2.13.0", "diffusers": "0.42.1"},
    "cuda": "12.8",
    "quantised": True,
}
CARD = "0, NVIDIA GeForce RTX 4090, 24564, 900, 8.9"


def executable(path: Path, script: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(script)
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return path


def whole_model(folder: Path, name: str = SD15) -> Path:
    """Make what looks like a base model that is here whole: files of weights with nothing in."""
    empty = (2).to_bytes(8, "little") + b"{}"
    for part in ("unet", "vae", "text_encoder"):
        (folder / part).mkdir(parents=True)
        (folder / part / "model.safetensors").write_bytes(empty)
    parts = {part: ["diffusers", "X"] for part in ("unet", "vae", "text_encoder")}
    index = {"_class_name": "StableDiffusionPipeline", **parts}
    (folder / "model_index.json").write_text(json.dumps(index))
    return folder


class Terminal:
    """Calls the command in an environment of its own, with a card and a Python made up."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.models = folder / "models"
        self.environment = {
            "PATH": f"{folder / 'bin'}:/usr/bin:/bin",
            "HOME": str(folder),
            "TRAINER_DIR": str(folder / "trainer"),
            "TRAINER_MODELS": str(self.models),
            "TRAINER_PYTHON": str(folder / "python"),
            "HF_HOME": str(folder / "hub"),
            "TRAINER_ENGINE": "auto",
        }

    def has_card(self, line: str = CARD) -> None:
        executable(self.folder / "bin" / "nvidia-smi", f"#!/bin/sh\necho '{line}'\n")

    def has_packages(self, answer: object = None) -> None:
        text = json.dumps(GOOD if answer is None else answer)
        executable(self.folder / "python", f"#!/bin/sh\necho '{text}'\n")

    def run(self, *arguments: str, **environment: str) -> tuple[int, str]:
        done = subprocess.run(
            [sys.executable, "-W", "error", "-m", "trainer", *arguments],
            cwd=ROOT,
            env=self.environment | environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
        )
        assert "Traceback" not in done.stderr, done.stderr
        return done.returncode, done.stdout + done.stderr

    def config(self) -> Config:
        return Config.from_environment(Environment(self.environment))


@pytest.fixture
def terminal(tmp_path: Path) -> Terminal:
    return Terminal(tmp_path)


# --- doctor ------------------------------------------------------------------------------------


def test_without_anything_the_doctor_names_the_first_thing_to_do(terminal: Terminal):
    status, text = terminal.run("doctor")
    assert status == 1
    assert "no graphics card" in text and "no base model" in text
    assert text.strip().splitlines()[-1].startswith("Next: Run `make setup-training`")


def test_with_everything_there_the_doctor_is_content(terminal: Terminal):
    terminal.has_card()
    terminal.has_packages()
    whole_model(terminal.models / "stable-diffusion-v1-5")
    status, text = terminal.run("doctor")
    assert status == 0, text
    assert "RTX 4090, 24.0 GB, 23.1 of them free" in text
    assert "trainings on this machine are real" in text


def test_a_torch_for_the_processor_beside_a_card_is_said(terminal: Terminal):
    terminal.has_card()
    terminal.has_packages(GOOD | {"cuda": ""})
    whole_model(terminal.models / "stable-diffusion-v1-5")
    status, text = terminal.run("doctor")
    assert status == 1
    assert "NO    torch sees no card" in text


def test_a_broken_package_is_named(terminal: Terminal):
    terminal.has_packages(GOOD | {"versions": {"torch": {"error": "OSError: libcudnn.so.9"}}})
    status, text = terminal.run("doctor")
    assert status == 1
    assert "torch: OSError: libcudnn.so.9" in text


@pytest.mark.parametrize("answer", ["[]", "{", "Illegal instruction"])
def test_a_python_that_answers_nonsense_is_no_crash(terminal: Terminal, answer: str):
    executable(terminal.folder / "python", f"#!/bin/sh\necho '{answer}'\n")
    status, text = terminal.run("doctor")
    assert status == 1
    assert "does not answer" in text


def test_an_old_card_is_good_for_the_older_families_only(terminal: Terminal):
    terminal.has_card("0, NVIDIA GeForce GTX 1080, 8192, 300, 6.1")
    terminal.has_packages()
    whole_model(terminal.models / "stable-diffusion-v1-5")
    status, text = terminal.run("doctor")
    assert status == 0
    assert "only for SDXL and SD 1.5" in text


def test_the_token_is_never_printed(terminal: Terminal):
    _status, text = terminal.run("doctor", HF_TOKEN="hf_secret")
    assert "hf_secret" not in text
    assert "token of huggingface.co: yes" in text


# --- models ------------------------------------------------------------------------------------


def test_the_list_says_what_is_here_what_is_broken_and_what_could_be_had(terminal: Terminal):
    terminal.has_card()
    whole_model(terminal.models / "stable-diffusion-v1-5")
    broken = terminal.models / "FLUX.1-dev"
    broken.mkdir(parents=True)
    (broken / "model_index.json").write_text("{")
    status, text = terminal.run("models", "list")
    assert status == 0
    assert f"here  {SD15}" in text
    assert "FLUX.1-dev: it has no model_index.json" in text
    assert "models get Z-Image   (about 20 GB)" in text
    assert "fits NVIDIA GeForce RTX 4090" in text
    for name in KNOWN:
        assert name in text


def test_a_name_that_is_not_known_lists_those_that_are(terminal: Terminal):
    status, text = terminal.run("models", "get", "stable-diffusion-9")
    assert status == 2
    assert SD15 in text


def test_a_gated_model_without_a_token_explains_the_gate(terminal: Terminal):
    terminal.has_packages()
    status, text = terminal.run("models", "get", "FLUX.1-dev")
    assert status == 1
    assert "accept it there" in text
    assert not terminal.models.exists()


def test_nothing_is_fetched_without_the_packages(terminal: Terminal):
    status, text = terminal.run("models", "get", "stable-diffusion-v1-5", "--yes")
    assert status == 1
    assert "make setup-training" in text


def test_what_is_here_is_not_fetched_again(terminal: Terminal):
    whole_model(terminal.models / "stable-diffusion-v1-5")
    status, text = terminal.run("models", "get", "stable-diffusion-v1-5", "--yes")
    assert status == 0
    assert "is here already" in text


def test_a_disk_that_is_too_small_is_said_before_anything_is_fetched(
    terminal: Terminal, monkeypatch: pytest.MonkeyPatch
):
    terminal.has_packages()
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr(shutil, "disk_usage", lambda path: usage(0, 0, 10**9))
    answer = models._refusal(KNOWN[SD15], terminal.config(), terminal.models / "x")
    assert "needs 4 GB more" in answer and "1 GB are free" in answer


@pytest.mark.parametrize(("free", "todo"), [(10**8, "Free some disk"), (10**11, "")])
def test_the_doctor_says_how_much_disk_is_free_and_how_much_a_training_needs(
    terminal: Terminal, monkeypatch: pytest.MonkeyPatch, free: int, todo: str
):
    whole_model(terminal.models / "stable-diffusion-v1-5")
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr(shutil, "disk_usage", lambda path: usage(0, 0, free))
    disk = next(iter(doctor._room(terminal.config())))
    assert f"{gigabytes(free)} free on the disk of {terminal.folder}" in disk.words
    assert "a training of twenty photos needs up to 0." in disk.words
    assert disk.todo.startswith(todo) and bool(disk.todo) == bool(todo)


def test_what_has_come_is_looked_at(terminal: Terminal):
    source = whole_model(terminal.folder / "source")
    script = f'#!/bin/sh\n[ -n "$HF_TOKEN" ] || echo no token\ncp -r {source}/. "$4"\n'
    executable(terminal.folder / "python", script)
    status, text = terminal.run("models", "get", "stable-diffusion-v1-5", "--yes")
    assert status == 0, text
    assert "is here. Start the trainer again" in text
    assert "no token" in text  # it needs none


def test_a_download_that_stops_says_how_to_go_on(terminal: Terminal):
    executable(terminal.folder / "python", "#!/bin/sh\nexit 1\n")
    status, text = terminal.run("models", "get", "stable-diffusion-v1-5", "--yes")
    assert status == 1
    assert "goes on where it stopped" in text


def test_a_download_without_its_weights_is_not_taken_for_whole(terminal: Terminal):
    source = whole_model(terminal.folder / "source")
    (source / "unet" / "model.safetensors").write_bytes(b"\xff" * 8)
    executable(terminal.folder / "python", f'#!/bin/sh\ncp -r {source}/. "$4"\n')
    status, text = terminal.run("models", "get", "stable-diffusion-v1-5", "--yes")
    assert status == 1
    assert "the download was cut off" in text


def test_without_a_command_it_serves_and_help_names_the_commands(terminal: Terminal):
    status, text = terminal.run("--help")
    assert status == 0
    assert "models" in text and "doctor" in text
