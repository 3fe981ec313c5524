"""A trainer's dataset: fetched by its address, and checked as that trainer's page says."""

from __future__ import annotations

from pathlib import Path

from emulators.fal.catalog.checks import finding
from emulators.fal.catalog.endpoints import Endpoint
from emulators.fal.errors import FalError, invalid
from emulators.fal.work.fetching import fetch
from emulators.hosted.datasets import BadDatasetError, Dataset, read_dataset
from emulators.hosted.records import Json


def prepare(endpoint: Endpoint, values: Json, folder: Path) -> None:
    """Read the photos of a training into `folder`, where only their colours stay.

    Takes time: use a thread. Raises the 422 that the job ends with where the dataset does not do.
    """
    folder.mkdir(parents=True, exist_ok=True)
    archive = folder / "dataset.zip"
    try:
        fetch(values[endpoint.zip_field], archive, ("body", endpoint.zip_field))
        dataset = read_dataset(archive, folder)
    except BadDatasetError as error:
        is_photo = str(error).startswith("cannot identify image")
        kind = "image_load_error" if is_photo else "invalid_archive"
        raise _refused(endpoint, f"Invalid archive: {error}", kind) from error
    finally:
        archive.unlink(missing_ok=True)
    _check(endpoint, values, dataset)


def _check(endpoint: Endpoint, values: Json, dataset: Dataset) -> None:
    rules, photos = endpoint.rules, len(dataset.captions)
    if photos < rules.least_photos:
        message = f"The archive has {photos} images; at least {rules.least_photos} are needed"
        raise _refused(endpoint, message, "archive_file_count_below_minimum")
    bare = [name for name, caption in dataset.captions.items() if not caption]
    is_captioned = values.get(rules.caption_field) or _captions_itself(values)
    if bare and rules.needs_captions and not is_captioned:
        message = f"No caption for {bare[0]} ({len(bare)} in all) and no {rules.caption_field}"
        raise _refused(endpoint, message, "value_error")


def _captions_itself(values: Json) -> bool:
    return bool(values.get("auto_captioning", "Off") != "Off")


def _refused(endpoint: Endpoint, message: str, kind: str) -> FalError:
    return invalid([finding(("body", endpoint.zip_field), message, kind, None)])
