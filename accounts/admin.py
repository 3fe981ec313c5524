"""Accounts for operators. The email address is the login."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.contrib.auth.admin import UserAdmin as BaseUserAdmin
from django.contrib.auth.forms import AdminUserCreationForm, UserChangeForm
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from accounts.models import User


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
        (_("Dates"), {"fields": ("last_login", "date_joined")}),
    )
    readonly_fields = ("last_login", "date_joined")
    add_fieldsets = ((None, {"fields": ("email", "usable_password", "password1", "password2")}),)
    filter_horizontal = ("groups",)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        # Deleting the row would leave photos of people on disk: deactivate the account instead.
        return False
