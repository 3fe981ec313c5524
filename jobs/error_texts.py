"""What each error code of a job means for people, and what to do about it."""

from __future__ import annotations

from collections.abc import Mapping

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

Text = str | Promise

TRY_AGAIN = _("Try again. Your photos are still here, so you upload nothing twice.")
GENERATE_AGAIN = _("Try again. New pictures are made.")

# error code → (what happened, what to do)
ERRORS: Mapping[str, tuple[Text, Text]] = {
    "provider_error": (_("The trainer reported an error."), TRY_AGAIN),
    "unsupported": (
        _("This trainer cannot do what was requested."),
        _("Choose another trainer for this model."),
    ),
    "unavailable": (_("The trainer could not be reached."), TRY_AGAIN),
    "rate_limited": (_("The trainer asked us to slow down."), TRY_AGAIN),
    "outcome_unknown": (
        _("It was sent, but the answer was lost."),
        _("We are checking with the trainer whether it arrived."),
    ),
    "authentication_failed": (
        _("The trainer does not accept this installation's API key."),
        _("The operator has to correct the key. Then try again."),
    ),
    "out_of_credit": (
        _("The account at the trainer has no credit left."),
        _(
            "Add credit at the trainer or choose another one. Then try again. Where it has credit, "
            "only the trainer's support can unlock the account."
        ),
    ),
    "account_locked": (
        _("The account at the trainer is locked."),
        _("Ask the trainer's support to unlock it, or choose another trainer. Then try again."),
    ),
    "rejected": (
        _("The trainer refused the request."),
        _("Read its reason, change photos or settings, then try again."),
    ),
    "run_not_found": (_("The trainer no longer knows this run."), TRY_AGAIN),
    "unexpected_reply": (
        _("The trainer's answer could not be read."),
        _("If it happens again, the operator should check the log."),
    ),
    "invalid_webhook": (_("A message about it could not be verified."), TRY_AGAIN),
    "run_failed": (_("The trainer started it and then reported a failure."), TRY_AGAIN),
    "moderation": (
        _("The trainer's safety check refused the photos or the prompt."),
        _("Change what it names. It decides by itself, and the same request would fail again."),
    ),
    "bad_dataset": (
        _("The trainer could not use the photos as they were sent."),
        _("Read its reason. Another trainer may take the same photos."),
    ),
    "input_expired": (
        _("What was uploaded for it was no longer there when the trainer fetched it."),
        TRY_AGAIN,
    ),
    "trainer_gone": (
        _("This trainer, or the version of it that we know, is no longer offered."),
        _("Choose another trainer. Your photos are still here, so you upload nothing twice."),
    ),
    "out_of_memory": (
        _("The trainer ran out of memory."),
        _("Try again with a lower resolution or a batch size of 1, or choose another trainer."),
    ),
    "timed_out": (_("It took longer than the trainer allows."), TRY_AGAIN),
    "deadline": (_("It did not finish in the time it was given."), TRY_AGAIN),
    "lost_contact": (
        _("The trainer could not be reached for a week, so the outcome is not known."),
        _("Try again. We check with the trainer first: no new training, no new charge."),
    ),
    "not_configured": (
        _("This trainer is no longer set up on this installation."),
        _("The operator has to set it up again, or choose another trainer."),
    ),
    "fetch_deadline": (_("The time for that is over."), TRY_AGAIN),
    "bad_weights": (_("The weights arrived damaged or incomplete."), TRY_AGAIN),
    "bad_image": (_("The pictures arrived damaged."), GENERATE_AGAIN),
    "photos_gone": (
        _("Photos are missing or damaged in this installation's storage, so nothing was sent."),
        _("Remove the photos named here from the model, upload them again, then start again."),
    ),
    "weights_gone": (
        _("The weights stored here are missing or damaged, so nothing was sent."),
        _("The operator can bring them back from a backup. Otherwise train the model again."),
    ),
    "disk_full": (
        _("There is no space left on this installation's disk."),
        _("The operator has to free some space. Then try again."),
    ),
    "storage_away": (
        _("This installation's file storage does not answer."),
        _("It goes on by itself. If it lasts, the operator finds the reason in the log."),
    ),
    "internal": (
        _("Something went wrong inside TheWay."),
        _("Try again. If it happens again, the operator finds the reason in the log."),
    ),
}

# What somebody else has to do before trying again helps.
FIRST: Mapping[str, Text] = {
    "account_locked": _("The trainer's support has to unlock the account."),
    "authentication_failed": _("The operator has to correct the key."),
    "disk_full": _("The operator has to free some space."),
    "not_configured": _("The operator has to set this trainer up again."),
    "out_of_credit": _("Add credit at the trainer."),
}
