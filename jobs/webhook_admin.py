"""What providers reported by themselves, for operators. Their keys are shown nowhere."""

from __future__ import annotations

from django.contrib import admin
from django.utils.timesince import timesince
from django.utils.translation import gettext, gettext_lazy as _

from jobs.models import WebhookCount, WebhookReceipt
from models_app.read_only_admin import ReadOnlyAdmin
from providers.registry import label_of

GOOD = {WebhookCount.Outcome.TAKEN, WebhookCount.Outcome.REPEATED}


@admin.register(WebhookReceipt)
class WebhookAdmin(ReadOnlyAdmin):
    list_display = ("run_id", "label", "job", "received_at", "handled_at", "result", "attempts")
    list_filter = ("provider", "result")
    list_select_related = ("job",)
    search_fields = ("run_id", "delivery_id")
    ordering = ("-received_at",)

    @admin.display(description=_("provider"), ordering="provider")
    def label(self, receipt: WebhookReceipt) -> str:
        return label_of(receipt.provider)


def webhooks_text(provider: str) -> str:
    """Return in a line what came from a provider: what was taken and, if any, what was refused."""
    rows = {row.outcome: row for row in WebhookCount.objects.filter(provider=provider)}
    if not rows:
        return "–"
    taken = rows.get(WebhookCount.Outcome.TAKEN)
    parts = [gettext("%d taken") % (taken.count if taken else 0)]
    if taken:
        parts.append(gettext("last %s ago") % timesince(taken.last_at, depth=1))
    refused = {key: row for key, row in rows.items() if key not in GOOD}
    if refused:
        total = sum(row.count for row in refused.values())
        reasons = ", ".join(f"{row.count} {row.get_outcome_display()}" for row in refused.values())
        parts.append(
            gettext("%(count)d refused (%(reasons)s)") % {"count": total, "reasons": reasons}
        )
    return " · ".join(parts)
