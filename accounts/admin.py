"""Accounts for operators. The email address is the login."""

from __future__ import annotations

from typing import Any

import allauth.account.admin
import allauth.mfa.admin  # noqa: F401
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from django.contrib import admin, messages
from django.contrib.auth.admin import UserAdmin as BaseUserAdmin
from django.contrib.auth.forms import AdminUserCreationForm, UserChangeForm
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.html import format_html_join
from django.utils.safestring import mark_safe
from django.utils.translation import gettext, gettext_lazy as _

from accounts import addresses, second_step, sessions
from accounts.allowances import Limit
from accounts.invitation_admin import InvitationAdmin as InvitationAdmin  # Django looks here
from accounts.limit_texts import amount, label
from accounts.limits import allowances, limits_changed
from accounts.models import Errand, User
from accounts.token_admin import ApiTokenAdmin as ApiTokenAdmin  # likewise
from accounts.webhook_admin import DeliveryAdmin as DeliveryAdmin

# The library's own pages could give an account a second address, and show stored secrets.
# (They are imported above so that they are there to be taken away.)
admin.site.unregister([EmailAddress, Authenticator])


class LowerCaseEmail:
    """Stores addresses in lower case, so that one address is one account."""

    def clean_email(self) -> str:
        return str(self.cleaned_data["email"]).strip().lower()  # type: ignore[attr-defined]


class NewUserForm(LowerCaseEmail, AdminUserCreationForm):
    class Meta:
        model = User
        fields = ("email",)


class UserForm(LowerCaseEmail, UserChangeForm):
    class Meta:
        model = User
        fields = "__all__"
        field_classes: dict[str, Any] = {}


@admin.register(User)
class UserAdmin(BaseUserAdmin):
    add_form = NewUserForm
    form = UserForm
    list_display = ("email", "is_active", "is_staff", "date_joined", "last_login")
    list_filter = ("is_active", "is_staff", "date_joined")
    ordering = ("-date_joined",)
    search_fields = ("email",)
    fieldsets = (
        (None, {"fields": ("email", "password")}),
        (_("Permissions"), {"fields": ("is_active", "is_staff", "is_superuser", "groups")}),
        (
            _("Limits"),
            {
                "fields": ("what_is_used", *(limit.column for limit in Limit)),
                "description": _(
                    "Empty is the same as everybody's, 0 is none at all. A large number stands for "
                    "no limit."
                ),
            },
        ),
        (_("Dates"), {"fields": ("last_login", "date_joined")}),
    )
    readonly_fields = ("last_login", "date_joined", "what_is_used")
    add_fieldsets = ((None, {"fields": ("email", "usable_password", "password1", "password2")}),)
    filter_horizontal = ("groups",)

    actions = ("remove_second_step", "end_sessions")

    @admin.action(description=_("Remove passkeys and codes of selected people"))
    def remove_second_step(self, request: HttpRequest, chosen: QuerySet[User]) -> None:
        """For somebody who lost their device; they are told by mail."""
        for user in chosen:
            second_step.remove_all(user)
        self.message_user(request, gettext("Removed; they were told by mail."), messages.SUCCESS)

    @admin.action(description=_("End all sessions of selected people"))
    def end_sessions(self, request: HttpRequest, chosen: QuerySet[User]) -> None:
        for user in chosen:
            sessions.end_all(user)
        self.message_user(request, gettext("Ended."), messages.SUCCESS)

    @admin.display(description=_("used of what is allowed"))
    def what_is_used(self, user: User) -> str:
        """What the person has used of every limit there is for them."""
        lines = [
            (label(one.limit), amount(one.limit, one.used), amount(one.limit, one.allowed))
            for one in allowances(user)
        ]
        return format_html_join(mark_safe("<br>"), "{}: {} / {}", lines) or gettext("No limits")

    def save_model(self, request: HttpRequest, obj: User, form: Any, change: bool) -> None:
        super().save_model(request, obj, form, change)
        columns = {limit.column for limit in Limit}.intersection(form.changed_data)
        if columns:
            values = {column: getattr(obj, column) for column in columns}
            limits_changed.send(User, user=obj, request=request, values=values)
        if "email" in form.changed_data:
            addresses.drop(obj)  # its owner confirms the new one at the next sign-in

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        # Deleting the row would leave photos of people on disk: deactivate the account instead.
        return False


@admin.register(Errand)
class ErrandAdmin(admin.ModelAdmin):
    """What waits, and what was given up. Nothing of a mail is shown; they can only be deleted."""

    list_display = ("work", "created_at", "attempts", "error", "given_up_at")
    list_filter = (("given_up_at", admin.EmptyFieldListFilter),)
    fields = readonly_fields = (*list_display, "next_try_at", "useful_until")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Errand | None = None) -> bool:
        return False
