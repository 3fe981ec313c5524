"""Captions by the operator's program: real processes, their limits, what becomes of their words."""

from __future__ import annotations

import shlex
import sys
from datetime import timedelta
from pathlib import Path

import pytest
import time_machine
from django.utils import timezone

from jobs import tasks
from models_app import caption_program, caption_runs
from models_app.caption_program import CaptionProgramError, describe
from models_app.caption_services import set_caption
from models_app.errors import NotEditableError
from models_app.limits import LIMITS
from models_app.models import CaptionRun, UserModel
from tests.factories import TrainingImageFactory, UserModelFactory

SAYS_SIZE = "from PIL import Image; print('a picture of', Image.open(sys.argv[1]).size)"


@pytest.fixture
def program(settings):
    """Name a real program: Python code, which gets the photo's path as its last argument."""

    def name(code: str) -> None:
        command = [sys.executable, "-c", f"import os, sys, time\n{code}"]
        settings.CAPTION_COMMAND = shlex.join(command)

    return name


@pytest.fixture
def model(db) -> UserModel:
    model = UserModelFactory(kind="person", trigger_word="ann_k7")
    TrainingImageFactory.create_batch(3, model=model)
    return model


def captions_of(model: UserModel) -> list[str]:
    return list(model.photos.values_list("caption", flat=True))


def work_off() -> None:
    while caption_runs.write_next():
        pass


def test_without_a_program_nothing_is_offered(settings, model):
    for command in ("", "/nowhere/at-all", "no-such-program-anywhere --fast"):
        settings.CAPTION_COMMAND = command
        assert not caption_program.is_offered()
        assert not caption_runs.begin(model)


def test_what_it_prints_is_the_caption(program, tmp_path):
    program("print('  a mug\\n on a table ')")
    assert caption_program.is_offered()
    assert describe(tmp_path) == "a mug on a table"


def test_it_gets_the_photo_and_nothing_of_the_installation(program, tmp_path, monkeypatch):
    monkeypatch.setenv("REPLICATE_API_TOKEN", "secret")
    program(
        "print(sys.argv[-1], 'REPLICATE_API_TOKEN' in os.environ, os.environ['HF_HUB_OFFLINE'])"
    )
    assert describe(tmp_path / "001.jpg") == f"{tmp_path}/001.jpg False 1"


@pytest.mark.parametrize(
    ("code", "problem"),
    [
        ("print(' ')", "printed nothing"),
        ("sys.exit(3)", "ended with 3"),
        ("os.abort()", "SIGABRT"),
        ("print('x' * 10**6)", "printed too much"),
        ("bytearray(10**9)", "ended with 1"),
    ],
)
def test_what_is_no_caption_is_named(program, settings, tmp_path, code, problem):
    settings.CAPTION_MEMORY_MB = 200
    program(code)
    with pytest.raises(CaptionProgramError, match=problem):
        describe(tmp_path)


def test_one_that_does_not_end_is_ended_with_all_it_started(program, settings, tmp_path):
    settings.CAPTION_SECONDS = 1
    pid = tmp_path / "pid"
    program(
        f"child = os.fork()\nif not child: open({str(pid)!r}, 'w').write(str(os.getpid()))\n"
        "time.sleep(600)"
    )
    with pytest.raises(CaptionProgramError, match="SIGKILL"):
        describe(tmp_path)
    # Whoever has no parent left is reaped by the system, so that it may be a moment.
    state = Path(f"/proc/{pid.read_text()}/stat")
    assert not state.exists() or state.read_text().split()[2] in "ZX"


def test_every_photo_without_a_caption_gets_one_with_the_trigger_word(program, model):
    set_caption(model.photos.first(), caption="typed")
    program(SAYS_SIZE)
    assert caption_runs.begin(model)
    work_off()
    written = "ann_k7 person, a picture of (640, 480)"
    assert captions_of(model) == ["typed", written, written]
    run = CaptionRun.objects.get()
    assert (run.total, run.written, run.failed) == (2, 2, [])
    assert run.finished_at


def test_photos_that_get_none_are_tried_once_and_counted(program, model):
    program("sys.exit(1)")
    caption_runs.begin(model)
    work_off()
    run = CaptionRun.objects.get()
    assert (run.done, run.written, len(run.failed)) == (3, 0, 3)
    assert run.finished_at
    assert captions_of(model) == ["", "", ""]
    program("print('better now')")
    assert caption_runs.begin(model)
    work_off()
    assert captions_of(model) == ["ann_k7 person, better now"] * 3


def test_what_is_typed_meanwhile_stays(program, model, monkeypatch):
    photo = model.photos.first()

    def slow(path: Path) -> str:
        set_caption(photo, caption="typed meanwhile")
        return "a picture"

    program("pass")
    caption_runs.begin(model)
    monkeypatch.setattr(caption_program, "describe", slow)
    caption_runs.write_next()
    assert captions_of(model)[0] == "typed meanwhile"
    assert CaptionRun.objects.get().written == 0


def test_a_model_that_is_deleted_meanwhile_ends_its_run(program, model, monkeypatch):
    def slow(path: Path) -> str:
        UserModel.objects.all().delete()
        return "a picture"

    program("pass")
    caption_runs.begin(model)
    monkeypatch.setattr(caption_program, "describe", slow)
    work_off()
    assert not CaptionRun.objects.exists()


def test_pressing_twice_goes_on_with_the_same_run(program, model):
    program("print('a picture')")
    caption_runs.begin(model)
    caption_runs.write_next()
    assert caption_runs.begin(model)
    assert CaptionRun.objects.get().written == 1


def test_only_one_photo_is_at_work_at_a_time(program, model, monkeypatch):
    other = UserModelFactory()
    TrainingImageFactory(model=other)
    program("print('a picture')")
    caption_runs.begin(model)
    caption_runs.begin(other)

    def looks(path: Path) -> str:
        assert not caption_runs.due().exists()
        assert not caption_runs.write_next()
        return "a picture"

    monkeypatch.setattr(caption_program, "describe", looks)
    work_off()
    assert not CaptionRun.objects.filter(finished_at=None).exists()


def test_what_a_killed_worker_left_is_taken_up_again(program, model, settings):
    program("print('a picture')")
    caption_runs.begin(model)
    assert caption_runs._take()  # and then its worker is killed
    assert not caption_runs.write_next()
    with time_machine.travel(timezone.now() + timedelta(seconds=settings.CAPTION_SECONDS + 61)):
        assert caption_runs.write_next()
    assert captions_of(model)[0] == "ann_k7 person, a picture"


def test_it_ends_when_the_training_starts(program, model):
    program("print('a picture')")
    caption_runs.begin(model)
    UserModel.objects.update(status="training", started_at=timezone.now())
    work_off()
    assert CaptionRun.objects.get().finished_at
    assert captions_of(model) == ["", "", ""]
    with pytest.raises(NotEditableError):
        caption_runs.begin(model)


def test_a_run_whose_message_is_lost_is_found_by_the_sweep(program, model, monkeypatch):
    sent = []
    monkeypatch.setattr(tasks, "dispatch", lambda task, *args: sent.append(task.name))
    tasks.write_due_captions()
    assert sent == []
    program("print('a picture')")
    caption_runs.begin(model)
    tasks.write_due_captions()
    tasks.write_caption()
    assert sent == ["jobs.tasks.write_caption"] * 2


def test_no_copy_of_a_photo_is_left(program, model, tmp_path, monkeypatch):
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(folder))
    program("print('x' * 600 if os.path.exists(sys.argv[1]) else '')")
    caption_runs.begin(model)
    work_off()
    assert len(captions_of(model)[0]) <= LIMITS.max_caption
    assert list(folder.iterdir()) == []
