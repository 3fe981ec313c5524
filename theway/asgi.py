"""The ASGI application that `theway/server.py` serves."""

import os
import tempfile

from django.conf import settings
from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "theway.settings")
django_application = get_asgi_application()  # models can be imported from here on

from dashboard.live.asgi import LiveStreams  # noqa: E402
from theway.bodies.charset import WithoutCharset  # noqa: E402
from theway.bodies.limit import BodyLimit  # noqa: E402
from theway.bodies.rules import rule_for  # noqa: E402
from theway.heads import HeadRules  # noqa: E402

# Django spools bodies into Python's temporary folder, which others can see into.
tempfile.tempdir = str(settings.FILE_UPLOAD_TEMP_DIR)
application = LiveStreams(HeadRules(BodyLimit(WithoutCharset(django_application), rule_for)))
