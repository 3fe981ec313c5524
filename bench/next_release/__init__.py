"""The migrations of `jobs` as the next release will have them: today's, and one more."""

from jobs import migrations

__path__ = [*migrations.__path__, *__path__]
