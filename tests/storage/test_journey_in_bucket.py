"""From photos to a picture with every file in a bucket, over real HTTP and with real processes."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import pytest
from django.urls import reverse

from models_app.photo_folders import read_folder
from tests.factories import jpeg
from tests.storage.bucket_server import BucketServer
from theway.demo.browser import Browser
from theway.demo.journey import Journey
from theway.processes.installation import Installation

pytestmark = pytest.mark.service
COLOURS = ("teal", "navy", "olive", "maroon")


@pytest.fixture
def photos(tmp_path) -> Path:
    folder = tmp_path / "photos"
    folder.mkdir()
    for colour in COLOURS:
        (folder / f"{colour}.jpg").write_bytes(jpeg(1024, 1024, colour=colour))
    return folder


def objects_in(server: BucketServer, bucket: str) -> dict[str, bytes]:
    client = server.client()
    names = server.names_in(bucket)
    return {n: client.get_object(Bucket=bucket, Key=n)["Body"].read() for n in names}


def files_below(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


def part_of(browser: Browser, path: str, start: int) -> bytes:
    """Return the rest of a file, as a browser asks for it after a connection that broke."""
    answer = browser._request("GET", path, headers={"Range": f"bytes={start}-"})
    assert answer.status_code == 206
    return answer.content


def test_everything_that_a_person_makes_is_in_the_bucket(tmp_path, photos, bucket_server):
    bucket = bucket_server.new_bucket()
    folder, out = tmp_path / "site", tmp_path / "out"
    folder.mkdir()
    out.mkdir()
    variables = bucket_server.variables(bucket, TRAINER_SECONDS="1", PYTHONWARNINGS="")
    site = Installation(folder, tmp_path / "services.log", environment=variables)
    try:
        site.start(120)
        browser = Browser(site.address)
        journey = Journey(browser, write=lambda text: None, show=lambda share, text: None)
        journey.sign_up()
        page = journey.upload(journey.describe(), read_folder(photos))
        page = journey.wait_for_training(journey.start(page))
        weights = journey.download(page, out)[0].read_bytes()
        picture = journey.generate(page, out)[0].read_bytes()
        rest = part_of(browser, f"{page.address}/weights", start=1000)
        export = browser.fetch(reverse("dashboard:data_export"))
    finally:
        site.stop()

    assert rest == weights[1000:]
    stored = objects_in(bucket_server, bucket)
    kinds = [name.split("/")[0] for name in stored]
    assert (kinds.count("photos"), kinds.count("weights")) == (2 * len(COLOURS), 1)
    assert weights in stored.values() and picture in stored.values()
    with zipfile.ZipFile(io.BytesIO(export)) as archive:
        exported = [archive.read(name) for name in archive.namelist()]
        assert "missing.txt" not in archive.namelist()
    assert weights in exported and picture in exported
    full = [
        data for name, data in stored.items() if name.startswith("photos/") and data in exported
    ]
    assert len(full) == len(COLOURS)
    assert files_below(folder / "media") == []
    assert "Traceback" not in site.log
