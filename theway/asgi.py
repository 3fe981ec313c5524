"""The ASGI application that uvicorn serves."""

import os

from django.conf import settings
from django.core.asgi import get_asgi_application

from theway.body_limit import BodyLimit

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "theway.settings")

application = BodyLimit(get_asgi_application(), settings.MAX_REQUEST_BYTES)
