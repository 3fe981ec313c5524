"""Times on the admin's pages: each with its zone, as on all other pages."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import cache
from typing import Any

from django.contrib import admin
from django.db.models import DateTimeField, Model
from django.http import HttpRequest
from django.utils.safestring import SafeString

from dashboard.templatetags.times import moment


class ZonedTimes:
    """Added to every page of the admin: its own texts of times name no zone."""

    model: type[Model]

    def get_list_display(self, request: HttpRequest) -> list[Any]:
        return self._zoned(super().get_list_display(request))  # type: ignore[misc]

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[Any]:
        return self._zoned(super().get_readonly_fields(request, obj))  # type: ignore[misc]

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> list[Any]:
        fieldsets = super().get_fieldsets(request, obj)  # type: ignore[misc]
        if self.has_change_permission(request, obj):  # type: ignore[attr-defined]
            # Only what cannot be changed is a text; the others are fields of the form.
            texts = {getattr(name, "__name__", name) for name in self.get_readonly_fields(request)}
        else:
            texts = None
        return [
            (title, {**options, "fields": self._zoned(options["fields"], texts)})
            for title, options in fieldsets
        ]

    def _zoned(self, names: Iterable[Any], texts: set[str] | None = None) -> list[Any]:
        times = {
            field.name: field
            for field in self.model._meta.fields
            if isinstance(field, DateTimeField) and (texts is None or field.name in texts)
        }
        return [
            time_column(times[name]) if isinstance(name, str) and name in times else name
            for name in names
        ]


@cache
def time_column(field: DateTimeField[Any, Any]) -> Callable[[Model], SafeString]:
    """Return what shows this time of a row; always the same, as the admin compares them."""

    @admin.display(description=field.verbose_name, ordering=field.name)
    def column(row: Model) -> SafeString:
        return moment(getattr(row, field.name), "second") or SafeString("–")

    column.__name__ = field.name
    return column
