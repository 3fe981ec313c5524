"""What the page says of a training that goes on."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.translation import gettext

from dashboard.pages.cards import percent_of
from dashboard.pages.track import Stage, stage_now, track_of
from jobs.messages import Explanation
from jobs.models import JobQueue
from jobs.states import Status


@dataclass(frozen=True, slots=True)
class Progress:
    """Stage, share and time left of one unfinished training."""

    job: JobQueue
    explanation: Explanation

    @property
    def percent(self) -> int:
        return percent_of(self.job)

    @property
    def is_at_trainer(self) -> bool:
        """Whether its trainer works on it, and nobody asked to stop it."""
        return self.job.status == Status.RUNNING and not self.job.cancel_requested_at

    @property
    def has_time_left(self) -> bool:
        return self.is_at_trainer and self.job.eta_at is not None

    @property
    def stage(self) -> str:
        """What the trainer reports to be doing, or else the state of the job."""
        if self.is_at_trainer and self.job.stage:
            return gettext(self.job.stage)
        return self.explanation.title

    @property
    def sentence(self) -> str:
        """What happens now, unless the large line or the track says just that."""
        if not self.is_at_trainer or not self.job.stage:
            return self.explanation.sentence
        is_told = not self.has_time_left or self.stage == stage_now(self.job)
        return "" if is_told else gettext("%(stage)s.") % {"stage": self.stage}

    @property
    def track(self) -> list[Stage]:
        return track_of(self.job)

    @property
    def said(self) -> str:
        """The stage for who hears the page: the trainer's own changes too often."""
        if self.job.cancel_requested_at:
            return self.explanation.title
        return stage_now(self.job)
