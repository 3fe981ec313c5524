"""The URLs of all pages."""

from dashboard import pages_urls, wizard_urls

app_name = "dashboard"
urlpatterns = [*wizard_urls.urlpatterns, *pages_urls.urlpatterns]
