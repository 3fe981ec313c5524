"""The operator's page about providers: what each can do now, or why not and what to do."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext, gettext_lazy as _

from jobs import provider_report
from jobs.models import ProviderStatus
from jobs.webhook_admin import webhooks_text
from models_app.read_only_admin import ReadOnlyAdmin
from providers import registry


@admin.register(ProviderStatus)
class ProviderAdmin(ReadOnlyAdmin):
    list_display = (
        "name",
        "api_key",
        "trains",
        "draws",
        "webhooks",
        "last_answer_at",
        "paused_until",
        "state",
    )
    ordering = ("provider",)
    fields = (
        "name",
        "state",
        "api_key",
        "trains",
        "draws",
        "does_not_offer",
        "engine",
        "webhooks",
        "notes",
        "list_prices",
        "last_answer_at",
        "described_at",
        "paused_until",
        "unanswered_count",
        "last_error",
        "last_error_at",
    )

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        return self.fields

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """The list, with the providers that are off and how to turn them on."""
        off = [key for key in registry.CLASSES if key not in registry.configured()]
        lines = [f"{registry.label_of(key)} ({_variable(key)})" for key in off]
        text = gettext("Not set up: %(names)s.") % {"names": ", ".join(lines)} if lines else ""
        context = {"title": gettext("Providers"), "subtitle": text} | (extra_context or {})
        return super().changelist_view(request, context)

    @admin.display(description=_("provider"), ordering="provider")
    def name(self, status: ProviderStatus) -> str:
        return registry.label_of(status.provider)

    @admin.display(description=_("state"))
    def state(self, status: ProviderStatus) -> str:
        report = provider_report.stored(status)
        if not report.is_set_up:
            return gettext("Not set up. %(fix)s") % {"fix": report.fix}
        return f"{report.problem} {report.fix}" if report.problem else gettext("Works")

    @admin.display(description=_("API key"))
    def api_key(self, status: ProviderStatus) -> str:
        return provider_report.stored(status).key_text

    @admin.display(description=_("trains"))
    def trains(self, status: ProviderStatus) -> str:
        return ", ".join(provider_report.stored(status).trains) or "–"

    @admin.display(description=_("makes pictures with"))
    def draws(self, status: ProviderStatus) -> str:
        return ", ".join(provider_report.stored(status).draws) or "–"

    @admin.display(description=_("does not train now"))
    def does_not_offer(self, status: ProviderStatus) -> str:
        return ", ".join(provider_report.stored(status).missing) or "–"

    @admin.display(description=_("engine"))
    def engine(self, status: ProviderStatus) -> str:
        return provider_report.stored(status).engine

    @admin.display(description=_("webhooks"))
    def webhooks(self, status: ProviderStatus) -> str:
        return webhooks_text(status.provider)

    @admin.display(description=_("notes"))
    def notes(self, status: ProviderStatus) -> str:
        return " ".join(provider_report.stored(status).notes)

    @admin.display(description=_("list prices, first read and now"))
    def list_prices(self, status: ProviderStatus) -> str:
        now = (status.description or {}).get("unit_prices") or {}
        first = status.first_prices
        return "; ".join(f"{name}: {first.get(name)} → {now.get(name)}" for name in sorted(first))


def _variable(key: str) -> str:
    return registry.CLASSES[key].key_variable.name
