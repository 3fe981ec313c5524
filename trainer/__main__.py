"""`python -m trainer`: the service with its configured engine."""

from __future__ import annotations

import sys

from trainer.app import create_app
from trainer.server import serve

if __name__ == "__main__":
    sys.exit(serve(create_app))
