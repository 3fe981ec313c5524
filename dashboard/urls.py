"""Every page."""

from dashboard import pages_urls, wizard_urls

app_name = "dashboard"
urlpatterns = [*wizard_urls.urlpatterns, *pages_urls.urlpatterns]
