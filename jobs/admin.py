"""The queue for operators: everything can be seen, nothing can be written past the engine."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Any

from django.contrib import admin, messages
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.timesince import timesince

from jobs import selectors, services
from jobs.messages import explain, provider_label
from jobs.models import JobEvent, JobQueue, ProviderWatch
from jobs.moves import IllegalMove
from jobs.short_ids import starting_with
from jobs.trouble import STUCK_AFTER, alarmed, failed_since, stuck, unclear

EVENTS_SHOWN = 200


class TroubleFilter(admin.SimpleListFilter):
    """Finds the jobs that somebody should look at."""

    title = "trouble"
    parameter_name = "trouble"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [
            ("any", "Anything"),
            ("unclear", "Unclear whether it started"),
            ("stuck", f"Not heard of for {STUCK_AFTER.seconds // 60} minutes"),
            ("failed", "Failed in the last 24 hours"),
            ("alarm", "With an alarm"),
        ]

    def queryset(self, request: HttpRequest, queryset: QuerySet[JobQueue]) -> QuerySet[JobQueue]:
        failed = failed_since(timezone.now() - timedelta(hours=24))
        conditions = {"unclear": unclear(), "stuck": stuck(), "failed": failed, "alarm": alarmed()}
        if self.value() == "any":
            return queryset.filter(unclear() | stuck() | failed | alarmed())
        return queryset.filter(conditions.get(self.value() or "", Q()))


class ReadOnlyAdmin(admin.ModelAdmin):
    """Rows that only the engine writes."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(JobQueue)
class JobAdmin(ReadOnlyAdmin):
    list_display = (
        "short_id",
        "state",
        "progress_text",
        "last_heard",
        "age_text",
        "error_code",
        "alarm",
        "kind",
        "model",
        "owner",
        "provider",
    )
    list_display_links = ("short_id",)
    list_filter = (TroubleFilter, "status", "kind", "provider", "engine", "created_at")
    list_select_related = ("owner", "model")
    list_per_page = 50
    show_full_result_count = False
    search_fields = ("run_id", "correlation", "owner__email", "model__name")
    search_help_text = "The beginning of a job's id, or a run id, token, e-mail address or name"
    # Rooms above add their own.
    actions: Sequence[str | Callable[..., None]] = (
        "look_now",
        "cancel_jobs",
        "forget_jobs",
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

    @admin.display(description="job", ordering="id")
    def short_id(self, job: JobQueue) -> str:
        return str(job.pk)[:8]

    @admin.display(description="state", ordering="status")
    def state(self, job: JobQueue) -> SafeString:
        return format_html(
            '<span class="job-state" data-status="{}">{}</span>',
            job.status,
            job.get_status_display(),
        )

    @admin.display(description="progress", ordering="progress")
    def progress_text(self, job: JobQueue) -> str:
        steps = f" · {job.step} of {job.total_steps}" if job.step and job.total_steps else ""
        return f"{job.progress:.0%}{steps}"

    @admin.display(description="last heard", ordering="last_seen_at")
    def last_heard(self, job: JobQueue) -> str:
        if job.is_over or job.last_seen_at is None:
            return "–"
        stuck_text = " (stuck)" if selectors.is_stuck(job) else ""
        return f"{timesince(job.last_seen_at, depth=1)} ago{stuck_text}"

    @admin.display(description="age", ordering="created_at")
    def age_text(self, job: JobQueue) -> str:
        return timesince(job.created_at, depth=1)

    @admin.action(description="Look at it now", permissions=["operate"])
    def look_now(self, request: HttpRequest, queryset: QuerySet[JobQueue]) -> None:
        self._each(request, queryset, services.poll_now, "will be looked at in a moment")

    @admin.action(description="Cancel", permissions=["operate"])
    def cancel_jobs(self, request: HttpRequest, queryset: QuerySet[JobQueue]) -> None:
        who = _name_of(request)
        self._each(request, queryset, lambda job: services.cancel(job, by=who), "is asked to stop")

    @admin.action(description="Forget (it is unclear whether it started)", permissions=["operate"])
    def forget_jobs(self, request: HttpRequest, queryset: QuerySet[JobQueue]) -> None:
        who = _name_of(request)
        self._each(request, queryset, lambda job: services.forget(job, by=who), "is given up")

    @admin.action(description="It surely did not start: send it again", permissions=["operate"])
    def declare_jobs_not_started(self, request: HttpRequest, queryset: QuerySet[JobQueue]) -> None:
        who = _name_of(request)
        self._each(
            request,
            queryset,
            lambda job: services.declare_not_started(job, by=who),
            "is sent again",
        )

    def _each(
        self,
        request: HttpRequest,
        queryset: QuerySet[JobQueue],
        act: Callable[[JobQueue], None],
        outcome: str,
    ) -> None:
        """Do it to every job on its own, so that one that refuses does not stop the others."""
        done = 0
        for job in queryset:
            try:
                act(job)
                done += 1
            except IllegalMove as error:
                self.message_user(request, str(error), messages.WARNING)
        if done:
            noun = "job" if done == 1 else "jobs"
            self.message_user(request, f"{done} {noun}: {outcome}.", messages.SUCCESS)


@admin.register(ProviderWatch)
class ProviderAdmin(ReadOnlyAdmin):
    list_display = ("name", "last_answer_at", "engine", "blocked_until", "last_error")
    ordering = ("provider",)

    @admin.display(description="provider", ordering="provider")
    def name(self, watch: ProviderWatch) -> str:
        return provider_label(watch.provider)

    @admin.display(description="engine")
    def engine(self, watch: ProviderWatch) -> str:
        return str((watch.description or {}).get("engine", ""))


def _name_of(request: HttpRequest) -> str:
    return f"the operator ({request.user})"
