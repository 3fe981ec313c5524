"""The installation of the demo: started for it and thrown away after it."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from theway.demo.errors import DemoError
from theway.processes.installation import Installation
from theway.processes.process import NotReadyError
from theway.processes.watchdog import Watchdog

START_LIMIT = 120.0  # seconds; the first start migrates and collects static files


@contextmanager
def throw_away_installation(log: Path, training_seconds: float) -> Iterator[str]:
    """Run an installation of its own and yield its address. Raise DemoError.

    `log` receives the output of its services.
    """
    log.unlink(missing_ok=True)
    with tempfile.TemporaryDirectory(prefix="theway-demo-") as folder, Watchdog() as watchdog:
        environment = {"TRAINER_SECONDS": str(training_seconds)}
        installation = Installation(Path(folder), log, environment=environment, watchdog=watchdog)
        try:
            installation.start(START_LIMIT)
            yield installation.address
        except NotReadyError as error:
            raise DemoError(f"{error}; {log} says why.") from error
        finally:
            installation.stop()
