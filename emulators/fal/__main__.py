"""`python -m emulators.fal --port P`: fal's hosts at one address, which fail on request."""

from __future__ import annotations

import sys

from emulators.fal.app import emulate
from emulators.hosted.options import read_options
from emulators.hosted.server import serve

PORT = 8202

if __name__ == "__main__":
    sys.exit(serve(emulate, read_options("fal", PORT)))
