"""What is asked before something that cannot be undone: in a dialog, and on a page of its own for
browsers without dialogs or scripts."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from django.http import Http404
from django.urls import reverse
from django.utils.translation import gettext, ngettext

from jobs import services
from jobs.models import JobQueue
from jobs.states import Status
from models_app.models import UserModel
from models_app.texts import isolated
from providers.registry import label_of, runs_here


@dataclass(frozen=True, slots=True)
class Question:
    """A question with its two answers. `key` is the id of its dialog; `address` asks it on a page,
    `action` does it (by POST), `back` is where who keeps it goes."""

    key: str
    title: str
    text: str
    keep: str
    do: str
    address: str
    action: str
    back: str


def question_about(job: JobQueue, about: str) -> Question | None:
    """Return a question about a job: “cancel”, “not-started” or “abandon”; None where it has
    become one of the past. Raises Http404 for other questions."""
    if about not in _OF_JOBS:
        raise Http404("No such question")
    is_open, question = _OF_JOBS[about]
    return question(job) if is_open(job) else None


def cancelling(job: JobQueue) -> Question:
    """Return the question before a job is cancelled, with what that costs."""
    if job.kind == JobQueue.Kind.TRAINING:
        title, keep = gettext("Cancel this training?"), gettext("Keep training")
        do, text = gettext("Cancel training"), _cancelling_text(job)
    else:
        title, keep = gettext("Cancel these pictures?"), gettext("Keep waiting")
        do, text = gettext("Cancel"), gettext("No picture is made of what was asked for.")
    return _of_job(job, "cancel", title, text, keep, do)


def sending_again(job: JobQueue) -> Question:
    """Return the question before a job that is unclear is sent a second time."""
    text = gettext(
        "Only if the trainer's own page shows that it did not start. If it did start, you may pay "
        "twice."
    )
    title, keep = gettext("Send it again?"), gettext("Keep waiting")
    return _of_job(job, "not-started", title, text, keep, gettext("Send it again"))


def abandoning(job: JobQueue) -> Question:
    """Return the question before a job that is unclear is given up."""
    text = gettext(
        "We stop checking for it. If it still appears at the trainer, it is stopped, but it may "
        "have been charged. Your photos and settings stay."
    )
    is_training = job.kind == JobQueue.Kind.TRAINING
    title = gettext("Abandon this training?") if is_training else gettext("Abandon these pictures?")
    return _of_job(job, "abandon", title, text, gettext("Keep waiting"), gettext("Abandon"))


def deleting(model: UserModel, photos: int, pictures: int) -> Question:
    """Return the question before a model is deleted, with exactly what goes with it."""
    text = _model_text(model, photos, pictures)
    title, keep = gettext("Delete this model?"), gettext("Keep model")
    return _of_model(model, title, text, keep, gettext("Delete model"))


def deleting_draft(model: UserModel) -> Question:
    """Return the question before a draft is deleted that has never been trained."""
    text = gettext(
        "This deletes “%(model)s” with its photos and answers, from the disk too. It cannot be "
        "undone."
    ) % {"model": isolated(model)}
    title, keep = gettext("Delete this draft?"), gettext("Keep draft")
    return _of_model(model, title, text, keep, gettext("Delete draft"))


def _of_model(model: UserModel, title: str, text: str, keep: str, do: str) -> Question:
    return Question(
        key="delete-dialog",
        title=title,
        text=text,
        keep=keep,
        do=do,
        address=reverse("dashboard:model_question", args=[model.pk]),
        action=reverse("dashboard:model_delete", args=[model.pk]),
        back=reverse("dashboard:model", args=[model.pk]),
    )


def _of_job(job: JobQueue, about: str, title: str, text: str, keep: str, do: str) -> Question:
    return Question(
        key=f"{about}-{job.pk}",
        title=title,
        text=text,
        keep=keep,
        do=do,
        address=reverse("dashboard:job_question", args=[job.pk, about]),
        action=reverse(_ACTIONS[about], args=[job.pk]),
        back=_page_of(job),
    )


def _page_of(job: JobQueue) -> str:
    if job.model_id is None:
        return reverse("dashboard:activity")
    return reverse("dashboard:model", args=[job.model_id])


def _cancelling_text(job: JobQueue) -> str:
    if job.status == Status.QUEUED:
        return gettext("Nothing was sent yet, so it costs nothing. Your photos and settings stay.")
    if runs_here(job.provider):
        return gettext(
            "Your own trainer stops, and the training so far is lost. It costs nothing. Your "
            "photos and settings stay."
        )
    return gettext(
        "We ask %(trainer)s to stop, and the training so far is lost. It may charge for the "
        "time until then. Your photos and settings stay."
    ) % {"trainer": label_of(job.provider)}


def _model_text(model: UserModel, photos: int, pictures: int) -> str:
    counts = {
        "photos": ngettext("%d photo", "%d photos", photos) % photos,
        "pictures": ngettext("%d picture", "%d pictures", pictures) % pictures,
    }
    if model.weights:
        text = gettext(
            "This deletes “%(model)s” with %(photos)s, the trained weights and %(pictures)s, "
            "from the disk too, and asks the trainer to delete what it has. It cannot be "
            "undone."
        )
    else:
        text = gettext(
            "This deletes “%(model)s” with %(photos)s and %(pictures)s, from the disk too. It "
            "cannot be undone."
        )
    return text % {"model": isolated(model), **counts}


def _is_unclear(job: JobQueue) -> bool:
    return job.status == Status.UNKNOWN


_ACTIONS = {
    "cancel": "dashboard:job_cancel",
    "not-started": "dashboard:job_not_started",
    "abandon": "dashboard:job_abandon",
}
_OF_JOBS: Mapping[str, tuple[Callable[[JobQueue], bool], Callable[[JobQueue], Question]]] = {
    "cancel": (services.can_cancel, cancelling),
    "not-started": (_is_unclear, sending_again),
    "abandon": (_is_unclear, abandoning),
}
