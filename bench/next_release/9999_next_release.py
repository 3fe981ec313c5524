"""A change as releases bring it, slow enough to be killed or to be in the way."""

import pkgutil
import time

from django.db import migrations, models

from jobs import migrations as today

SECONDS = 1.5
_LAST = max(module.name for module in pkgutil.iter_modules(today.__path__))


def _take_time(_apps, _schema_editor):
    time.sleep(SECONDS)


class Migration(migrations.Migration):
    dependencies = [("jobs", _LAST)]
    operations = [
        migrations.AddField("jobqueue", "next_release", models.TextField(null=True)),
        migrations.RunPython(_take_time, _take_time),
        migrations.AddIndex(
            "jobqueue", models.Index(name="job_next_release", fields=["provider", "-created_at"])
        ),
    ]
