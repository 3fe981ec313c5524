"""Photos are opened in processes of their own, and what happens to those costs one photo."""

from __future__ import annotations

import io
import os
import signal
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace

import pytest

from models_app.decoding import process
from models_app.decoding.budget import Budget, BusyError
from models_app.decoding.task import NormalisedPhoto
from models_app.decoding.workers import Workers
from models_app.errors import PhotoRefusedError
from models_app.ingest import normalise
from models_app.limits import DECODING
from tests.models_app import hostile, photographs as photo
from theway.processes.waiting import wait_until


def refusal(data: bytes) -> PhotoRefusedError:
    with pytest.raises(PhotoRefusedError) as caught:
        normalise(io.BytesIO(data))
    return caught.value


@contextmanager
def worker(program: str) -> Iterator[None]:
    """Put another program in the worker's place."""
    server = (
        "from models_app.decoding import forkserver\n"
        f"forkserver.worker.main = lambda task: exec({program!r}, {{}}) or 0\n"
        "forkserver.main()"
    )
    with (
        closing(Workers([sys.executable, "-c", server])) as workers,
        pytest.MonkeyPatch.context() as patch,
    ):
        patch.setattr(process, "_WORKERS", workers)
        yield


def sound() -> bytes:
    return photo.encoded(photo.quarters()).getvalue()


def test_a_photo_that_takes_too_long_is_refused(settings):
    settings.PHOTO_SECONDS = 0.05
    assert refusal(hostile.black_png(4000, 4000)).code == "too_slow"


def test_a_worker_that_waits_forever_is_ended(monkeypatch):
    limits = replace(DECODING, clock_seconds=-4.9)
    monkeypatch.setattr(process, "DECODING", limits)
    with worker("import signal; signal.pause()"):
        assert refusal(sound()).code == "too_slow"


def test_a_photo_that_takes_more_memory_than_its_shape_told_is_refused(monkeypatch):
    limits = replace(DECODING, spare_memory=-(10**7) * 8)
    monkeypatch.setattr(process, "DECODING", limits)
    assert refusal(hostile.black_png(4000, 4000)).code == "too_much_memory"


@pytest.mark.parametrize("number", ["SIGSEGV", "SIGKILL", "SIGABRT"])
def test_a_decoder_that_crashes_costs_one_photo(number):
    with worker(f"import os, signal; os.kill(os.getpid(), signal.{number})"):
        assert refusal(sound()).code == "not_opened"
    assert normalise(io.BytesIO(sound())).width == 640


@pytest.mark.parametrize("answer", ["", "nonsense", "[1]\\n", '["exe", 1, 1, 0, 0, []]\\n'])
def test_an_answer_that_makes_no_sense_is_no_photo(answer):
    answered = answer.replace("\\n", "\n").encode()
    with worker(f"import os; os.write(1, {answered!r})"):
        assert refusal(sound()).code == "not_opened"


def test_a_worker_knows_nothing_of_the_installation(monkeypatch):
    monkeypatch.setenv("TOGETHER_API_KEY", "secret")
    program = (
        "import os\n"
        "known = {'LC_CTYPE', 'GLIBC_TUNABLES', 'VIPS_CONCURRENCY', 'OMP_NUM_THREADS'}\n"
        "assert os.environ.keys() <= known and len(os.listdir('/dev/fd')) < 5"
    )
    monkeypatch.setattr(NormalisedPhoto, "loads", lambda _: "no environment, no open files")
    with worker(program):
        assert normalise(io.BytesIO(sound())) == "no environment, no open files"


def test_photos_are_opened_although_their_server_was_ended(monkeypatch):
    with closing(Workers()) as workers:
        monkeypatch.setattr(process, "_WORKERS", workers)
        assert normalise(io.BytesIO(sound())).width == 640
        server = workers._server
        assert server
        os.kill(server.pid, signal.SIGKILL)
        server.wait()
        assert normalise(io.BytesIO(sound())).width == 640


def test_a_fork_of_ours_has_a_server_of_its_own():
    assert normalise(io.BytesIO(sound())).width == 640
    child = os.fork()
    if not child:
        is_its_own = (
            process._WORKERS._server is None and normalise(io.BytesIO(sound())).width == 640
        )
        process._WORKERS.close()
        os._exit(0 if is_its_own else 1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert normalise(io.BytesIO(sound())).width == 640


def test_the_same_photo_gives_the_same_bytes():
    data = photo.encoded(photo.quarters(3000, 2000)).getvalue()
    first, second = (normalise(io.BytesIO(data)) for _ in range(2))
    assert first == second


def test_a_file_on_the_disk_is_read_where_it_is(tmp_path):
    path = tmp_path / "photo"
    path.write_bytes(sound())
    with path.open("rb") as source:
        source.seek(100)
        assert normalise(source).width == 640


@pytest.mark.parametrize("side", [400, 3000])
def test_a_temporary_file_is_where_it_was_when_its_photo_was_opened(tmp_path, side):
    data = photo.encoded(photo.quarters(side, side), "JPEG").getvalue()
    with tempfile.TemporaryFile(dir=tmp_path) as file:
        file.write(data)
        file.seek(0)
        file.read(12)
        normalise(file)
        file.seek(12)
        assert file.read() == data[12:]
        file.seek(0)
        file.read(12)
        normalise(file)  # what is read ahead is given back when the file is closed


def test_an_answer_is_read_as_it_was_written():
    sent = NormalisedPhoto(b"pixels\n", "png", 2, 3, b"small", ("turned",))
    assert NormalisedPhoto.loads(sent.dumps()) == sent


def test_a_photo_that_waits_too_long_for_its_turn_may_be_sent_again(monkeypatch):
    monkeypatch.setattr(process, "_BUDGET", Budget(memory=0, at_once=1))
    monkeypatch.setattr(process, "DECODING", replace(DECODING, wait_seconds=0))
    assert refusal(sound()).code == "busy"


def test_memory_and_places_are_given_back_also_after_an_error():
    budget = Budget(memory=10, at_once=1)
    for _ in range(3):
        with pytest.raises(KeyError), budget.reserved(10, wait_seconds=0):
            raise KeyError
    with budget.reserved(10, wait_seconds=0):
        pass


@pytest.mark.parametrize(("memory", "at_once"), [(15, 9), (100, 1)])
def test_neither_memory_nor_places_are_given_out_twice(memory, at_once):
    budget = Budget(memory, at_once)
    with (
        budget.reserved(10, wait_seconds=0),
        pytest.raises(BusyError),
        budget.reserved(10, wait_seconds=0),
    ):
        pytest.fail("it was given out twice")


def test_a_large_photo_is_not_overtaken_by_small_ones():
    budget = Budget(memory=10, at_once=9)
    order: list[str] = []
    with budget.reserved(5, wait_seconds=0):
        waiting = [
            threading.Thread(target=take, args=(budget, memory, name, order))
            for memory, name in ((10, "large"), (1, "small"))
        ]
        for number, thread in enumerate(waiting, 1):
            thread.start()
            wait_for(lambda number=number: len(budget._waiting) == number)
    for thread in waiting:
        thread.join()
    assert order == ["large", "small"]


def take(budget: Budget, memory: int, name: str, order: list[str]) -> None:
    with budget.reserved(memory, wait_seconds=30):
        order.append(name)


def wait_for(condition) -> None:
    assert wait_until(condition, 10, interval=0.001)


@pytest.mark.parametrize(
    "note", [b"Exif\0\0" + b"II*\0\xff" * 99, b"ICC_PROFILE\0\1\1nonsense" * 9]
)
def test_broken_notes_do_not_cost_a_large_jpeg(note):
    data = photo.encoded(photo.quarters(3000, 2000)).getvalue()
    segment = b"\xff\xe1" if note.startswith(b"Exif") else b"\xff\xe2"
    broken = data[:2] + segment + (len(note) + 2).to_bytes(2, "big") + note + data[2:]
    result = normalise(io.BytesIO(broken))
    assert (result.width, result.height) == (2048, 1365)
    assert photo.corners(photo.opened(result.data)) == photo.UPRIGHT


@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_large_jpeg_is_turned_upright(orientation):
    turn = photo.AS_STORED[orientation]
    image = photo.quarters(3000, 2000)
    stored = image if turn is None else image.transpose(turn)
    data = photo.encoded(stored, exif=photo.exif(orientation))
    result = normalise(data)
    assert (result.width, result.height) == (2048, 1365)
    assert photo.corners(photo.opened(result.data)) == photo.UPRIGHT
    assert max(photo.opened(result.thumbnail).size) == 512


def test_a_large_jpeg_that_ends_too_early_is_refused():
    data = photo.encoded(photo.quarters(3000, 2000), quality=98).getvalue()
    assert refusal(data[: len(data) // 2]).code == "damaged"
