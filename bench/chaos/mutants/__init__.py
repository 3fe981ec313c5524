"""Deliberate breakages of the engine, each of which the harness must notice.

Every entry replaces one exact text of one file. An entry whose text is gone is an error: bring
it up to date with the code, so that the rule it breaks stays guarded. Where real processes show
it without luck they are asked (`chaos`), otherwise the tests that it names.
"""

from __future__ import annotations

from bench.chaos.mutants.absence import ABSENCE
from bench.chaos.mutants.bulkheads import ONE_NEVER_STOPS_ALL
from bench.chaos.mutants.hosted import HOSTED
from bench.chaos.mutants.kept import KEPT
from bench.chaos.mutants.paying import PAYING

MUTANTS = (*ABSENCE, *PAYING, *KEPT, *ONE_NEVER_STOPS_ALL, *HOSTED)
