"""The addresses of the API. It answers 401 itself: a program cannot use a sign-in page."""

from django.contrib.auth.decorators import login_not_required
from django.urls import path
from django.views.decorators.csrf import csrf_exempt

from api.app import api
from api.openapi import add_head
from api.pages import description, reference, root
from api.webhooks import model_webhook, webhook

add_head(api)
urlpatterns = [
    path("", root, name="api-root"),
    path("webhooks/<slug:provider>", webhook, name="webhook"),
    path("model-webhook", model_webhook, name="model_webhook"),
    path("openapi.json", description, name="openapi"),
    path("docs", reference, name="docs"),
    *(pattern for pattern in api.urls[0] if str(pattern.pattern)),
]
app_name = api.urls_namespace
for _pattern in urlpatterns:
    if _pattern.callback is not None:
        # Calls look at the page's mark themselves (`api.auth`); the others change nothing.
        _pattern.callback = csrf_exempt(login_not_required(_pattern.callback))
