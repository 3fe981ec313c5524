"""The URLs of the API. It answers 401 itself: a program cannot use a sign-in page."""

from django.contrib.auth.decorators import login_not_required
from django.urls import path

from api.endpoints import api
from api.webhooks import webhook

urlpatterns = [path("webhooks/<slug:provider>", webhook, name="webhook"), *api.urls[0]]
app_name = api.urls_namespace
for _pattern in urlpatterns:
    if _pattern.callback is not None:
        _pattern.callback = login_not_required(_pattern.callback)
