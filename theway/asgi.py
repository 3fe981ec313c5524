"""The ASGI application that `theway/server.py` serves."""

import os

from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "theway.settings")
django_application = get_asgi_application()  # models can be imported from here on

from live.asgi import LiveStreams  # noqa: E402
from models_app.serving.downloads import Downloads  # noqa: E402
from theway.bodies.charset import WithoutCharset  # noqa: E402
from theway.bodies.limit import BodyLimit  # noqa: E402
from theway.bodies.rules import rule_for  # noqa: E402
from theway.full_disk import FullDisk  # noqa: E402
from theway.heads import HeadRules  # noqa: E402

_guarded = HeadRules(BodyLimit(FullDisk(WithoutCharset(django_application)), rule_for))
application = LiveStreams(Downloads(_guarded))
