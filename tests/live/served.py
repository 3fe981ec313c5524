"""The whole application with the streams of `tests.live.addresses`, for a real server."""

from django.conf import settings

from theway.asgi import application as application

settings.ROOT_URLCONF = "tests.live.addresses"

from tests.live import addresses  # noqa: E402

addresses.register()
