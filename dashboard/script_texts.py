"""The texts of the scripts, translated: one file, kept by browsers for good.

Its address names its content, like those of static files, so that it is never the one of before an
update.
"""

from __future__ import annotations

import hashlib
from functools import cache

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import get_language
from django.views.decorators.gzip import gzip_page
from django.views.i18n import JavaScriptCatalog

KEPT = "public, max-age=31536000, immutable"  # a year, as for static files


@login_not_required
@gzip_page
def texts(request: HttpRequest) -> HttpResponse:
    """Answer the texts as they are now. Who asks for another version, with a page of before an
    update or of a process that is updated already, gets them too, but not to keep."""
    content, current = _texts(get_language())
    response = HttpResponse(content, content_type="text/javascript; charset=utf-8")
    is_current = request.GET.get("v") == current
    response["Cache-Control"] = KEPT if is_current else "public, no-cache"
    return response


def address() -> str:
    """Return where a page finds the texts."""
    return f"{reverse('javascript-catalog')}?v={_texts(get_language())[1]}"


@cache
def _texts(language: str | None) -> tuple[bytes, str]:
    """Return the texts from the project's own `locale` folder, and their version."""
    content: bytes = JavaScriptCatalog(packages=["dashboard"]).get(HttpRequest()).content
    return content, hashlib.sha256(content).hexdigest()[:12]
