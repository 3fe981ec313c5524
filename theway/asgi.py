"""The ASGI application that uvicorn serves."""

import os

from django.conf import settings
from django.core.asgi import get_asgi_application

from theway.body_limit import BodyLimit

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "theway.settings")
django_application = get_asgi_application()  # models can be imported from here on

from dashboard.live.asgi import LiveStreams  # noqa: E402

application = LiveStreams(BodyLimit(django_application, settings.MAX_REQUEST_BYTES))
