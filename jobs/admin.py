"""The queue for operators: everything can be seen, only the engine writes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.timesince import timesince
from django.utils.translation import gettext, gettext_lazy as _, ngettext

from accounts.limits import LimitReachedError
from jobs import services
from jobs.account_admin import AccountAdmin as AccountAdmin  # Django looks here
from jobs.engine.transitions import TransitionError
from jobs.messages import explain
from jobs.models import JobEvent, JobQueue, OrphanRun, PaidCall, RemoteDeletion
from jobs.provider_admin import ProviderAdmin as ProviderAdmin  # registered there
from jobs.querysets import STUCK_AFTER, attention
from jobs.selectors import starting_with
from jobs.webhook_admin import WebhookAdmin as WebhookAdmin  # registered there
from models_app.read_only_admin import ReadOnlyAdmin
from providers.registry import label_of

EVENTS_SHOWN = 200


class AttentionFilter(admin.SimpleListFilter):
    """Finds the jobs that an operator should look at."""

    title = _("attention")
    parameter_name = "attention"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        minutes = STUCK_AFTER.seconds // 60
        return [
            ("any", gettext("Any reason")),
            ("unclear", gettext("Unclear whether it started")),
            ("stuck", gettext("Not observed for %d minutes") % minutes),
            ("failed", gettext("Failed in the last 24 hours")),
            ("incident", gettext("With an incident")),
        ]

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        reason = self.value() or ""
        if reason == "any":
            return queryset.needs_attention()
        return queryset.needs_attention(reason) if reason in attention() else queryset


@admin.register(JobQueue)
class JobAdmin(ReadOnlyAdmin):
    list_display = (
        "short_id",
        "state",
        "progress_text",
        "last_observed",
        "age_text",
        "error_code",
        "incident",
        "kind",
        "model",
        "owner",
        "provider",
    )
    list_display_links = ("short_id",)
    list_filter = (AttentionFilter, "status", "kind", "provider", "engine", "created_at")
    list_select_related = ("owner", "model")
    search_fields = ("run_id", "correlation", "owner__email", "model__name")
    search_help_text = _("The start of a job's id, a run id, a token, an email address or a name")
    # Rooms above add their own.
    actions: Sequence[str | Callable[..., None]] = (
        "poll_now",
        "cancel_jobs",
        "abandon_jobs",
        "declare_jobs_not_started",
    )

    def has_operate_permission(self, request: HttpRequest) -> bool:
        """Who may act on jobs: those who could change them if rows were changed by hand."""
        return request.user.has_perm("jobs.change_jobqueue")

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[JobQueue], search_term: str
    ) -> tuple[QuerySet[JobQueue], bool]:
        found, has_duplicates = super().get_search_results(request, queryset, search_term)
        # Four digits: a shorter beginning is more likely part of a name.
        if len(search_term.strip()) >= 4:
            found |= queryset.filter(pk__in=starting_with(search_term).values("pk"))
        return found, has_duplicates

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        events = JobEvent.objects.filter(job_id__in=starting_with(object_id)[:1].values("pk"))
        job = starting_with(object_id).first()
        extra = {
            "events": events.order_by("-id")[:EVENTS_SHOWN],
            "events_shown": EVENTS_SHOWN,
            "explanation": explain(job) if job else None,
            "may_operate": self.has_operate_permission(request),
        }
        return super().change_view(request, object_id, form_url, extra | (extra_context or {}))

    def get_queryset(self, request: HttpRequest) -> QuerySet[JobQueue]:
        return JobQueue.objects.with_is_stuck()

    @admin.display(description=_("job"), ordering="id")
    def short_id(self, job: JobQueue) -> str:
        return str(job.pk)[:8]

    @admin.display(description=_("state"), ordering="status")
    def state(self, job: JobQueue) -> SafeString:
        return format_html(
            '<span class="job-state" data-status="{}">{}</span>',
            job.status,
            job.get_status_display(),
        )

    @admin.display(description=_("progress"), ordering="progress")
    def progress_text(self, job: JobQueue) -> str:
        has_steps = job.step and job.total_steps
        steps = gettext(" · %(step)s of %(total_steps)s") % vars(job) if has_steps else ""
        return f"{job.progress:.0%}{steps}"

    @admin.display(description=_("last observed"), ordering="last_seen_at")
    def last_observed(self, job: JobQueue) -> str:
        if job.is_over or job.last_seen_at is None:
            return "–"
        since = timesince(job.last_seen_at, depth=1)
        is_stuck = job.is_stuck  # type: ignore[attr-defined]  # annotated in get_queryset
        return (gettext("%s ago (stuck)") if is_stuck else gettext("%s ago")) % since

    @admin.display(description=_("age"), ordering="created_at")
    def age_text(self, job: JobQueue) -> str:
        return timesince(job.created_at, depth=1)

    @admin.action(description=_("Poll now"), permissions=["operate"])
    def poll_now(self, request: HttpRequest, queryset: QuerySet[JobQueue]) -> None:
        self._each(request, queryset, services.poll_now, gettext("will be polled in a moment"))

    @admin.action(description=_("Cancel"), permissions=["operate"])
    def cancel_jobs(self, request: HttpRequest, queryset: QuerySet[JobQueue]) -> None:
        by = _name_of(request)
        outcome = gettext("cancellation requested")
        self._each(request, queryset, lambda job: services.cancel(job, by=by), outcome)

    @admin.action(
        description=_("Abandon (it is unclear whether it started)"), permissions=["operate"]
    )
    def abandon_jobs(self, request: HttpRequest, queryset: QuerySet[JobQueue]) -> None:
        by = _name_of(request)
        outcome = gettext("abandoned")
        self._each(request, queryset, lambda job: services.abandon(job, by=by), outcome)

    @admin.action(description=_("It surely did not start: send it again"), permissions=["operate"])
    def declare_jobs_not_started(self, request: HttpRequest, queryset: QuerySet[JobQueue]) -> None:
        by = _name_of(request)
        self._each(
            request,
            queryset,
            lambda job: services.declare_not_started(job, by=by),
            gettext("will be sent again"),
        )

    def _each(
        self,
        request: HttpRequest,
        queryset: QuerySet[JobQueue],
        act: Callable[[JobQueue], None],
        outcome: str,
    ) -> None:
        """Act on every job on its own, so that one that refuses does not stop the others."""
        done = 0
        for job in queryset:
            try:
                act(job)
                done += 1
            except (TransitionError, LimitReachedError) as error:
                self.message_user(request, str(error), messages.WARNING)
        if done:
            count = ngettext("%d job", "%d jobs", done) % done
            self.message_user(request, f"{count}: {outcome}.", messages.SUCCESS)


@admin.register(OrphanRun)
class OrphanRunAdmin(ReadOnlyAdmin):
    list_display = ("run_id", "job", "provider", "found_at", "next_try_at")
    list_select_related = ("job",)
    ordering = ("-found_at",)

    @admin.display(description=_("provider"), ordering="job__provider")
    def provider(self, orphan: OrphanRun) -> str:
        return label_of(orphan.job.provider)


class GivenUpFilter(admin.SimpleListFilter):
    """Finds what only a person can delete."""

    title = _("given up")
    parameter_name = "given_up"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("yes", gettext("To be deleted by hand"))]

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        return queryset.filter(next_try_at=None) if self.value() else queryset


@admin.register(RemoteDeletion)
class RemoteDeletionAdmin(ReadOnlyAdmin):
    list_display = (
        "__str__",
        "kind",
        "provider",
        "job",
        "requested_at",
        "next_try_at",
        "attempts",
        "error_code",
    )
    list_filter = (GivenUpFilter, "provider", "kind")
    list_select_related = ("job",)
    ordering = ("-requested_at",)


@admin.register(PaidCall)
class PaidCallAdmin(ReadOnlyAdmin):
    """The ledger, row by row; its sums are on the page “Spending”."""

    list_display = (
        "sent_at",
        "provider",
        "kind",
        "owner",
        "outcome",
        "estimate_usd",
        "actual_usd",
        "billed",
        "job",
    )
    list_filter = ("outcome", "provider", "kind", "day")
    list_select_related = ("owner", "job")
    ordering = ("-day", "-id")


def _name_of(request: HttpRequest) -> str:
    return gettext("the operator (%s)") % request.user
