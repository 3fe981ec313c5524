"""Deleting an account as an operator: with a confirmation, and with all that belongs to it."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.contrib.admin.models import DELETION, LogEntry
from django.contrib.contenttypes.models import ContentType
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext

from accounts.admin import UserAdmin
from accounts.deletion import LastOperatorError
from accounts.models import User
from jobs.deletion import AccountBusyError, delete_account
from models_app.models import TrainingImage, UserModel

admin.site.unregister(User)


@admin.register(User)
class AccountAdmin(UserAdmin):
    """Accounts, which operators may delete with all that belongs to them: by our service only."""

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Who may delete accounts; one's own is deleted in the dashboard."""
        return obj != request.user and request.user.has_perm("accounts.delete_user")

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        """One at a time, each with its confirmation."""
        actions: dict[str, Any] = super().get_actions(request)
        actions.pop("delete_selected", None)
        return actions

    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> Any:
        """What the confirmation shows: what goes, as rows of other pages nobody may delete."""
        counts = {
            gettext("models"): UserModel.objects.filter(owner__in=objs).count(),
            gettext("photos"): TrainingImage.objects.filter(model__owner__in=objs).count(),
        }
        text = gettext("With photos, weights, pictures, prompts and sessions, at trainers too")
        return [str(user) for user in objs] + [text], counts, set(), []

    def log_deletions(self, request: HttpRequest, queryset: Any) -> list[LogEntry]:
        """Log nothing yet: the log entry would keep the address."""
        return []

    def delete_model(self, request: HttpRequest, obj: User) -> None:
        number = obj.pk
        delete_account(obj)
        LogEntry.objects.create(
            user=User.objects.get(email=request.user.get_username()),
            content_type=ContentType.objects.get_for_model(User),
            object_id=str(number),
            object_repr=gettext("account %d") % number,
            action_flag=DELETION,
        )

    def delete_view(
        self, request: HttpRequest, object_id: str, extra_context: Any = None
    ) -> HttpResponse:
        try:
            return super().delete_view(request, object_id, extra_context)
        except AccountBusyError:
            text = gettext("A job of this account is unfinished: cancel it first.")
        except LastOperatorError:
            text = gettext("This is the only operator.")
        self.message_user(request, text, messages.ERROR)
        return redirect("admin:accounts_user_change", object_id)
