"""Becomes the fork server, with stacks as small as libvips allows: `python -m models_app.decoding`.

A thread's stack counts against a worker's memory as a whole, however little of it is used. How
large it is, a program reads from this limit when it starts (pthread_create(3)).
"""

import os
import resource
import sys

_STACK_BYTES = 2 * 1024 * 1024

_, most = resource.getrlimit(resource.RLIMIT_STACK)
resource.setrlimit(resource.RLIMIT_STACK, (_STACK_BYTES, most))
os.execv(sys.executable, [*sys.orig_argv[:-1], "models_app.decoding.forkserver"])  # noqa: S606
