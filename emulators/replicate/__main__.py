"""`python -m emulators.replicate`: Replicate's API on this machine."""

from __future__ import annotations

import sys

from emulators.hosted.options import read_options
from emulators.hosted.server import serve
from emulators.replicate.app import emulate

PORT = 8110

if __name__ == "__main__":
    sys.exit(serve(emulate, read_options("replicate", PORT)))
