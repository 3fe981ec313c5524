"""Every text about a job that a person reads, in one place."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext, gettext_lazy as _, gettext_noop

from accounts.money import dollars
from jobs.error_texts import ERRORS as ERRORS, FIRST, GENERATE_AGAIN
from jobs.models import JobQueue
from jobs.recovery import NO_RESULT, failed_while_fetching, run_to_fetch
from jobs.states import Status
from models_app.texts import isolated
from providers import registry
from providers.types import FINDING, WorkKind

Text = str | Promise


@dataclass(frozen=True, slots=True)
class Explanation:
    """One job in plain words: what is happening, whether it costs money, what to do."""

    title: str
    sentence: str
    cost: str
    advice: str


NOT_PAID = _("It cost nothing.")
PAID = _("The trainer charged for it.")
CHARGES = _("The trainer charges for it.")
MAYBE_PAID = _("It may have been charged. The trainer's own page shows it.")
FREE_HERE = _("It runs on your own trainer, so it costs nothing.")
WAS_FREE_HERE = _("It ran on your own trainer, so it cost nothing.")
CLOSE_PAGE = _("You can close this page.")
FETCH_AGAIN = _("Try again. Only the download is repeated: no new training, no new charge.")
TRAIN_AGAIN = _("Try again. It is trained again, because the result cannot be downloaded twice.")
FEWER = gettext_noop("The trainer made %(made)d of %(count)d pictures.")
FEWER_ADVICE = _("Its safety check may have held the others back. Another prompt may help.")
NOT_SET_UP = _("Its trainer is no longer set up on this installation, so we cannot check.")
NOT_SET_UP_ADVICE = _("The operator has to set this trainer up again. Then it continues by itself.")
NO_LIST = _(
    "It was sent, but the answer was lost, and this trainer cannot tell us whether it arrived. "
    "It is not sent a second time unless you say so."
)
NO_PROOF = _(
    "It was sent, but the answer was lost. We keep looking for it at the trainer. That it is not "
    "found there proves nothing, so it is not sent a second time unless you say so."
)
NO_LIST_ADVICE = _("Check the trainer's own page, then tell us below what you found.")

_STATES: Mapping[str, tuple[Text, Text, Text]] = {
    Status.QUEUED: (
        _("Waiting to start"),
        _("It is in the queue and starts by itself."),
        CLOSE_PAGE,
    ),
    Status.SUBMITTING: (_("Starting"), _("It is being sent to the trainer."), CLOSE_PAGE),
    Status.UNKNOWN: (
        _("Unclear whether it started"),
        _(
            "It was sent, but the answer was lost. We are checking with the trainer whether it "
            "arrived. It is not sent a second time before we know."
        ),
        _("Wait a little. If you know more from the trainer's own page, tell us below."),
    ),
    Status.RUNNING: (
        _("Running"),
        _("The trainer is working on it."),
        _("You can close this page. It continues and is saved without you."),
    ),
    Status.FINISHING: (
        _("Almost there"),
        _("The trainer is done. We are downloading and checking the result."),
        CLOSE_PAGE,
    ),
    Status.SUCCEEDED: (_("Done"), _("The weights are checked and stored here."), ""),
    Status.CANCELLED: (
        _("Cancelled"),
        _("It was stopped before it finished."),
        _("Start again whenever you like. Everything you entered is still here."),
    ),
}

_GENERATION_STATES: Mapping[str, tuple[Text, Text, Text]] = {  # where a training's do not fit
    Status.RUNNING: (_("Making pictures"), _("Your pictures are being made."), CLOSE_PAGE),
    Status.FINISHING: (
        _("Almost there"),
        _("The pictures are made. We are downloading and checking them."),
        CLOSE_PAGE,
    ),
    Status.SUCCEEDED: (_("Done"), _("The pictures are stored here."), ""),
    Status.CANCELLED: (_("Cancelled"), _("It was stopped before a picture was made."), ""),
}

# What is known of a job at a trainer that can no longer be reached.
_AT_THE_TRAINER: Mapping[Status, Text] = {
    Status.UNKNOWN: _("It was sent, but the answer was lost."),
    Status.RUNNING: _("The trainer accepted it."),
    Status.FINISHING: _("The trainer is done with it."),
}

# Cancelled without the trainer's confirmation.
_ENDED_HERE: Mapping[str, Text] = {
    "deadline": _("It waited too long for the trainer, so it was taken out of the queue."),
    "abandoned": _("It was abandoned. If it still appears at the trainer, it is stopped."),
}

# Where a requested cancellation stands.
_CANCELLING: Mapping[Status, Text] = {
    Status.QUEUED: _("It is being taken out of the queue."),
    Status.SUBMITTING: _("It is stopped before it is sent, or as soon as the trainer has it."),
    Status.RUNNING: _("We are asking the trainer to stop it."),
}

# What was reached when only the download failed.
_DONE_THERE: Mapping[str, Text] = {
    "training": _("The training finished, but its result could not be downloaded."),
    "generation": _("The pictures were made, but not all of them could be downloaded."),
}

# What it means that something of ours is gone: there are names, and no message of a trainer.
_GONE = {"photos_gone", "weights_gone"}
# The same again would fail again.
_CHANGE_FIRST = _GONE | {"moderation"}
# The run was at the trainer when these ended the job; what it charged for, only it can tell.
_UNKNOWN_CHARGE = NO_RESULT | {"lost_contact"}


def explain(job: JobQueue) -> Explanation:
    """Return in words where a job stands, whatever its state and error."""
    if job.status == Status.FAILED:
        return _explain_failure(job)
    title, sentence, advice = (_GENERATION_STATES if job.kind == "generation" else {}).get(
        job.status, _STATES[job.status]
    )
    if is_short(job):
        sentence, advice = gettext(FEWER) % _picture_counts(job), FEWER_ADVICE
    elif out_of_reach := _out_of_reach(job):
        sentence, advice = out_of_reach
    elif job.cancel_requested_at and job.status in _CANCELLING:
        title, sentence, advice = _("Cancelling"), _CANCELLING[Status(job.status)], CLOSE_PAGE
    elif job.error_code:
        sentence, advice = _with_reason(job, sentence, advice)
    return Explanation(str(title), str(sentence), str(cost_of(job)), str(advice))


def is_short(job: JobQueue) -> bool:
    """Whether a trainer made fewer pictures than it was asked for, and no error."""
    if job.kind != WorkKind.GENERATION or job.status != Status.SUCCEEDED:
        return False
    counts = _picture_counts(job)
    return 0 < counts["made"] < counts["count"]


def _picture_counts(job: JobQueue) -> dict[str, int]:
    return {"made": job.result.get("images", 0), "count": job.payload.get("count", 1)}


def _out_of_reach(job: JobQueue) -> tuple[Text, Text] | None:
    """Sentence and advice for a job about which its trainer cannot be asked."""
    if job.status in _AT_THE_TRAINER and job.provider not in registry.configured():
        return _sentences(_AT_THE_TRAINER[Status(job.status)], NOT_SET_UP), NOT_SET_UP_ADVICE
    if job.status == Status.UNKNOWN and not _has_list(job):
        return NO_LIST, NO_LIST_ADVICE
    if job.status == Status.UNKNOWN and not registry.CLASSES[job.provider].lists_are_complete:
        return NO_PROOF, NO_LIST_ADVICE
    return None


def _with_reason(job: JobQueue, sentence: Text, advice: Text) -> tuple[Text, Text]:
    """Sentence and advice for a job that waits, or was ended here, for a reason."""
    happened = ERRORS.get(job.error_code, ERRORS["provider_error"])[0]
    match job.status:
        case Status.QUEUED:
            waits = _sentences(happened, gettext("It waits and starts by itself."))
            return waits, FIRST.get(job.error_code, advice)
        case Status.FINISHING:
            return _sentences(happened, gettext("The download is retried in a moment.")), advice
        case Status.CANCELLED:
            return _ENDED_HERE.get(job.error_code, sentence), advice
    return sentence, advice


def _has_list(job: JobQueue) -> bool:
    """Whether a list of the trainer shows which calls of this kind it accepted."""
    return FINDING[WorkKind(job.kind)] in registry.CLASSES[job.provider].capabilities


def _explain_failure(job: JobQueue) -> Explanation:
    happened, advice = ERRORS.get(job.error_code, ERRORS["provider_error"])
    first = FIRST.get(job.error_code, "")
    if failed_while_fetching(job):
        happened = _sentences(_DONE_THERE[job.kind], happened)
    if job.error_code in _CHANGE_FIRST:
        pass
    elif job.kind == "generation":
        advice = _sentences(first, GENERATE_AGAIN)
    elif failed_while_fetching(job):
        advice = _sentences(first, FETCH_AGAIN if run_to_fetch(job) else TRAIN_AGAIN)
    lead = gettext("Missing: %s.") if job.error_code in _GONE else gettext("Its message: “%s”")
    reason = lead % isolated(job.error_detail) if job.error_detail else ""
    title = _("The training failed") if job.kind == "training" else _("The pictures failed")
    return Explanation(str(title), _sentences(happened, reason), str(cost_of(job)), str(advice))


def _sentences(*texts: Text) -> str:
    return " ".join(str(text) for text in texts if text)


def cost_of(job: JobQueue) -> Text:
    """Return whether a job has cost money, and how much, as far as it is known. No query."""
    has_run = bool(job.run_id or job.payload.get("adopt_run"))
    # A call that was lost once may have been paid, whatever was decided about it since.
    if not (has_run or job.sent_at or job.call_over_at):
        return NOT_PAID
    if registry.runs_here(job.provider):
        return WAS_FREE_HERE if job.is_over else FREE_HERE
    if job.cost_usd is not None:
        return gettext("It cost %s.") % dollars(job.cost_usd) if job.cost_usd else NOT_PAID
    if not has_run or job.status == Status.CANCELLED or job.error_code in _UNKNOWN_CHARGE:
        return MAYBE_PAID
    return CHARGES if job.status == Status.RUNNING else PAID
