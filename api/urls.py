"""The URLs of the API. It answers 401 itself: a program cannot use a sign-in page."""

from django.contrib.auth.decorators import login_not_required

from api.endpoints import api

urlpatterns = api.urls[0]
app_name = api.urls_namespace
for _pattern in urlpatterns:
    if _pattern.callback is not None:
        _pattern.callback = login_not_required(_pattern.callback)
