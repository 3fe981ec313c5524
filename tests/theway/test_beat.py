"""What happens by itself goes on, whatever is done to the machine's clock."""

from __future__ import annotations

from datetime import timedelta
from types import SimpleNamespace

import pytest
import time_machine
from django.conf import settings
from django.utils import timezone
from django.utils.module_loading import import_string

from theway.celery import app


@pytest.fixture
def beat(tmp_path):
    """Return the scheduler that beat runs with, and the list of what it has sent."""
    scheduler_class = import_string(settings.CELERY_BEAT_SCHEDULER.replace(":", "."))
    sent: list[str] = []

    class Noting(scheduler_class):
        def apply_async(self, entry, producer=None, advance=True, **kwargs):
            self.reserve(entry)
            sent.append(entry.name)
            return SimpleNamespace(id="1")

    scheduler = Noting(app=app, schedule_filename=str(tmp_path / "schedule"))
    yield scheduler, sent
    scheduler.close()


def runs(beat, seconds: float, clock: time_machine.Traveller) -> list[str]:
    """Let beat run for so long, as its service does; return what it has sent."""
    scheduler, sent = beat
    sent.clear()
    while seconds > 0:
        wait = max(0.01, scheduler.tick())
        clock.shift(min(wait, seconds))
        seconds -= wait
    return list(sent)


@pytest.mark.parametrize("back", [timedelta(hours=1), timedelta(days=400)])
def test_beat_goes_on_when_the_clock_is_set_back(tmp_path, request, back):
    with time_machine.travel(timezone.now(), tick=False) as clock:
        beat = request.getfixturevalue("beat")
        assert runs(beat, 10, clock).count("sweep") >= 4
        clock.shift(-back)
        assert runs(beat, 10, clock).count("sweep") >= 4
        assert "purge" in runs(beat, 3700, clock)


def test_beat_goes_on_when_it_is_started_again_under_a_clock_that_was_set_back(request):
    with time_machine.travel(timezone.now(), tick=False) as clock:
        beat = request.getfixturevalue("beat")
        assert "sweep" in runs(beat, 10, clock)
        beat[0].sync()
        clock.shift(timedelta(days=-2))
        beat[0]._heap = None
        assert runs(beat, 10, clock).count("sweep") >= 4
