"""Pictures from a provider are judged like uploads, kept as they are, and never lost."""

from __future__ import annotations

import warnings
from dataclasses import replace

import pytest
from django.core.files.storage import default_storage
from PIL import Image

from generation.image_files import read_image
from generation.models import GeneratedImage
from jobs import clock
from jobs.engine.collect import collect
from jobs.states import Status
from jobs.work import InvalidResultError
from models_app.decoding import process
from models_app.decoding.budget import Budget
from providers.types import Download
from tests.factories import UserModelFactory
from tests.generation.test_services import finishing
from tests.models_app import hostile, photographs as photo

URL = "http://127.0.0.1:9/v1/images/img-1/0.jpg"
SOUND = {name: photo.encoded(photo.quarters(), name).getvalue() for name in ("JPEG", "PNG", "WEBP")}


def read(data: bytes, size: int | None = None):
    return read_image(Download(size, iter([data])))


@pytest.mark.parametrize(("name", "extension"), [("JPEG", "jpg"), ("PNG", "png"), ("WEBP", "webp")])
def test_a_sound_picture_is_kept_byte_for_byte_with_a_small_copy(name, extension):
    image = read(SOUND[name])
    assert (image.data, image.extension) == (SOUND[name], extension)
    assert (image.width, image.height) == (640, 480)
    small = photo.opened(image.thumbnail)
    assert (small.format, small.size, photo.corners(small)) == ("JPEG", (512, 384), photo.UPRIGHT)


def test_a_picture_may_be_small_and_narrow():
    data = photo.encoded(Image.new("RGB", (64, 8)), "PNG").getvalue()
    assert (read(data).width, read(data).height) == (64, 8)


BAD = {name: make for name, (_, make) in hostile.REFUSED.items() if name != "webp-no-picture"}
BAD |= {
    "empty": lambda: b"",
    "a page": lambda: b"<html>expired</html>",
    "a gif": lambda: b"GIF89a" + bytes(99),
    "cut short": lambda: SOUND["PNG"][:-200],
    "above pillow's own limit": lambda: hostile.black_png(16_000, 16_000),
    "above its warning": lambda: hostile.black_png(10_000, 10_000),
}


@pytest.mark.parametrize("name", BAD)
def test_whatever_is_no_sound_picture_is_a_bad_picture(name):
    with warnings.catch_warnings(), pytest.raises(InvalidResultError) as caught:
        read(BAD[name]())
    assert caught.value.code == "bad_image"


def test_fewer_bytes_than_announced_are_a_bad_picture():
    with pytest.raises(InvalidResultError, match="bytes arrived"):
        read(SOUND["JPEG"], len(SOUND["JPEG"]) + 1)


def test_it_is_opened_in_a_process_of_its_own(monkeypatch):
    started = []
    run = process._WORKERS.run
    monkeypatch.setattr(
        process._WORKERS, "run", lambda *given: (started.append(given), run(*given))[1]
    )
    monkeypatch.setattr(Image, "open", lambda *_, **__: pytest.fail("opened in this process"))
    assert read(SOUND["PNG"]).width == 640
    assert len(started) == 1


def test_having_no_turn_says_nothing_about_the_picture(monkeypatch):
    monkeypatch.setattr(process, "_BUDGET", Budget(memory=0, at_once=1))
    monkeypatch.setattr(process, "DECODING", replace(process.DECODING, wait_seconds=0))
    with pytest.raises(InvalidResultError) as caught:
        read(SOUND["PNG"])
    assert caught.value.code == "internal"


@pytest.mark.django_db
@pytest.mark.parametrize("name", ["above pillow's own limit", "png-claims-50mp", "jpeg-scans-5000"])
def test_a_paid_picture_that_is_bad_is_fetched_again_and_kept_once_it_is_sound(name, scripted):
    scripted.mock.get(URL, body=BAD[name]())
    job = finishing(UserModelFactory(ready=True), outputs=[{"url": URL}])
    collect(job.pk)
    job.refresh_from_db()
    assert (job.status, job.error_code) == (Status.FINISHING, "bad_image")
    assert job.result["outputs"] == [{"url": URL}]
    scripted.mock.replace("GET", URL, body=SOUND["PNG"])
    type(job).objects.filter(pk=job.pk).update(next_poll_at=clock.now())
    collect(job.pk)
    job.refresh_from_db()
    assert job.status == Status.SUCCEEDED
    with default_storage.open(GeneratedImage.objects.get().file.name) as file:
        assert file.read() == SOUND["PNG"]
