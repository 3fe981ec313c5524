"""Inviting people: the link is shown once, on the page that answers the form."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils.translation import gettext, gettext_lazy as _, ngettext

from accounts import invitations
from accounts.current_user import current_user
from accounts.invite_form import InviteForm
from accounts.models import Invitation

_LINK = "invitation_link"


@admin.register(Invitation)
class InvitationAdmin(admin.ModelAdmin):
    """A list with states. An invitation is made and withdrawn, and never edited."""

    form = InviteForm
    list_display = ("whom", "state_text", "note", "expires_at", "created_by", "used_by")
    list_select_related = ("created_by", "used_by")
    search_fields = ("email", "note", "used_by__email", "created_by__email")
    ordering = ("-created_at",)
    list_per_page = 50
    show_full_result_count = False
    actions = ("withdraw",)
    shown = (
        "whom", "state_text", "note", "created_by", "created_at", "expires_at", "used_by",
        "used_at", "withdrawn_at",
    )  # fmt: skip

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_withdraw_permission(self, request: HttpRequest) -> bool:
        """Who may end invitations: those who could change them if rows were changed by hand."""
        return request.user.has_perm("accounts.change_invitation")

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return self.shown if obj else ("email", "days", "note")

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return self.shown if obj else ()

    def add_view(
        self, request: HttpRequest, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        buttons = {"show_save_and_add_another": False, "show_save_and_continue": False}
        context = buttons | {"title": gettext("Invite somebody")} | (extra_context or {})
        return super().add_view(request, form_url, context)

    def save_model(
        self, request: HttpRequest, obj: Invitation, form: InviteForm, change: bool
    ) -> None:
        link = invitations.issue(obj, lasts=form.lasts(), by=current_user(request))
        setattr(request, _LINK, link)  # for response_add, which Django calls next
        if invitations.is_mailed(obj):
            invitations.send(obj, link)

    def response_add(
        self, request: HttpRequest, obj: Invitation, post_url_continue: str | None = None
    ) -> HttpResponse:
        """Show the link. No redirect: it would have to be kept somewhere until the next page."""
        context = self.admin_site.each_context(request) | {
            "opts": self.opts,
            "title": gettext("Invitation"),
            "invitation": obj,
            "link": getattr(request, _LINK),
            "is_mailed": invitations.is_mailed(obj),
        }
        return TemplateResponse(request, "admin/accounts/invitation/link.html", context)

    @admin.action(description=_("Withdraw"), permissions=["withdraw"])
    def withdraw(self, request: HttpRequest, queryset: QuerySet[Invitation]) -> None:
        by = current_user(request)
        done = sum(invitations.withdraw(invitation, by=by) for invitation in queryset)
        text = ngettext("%d invitation withdrawn.", "%d invitations withdrawn.", done) % done
        self.message_user(request, text, messages.SUCCESS if done else messages.WARNING)

    @admin.display(description=_("for"), ordering="email")
    def whom(self, invitation: Invitation) -> str:
        return invitation.email or gettext("Anybody with the link")

    @admin.display(description=_("state"))
    def state_text(self, invitation: Invitation) -> str:
        return str(invitation.state.label)
