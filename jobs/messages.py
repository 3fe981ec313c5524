"""Every text about a job that a person reads, in one place."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from jobs.models import JobQueue
from jobs.recovery import NO_RESULT, can_fetch_again, failed_while_fetching
from jobs.states import Status
from providers import registry
from providers.catalog import PROVIDER_LABELS
from providers.types import LISTING, WorkKind


@dataclass(frozen=True, slots=True)
class Explanation:
    """One job in a person's words: what is, whether it costs money, what to do."""

    title: str
    sentence: str
    cost: str
    advice: str


NOT_PAID = "It cost nothing."
PAID = "The trainer has charged for it."
CHARGES = "The trainer charges for it."
MAYBE_PAID = "It may have been charged: the trainer knows."
FREE_AT_HOME = "Your own trainer does it, so it costs nothing."
WAS_FREE_AT_HOME = "It ran on your own trainer, so it cost nothing."
TRY_AGAIN = "Try again: the photos are still here, nothing is uploaded twice by you."
FETCH_AGAIN = "Try again: only the fetching is repeated, without training or paying again."
TRAIN_ANEW = "Try again: it is trained anew, because the result could not be had twice."
DRAW_AGAIN = "Try again: the pictures are drawn anew."
GONE = "Its trainer is no longer set up on this installation, so it cannot be asked."
GONE_ADVICE = "The operator must set this trainer up again; then it goes on by itself."
NO_LIST = (
    "It was sent, but the answer was lost, and this trainer cannot be asked whether it arrived. "
    "It is not sent a second time unless you say so."
)
NO_LIST_ADVICE = "Look at the trainer's own page and say below what you found."

_STATES: Mapping[str, tuple[str, str, str]] = {
    Status.QUEUED: (
        "Waiting to start",
        "It is in the queue and starts by itself.",
        "You can close this page.",
    ),
    Status.SUBMITTING: (
        "Starting",
        "It is on its way to the trainer.",
        "You can close this page.",
    ),
    Status.UNKNOWN: (
        "Unclear whether it started",
        "It was sent, but the answer was lost. We are asking the trainer whether it arrived; "
        "it is not sent a second time before that is known.",
        "Wait a little. If you know better (from the trainer's own page), say so below.",
    ),
    Status.RUNNING: (
        "Running",
        "The trainer is working on it.",
        "You can close this page; it goes on and is fetched without you.",
    ),
    Status.FINISHING: (
        "Almost there",
        "The trainer is done. The result is being fetched and checked.",
        "You can close this page.",
    ),
    Status.SUCCEEDED: ("Done", "The weights are checked and stored here.", ""),
    Status.CANCELLED: (
        "Cancelled",
        "It was stopped before it finished.",
        "Start again whenever you like: everything you entered is still here.",
    ),
}

# What is known of a job at a trainer that cannot be asked any more.
_AT_THE_TRAINER: Mapping[Status, str] = {
    Status.UNKNOWN: "It was sent, but the answer was lost.",
    Status.RUNNING: "The trainer had it.",
    Status.FINISHING: "The trainer is done with it.",
}

# Cancelled without the trainer's word.
_ENDED_HERE: Mapping[str, str] = {
    "deadline": "It waited so long for the trainer that it was taken out of the queue.",
    "given_up": (
        "It was given up here. If it is still at the trainer, it is stopped when it turns up."
    ),
}

# Where a wish to cancel stands.
_CANCELLING: Mapping[Status, str] = {
    Status.QUEUED: "It is taken out of the queue.",
    Status.SUBMITTING: "It is stopped before it is sent, or as soon as the trainer has it.",
    Status.RUNNING: "The trainer is asked to stop it.",
}

# What was reached when only the fetching failed.
_DONE_THERE: Mapping[str, str] = {
    "training": "It was trained, but the result could not be fetched.",
    "generation": "The pictures were drawn, but not all of them could be fetched.",
}

# Where pictures need other words than a training.
_PICTURES: Mapping[str, tuple[str, str, str]] = {
    Status.RUNNING: ("Drawing", "The pictures are being drawn.", "You can close this page."),
    Status.FINISHING: (
        "Almost there",
        "The pictures are drawn. They are being fetched and checked.",
        "You can close this page.",
    ),
    Status.SUCCEEDED: ("Done", "The pictures are stored here.", ""),
    Status.CANCELLED: ("Cancelled", "It was stopped before a picture was drawn.", ""),
}

# error code → (what happened, what to do)
ERRORS: Mapping[str, tuple[str, str]] = {
    "provider_error": ("The trainer reported an error.", TRY_AGAIN),
    "unsupported": (
        "This trainer cannot do what was asked of it.",
        "Choose another trainer for this model.",
    ),
    "unavailable": ("The trainer could not be reached.", TRY_AGAIN),
    "rate_limited": ("The trainer asked us to slow down.", TRY_AGAIN),
    "outcome_unknown": (
        "It was sent, but the answer was lost on the way.",
        "We are asking the trainer whether it arrived.",
    ),
    "authentication_failed": (
        "The trainer does not accept this installation's key.",
        "The operator must correct the key; then try again.",
    ),
    "out_of_credit": (
        "The account at the trainer has no credit left.",
        "Add credit at the trainer or choose another one; then try again.",
    ),
    "rejected": (
        "The trainer refused the request.",
        "Read its reason, change photos or settings, then try again.",
    ),
    "run_not_found": ("The trainer does not know this run any more.", TRY_AGAIN),
    "unexpected_reply": (
        "The trainer's answer could not be read.",
        "If it happens again, the operator should look at the log.",
    ),
    "invalid_webhook": ("A message about it could not be trusted.", TRY_AGAIN),
    "run_failed": ("The trainer started it and then reported a failure.", TRY_AGAIN),
    "deadline": (
        "It did not come to an end within the time it was given.",
        TRY_AGAIN,
    ),
    "lost_sight": (
        "The trainer could not be asked about it for a week, so nobody knows what became of it.",
        "Try again: the trainer is asked about it once more, without training or paying again.",
    ),
    "not_configured": (
        "This trainer is no longer set up on this installation.",
        "The operator must set it up again; or choose another trainer.",
    ),
    "fetch_deadline": (
        "The time it was given for that is over.",
        TRY_AGAIN,
    ),
    "bad_weights": (
        "The weights arrived damaged or cut short.",
        TRY_AGAIN,
    ),
    "bad_picture": (
        "The pictures arrived damaged.",
        DRAW_AGAIN,
    ),
    "disk_full": (
        "There is no space left on this installation's disk.",
        "The operator must free some space; then try again.",
    ),
    "internal": (
        "Something went wrong inside TheWay.",
        "Try again; if it happens again, the operator finds the reason in the log.",
    ),
}

# What has to be done by somebody else before trying again helps.
_FIRST: Mapping[str, str] = {
    "authentication_failed": "The operator must correct the key. ",
    "disk_full": "The operator must free some space. ",
    "not_configured": "The operator must set this trainer up again. ",
    "out_of_credit": "Add credit at the trainer. ",
}
# The run was at the trainer when these ended the job; what it charged for, only it can tell.
_UNKNOWN_BILL = NO_RESULT | {"lost_sight"}


def explain(job: JobQueue) -> Explanation:
    """Say in words where a job stands, whatever its state and error."""
    if job.status == Status.FAILED:
        return _explain_failure(job)
    title, sentence, advice = (_PICTURES if job.kind == "generation" else {}).get(
        job.status, _STATES[job.status]
    )
    if out_of_reach := _out_of_reach(job):
        sentence, advice = out_of_reach
    elif job.cancel_requested_at and job.status in _CANCELLING:
        title, sentence = "Cancelling", _CANCELLING[Status(job.status)]
        advice = "You can close this page."
    elif job.error_code:
        sentence, advice = _with_reason(job, sentence, advice)
    return Explanation(title, sentence, cost_of(job), advice)


def _out_of_reach(job: JobQueue) -> tuple[str, str] | None:
    """Sentence and advice for a job whose trainer cannot be asked about it."""
    if job.status in _AT_THE_TRAINER and job.provider not in registry.configured():
        return f"{_AT_THE_TRAINER[Status(job.status)]} {GONE}", GONE_ADVICE
    if job.status == Status.UNKNOWN and not _has_list(job):
        return NO_LIST, NO_LIST_ADVICE
    return None


def _with_reason(job: JobQueue, sentence: str, advice: str) -> tuple[str, str]:
    """Sentence and advice for a job that waits, or was ended here, for a reason."""
    happened, _ = ERRORS.get(job.error_code, ERRORS["provider_error"])
    match job.status:
        case Status.QUEUED:
            advice = _FIRST.get(job.error_code, advice).strip()
            return f"{happened} It waits and starts by itself.", advice
        case Status.FINISHING:
            return f"{happened} It is fetched again in a moment.", advice
        case Status.CANCELLED:
            return _ENDED_HERE.get(job.error_code, sentence), advice
    return sentence, advice


def _has_list(job: JobQueue) -> bool:
    """Whether the trainer can be asked which jobs of this kind it has."""
    return LISTING[WorkKind(job.kind)] in registry.CLASSES[job.provider].capabilities


def _explain_failure(job: JobQueue) -> Explanation:
    happened, advice = ERRORS.get(job.error_code, ERRORS["provider_error"])
    if failed_while_fetching(job):
        happened = f"{_DONE_THERE[job.kind]} {happened}"
    if job.kind == "generation":
        advice = _FIRST.get(job.error_code, "") + DRAW_AGAIN
    elif failed_while_fetching(job):
        again = FETCH_AGAIN if can_fetch_again(job) else TRAIN_ANEW
        advice = _FIRST.get(job.error_code, "") + again
    own_words = f" It said: “{job.error_detail}”" if job.error_detail else ""
    title = "The training failed" if job.kind == "training" else "No pictures this time"
    return Explanation(title, happened + own_words, cost_of(job), advice)


def cost_of(job: JobQueue) -> str:
    """Whether a job has cost money, as far as anybody can tell."""
    if not job.run_id and job.sent_at is None and job.status != Status.UNKNOWN:
        return NOT_PAID
    if is_own(job.provider):
        return WAS_FREE_AT_HOME if job.is_over else FREE_AT_HOME
    if not job.run_id or job.status == Status.CANCELLED or job.error_code in _UNKNOWN_BILL:
        return MAYBE_PAID
    return CHARGES if job.status == Status.RUNNING else PAID


def is_own(provider: str) -> bool:
    """Whether this provider is the installation's own trainer."""
    return provider == "local"


def provider_label(provider: str) -> str:
    """The provider's name for people, also of one that is no longer configured."""
    return PROVIDER_LABELS.get(provider, provider)
