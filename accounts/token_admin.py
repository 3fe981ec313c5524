"""Tokens for programs, as operators see them: whose they are and when they were used; they can be
ended, and nothing else."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _, ngettext

from accounts import tokens
from accounts.current_user import current_user
from accounts.models import ApiToken


@admin.register(ApiToken)
class ApiTokenAdmin(admin.ModelAdmin):
    """A list with states. Nobody makes a token for somebody else."""

    list_display = (
        "name", "user", "scope", "state_text", "created_at", "expires_at", "last_used_at",
    )  # fmt: skip
    list_select_related = ("user",)
    list_filter = ("scope", ("revoked_at", admin.EmptyFieldListFilter))
    search_fields = ("name", "user__email")
    ordering = ("-created_at",)
    list_per_page = 50
    show_full_result_count = False
    fields = readonly_fields = (*list_display, "hint", "last_used_from", "revoked_at")
    actions = ("revoke",)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_revoke_permission(self, request: HttpRequest) -> bool:
        """Who may end tokens: those who could change them if rows were changed by hand."""
        return request.user.has_perm("accounts.change_apitoken")

    @admin.action(description=_("Revoke"), permissions=["revoke"])
    def revoke(self, request: HttpRequest, queryset: QuerySet[ApiToken]) -> None:
        by = current_user(request)
        done = sum(tokens.revoke(token, by=by) for token in queryset)
        text = ngettext("%d token revoked.", "%d tokens revoked.", done) % done
        self.message_user(request, text, messages.SUCCESS if done else messages.WARNING)

    @admin.display(description=_("state"))
    def state_text(self, token: ApiToken) -> str:
        return str(token.state.label)
