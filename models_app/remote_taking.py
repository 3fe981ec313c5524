"""Goes on with one fetch: downloads the ZIP, takes its photos in, has the training started.

Every step may be repeated: a photo that is there already is not stored twice, once the photos are
in nothing is downloaded again, and a start has one key, so that it happens at most once.
"""

from __future__ import annotations

import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from typing import IO, cast
from uuid import UUID

from django.conf import settings
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.limits import LimitReachedError
from models_app import remote_archives
from models_app.archives.reading import is_zip, read_archive
from models_app.disk import is_full
from models_app.errors import NotEditableError, PhotoRefusedError
from models_app.intake import Result, State, take_in
from models_app.limits import FETCHING
from models_app.models import ArchiveFetch
from models_app.partial_files import has_room
from models_app.photo_files import no_space
from models_app.remote_archives import LostError, NotStartedError, NotYetError
from providers.http import public
from providers.http.public_errors import PublicCallError, UnreachableError, UnwantedAnswerError

# Reasons that pass: with a little patience the rest can be taken.
_PASSING = {"busy", "no_space"}
_RENEW_EVERY = 15.0  # seconds
_LOOK_EVERY = 32 * 1024 * 1024  # bytes


def go_on(fetch_id: UUID) -> bool:
    """Go on with a fetch that is due; return whether it was taken up, so that another may be."""
    fetch = remote_archives.claim(fetch_id)
    if fetch is None:
        return False
    with suppress(LostError):  # gone with its model, or another worker's by now
        _go_on(fetch)
    return True


def _go_on(fetch: ArchiveFetch) -> None:
    try:
        if fetch.attempts > FETCHING.most_attempts:
            raise PhotoRefusedError("gave_up", _("This ZIP could not be worked through."))
        if fetch.taken_at is None:
            _take(fetch)
        if fetch.start_after:
            remote_archives.renew(fetch)
            remote_archives.starter().start(fetch.model, fetch.start_key)
    except NotYetError:
        # That is no try: nothing was wrong with it.
        until = timezone.now() + FETCHING.wait
        remote_archives.put_off(fetch, until, attempts=fetch.attempts - 1)
    except PublicCallError as error:
        _put_off_or_fail(fetch, error.code, str(error), passes=_may_pass(error))
    except (PhotoRefusedError, LimitReachedError) as error:
        _put_off_or_fail(fetch, error.code, str(error), passes=error.code in _PASSING)
    except NotEditableError as error:
        remote_archives.fail(fetch, "not_editable", str(error))
    except NotStartedError as error:
        remote_archives.fail(fetch, "not_startable", str(error))
    else:
        remote_archives.finish(fetch)


def _put_off_or_fail(fetch: ArchiveFetch, code: str, text: str, *, passes: bool) -> None:
    if passes and fetch.attempts < FETCHING.tries:
        remote_archives.put_off(fetch, timezone.now() + FETCHING.wait * fetch.attempts)
    else:
        remote_archives.fail(fetch, code, text)


def _may_pass(error: PublicCallError) -> bool:
    """Whether another try may help: not where that takes as long again, or was a clear no."""
    if isinstance(error, UnwantedAnswerError):
        return error.status == 429 or error.status >= 500
    return isinstance(error, UnreachableError)


def _take(fetch: ArchiveFetch) -> None:
    with tempfile.TemporaryFile(dir=settings.FILE_UPLOAD_TEMP_DIR) as file:
        target = cast("IO[bytes]", file)
        _download(fetch, target)
        if not is_zip(target):
            raise PhotoRefusedError("not_archive", _("There is no ZIP at this address."))
        # The order of the ZIP stays the same when it is gone on with.
        chosen = int(fetch.created_at.timestamp() * 1_000_000)
        results = list(_watched(fetch, take_in(fetch.model, read_archive(target), chosen=chosen)))
    _require_whole(results, fetch)
    counts = Counter(result.state for result in results)
    remote_archives.write(
        fetch,
        taken_at=timezone.now(),
        url="",
        photos=_photos(results),
        refused=counts[State.REFUSED] + counts[State.STORED] - _photos(results),
    )


def _download(fetch: ArchiveFetch, target: IO[bytes]) -> None:
    try:
        public.get(
            fetch.url,
            _Watched(fetch, target),
            max_bytes=settings.MAX_REQUEST_BYTES,
            seconds=FETCHING.seconds,
            stall=FETCHING.stall,
        )
        target.flush()
    except OSError as error:
        if is_full(error):
            raise no_space() from error
        raise


class _Watched:
    """Where a download goes, as long as the fetch is ours and the disk has room for others."""

    def __init__(self, fetch: ArchiveFetch, target: IO[bytes]) -> None:
        self._fetch, self._target = fetch, target
        self._renewed_at, self._unlooked = time.monotonic(), _LOOK_EVERY

    def write(self, data: bytes) -> int:
        self._unlooked += len(data)
        if self._unlooked >= _LOOK_EVERY:
            self._unlooked = 0
            if not has_room(0):
                raise no_space()
        if time.monotonic() - self._renewed_at > _RENEW_EVERY:
            remote_archives.renew(self._fetch)
            self._renewed_at = time.monotonic()
        return self._target.write(data)


def _watched(fetch: ArchiveFetch, results: Iterator[Result]) -> Iterator[Result]:
    for result in results:
        remote_archives.renew(fetch)
        yield result


def _photos(results: list[Result]) -> int:
    """How many of these are in the draft now: stored, or stored by a try before."""
    stored = {result.photo.pk for result in results if result.photo}
    return len(stored | {result.twin_id for result in results if result.twin_id})


def _require_whole(results: list[Result], fetch: ArchiveFetch) -> None:
    """Raise PhotoRefusedError where the set is not what its owner meant to be trained on: nothing
    of it was taken, or a limit or the machine cut it short before a training that costs money."""
    cut = next((one for one in results if one.is_limit or one.code in _PASSING), None)
    if cut and (fetch.start_after or not _photos(results) or cut.code in _PASSING):
        raise PhotoRefusedError(cut.code, cut.text)
    if not _photos(results):
        first = next((one.text for one in results if one.state is State.REFUSED), "")
        text = _("No photo could be taken from this ZIP.")
        raise PhotoRefusedError("no_photos", f"{text} {first}".strip())
