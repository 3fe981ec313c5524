from datetime import timedelta

import pytest
import time_machine
from django.db import connection
from django.utils import timezone

from jobs import clock


@pytest.mark.django_db
def test_a_worker_whose_clock_is_off_uses_the_databases():
    with time_machine.travel(timezone.now() + timedelta(days=1)):
        ahead = clock.now() - timezone.now()
    if connection.vendor == "postgresql":
        assert ahead < timedelta(hours=-23)
    else:
        assert abs(ahead) < timedelta(seconds=5)
