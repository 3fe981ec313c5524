"""People's webhooks for operators: how sending goes. No path of an address and no secret is shown,
and nothing can be changed."""

from __future__ import annotations

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from accounts.models import WebhookDelivery


@admin.register(WebhookDelivery)
class DeliveryAdmin(admin.ModelAdmin):
    list_display = ("event", "host", "created_at", "attempts", "result", "last_status", "error")
    list_filter = (
        "event",
        ("delivered_at", admin.EmptyFieldListFilter),
        ("next_try_at", admin.EmptyFieldListFilter),
    )
    fields = readonly_fields = (
        "event",
        "host",
        "owner",
        "created_at",
        "attempts",
        "next_try_at",
        "delivered_at",
        "given_up_at",
        "last_status",
        "error",
        "disabled",
    )
    ordering = ("-created_at",)
    list_per_page = 50
    show_full_result_count = False

    def get_queryset(self, request: HttpRequest) -> QuerySet[WebhookDelivery]:
        return super().get_queryset(request).select_related("endpoint__owner")

    @admin.display(description=_("receiver"))
    def host(self, delivery: WebhookDelivery) -> str:
        return delivery.endpoint.host

    @admin.display(description=_("owner"))
    def owner(self, delivery: WebhookDelivery) -> str:
        return delivery.endpoint.owner.email

    @admin.display(description=_("state"))
    def result(self, delivery: WebhookDelivery) -> str:
        return str(delivery.state.label)

    @admin.display(description=_("receiver disabled"))
    def disabled(self, delivery: WebhookDelivery) -> str:
        return str(delivery.endpoint.get_disabled_why_display()) or "–"

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(
        self, request: HttpRequest, obj: WebhookDelivery | None = None
    ) -> bool:
        return False

    def has_delete_permission(
        self, request: HttpRequest, obj: WebhookDelivery | None = None
    ) -> bool:
        return False
