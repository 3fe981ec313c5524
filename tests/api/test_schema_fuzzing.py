"""Every call of the description, with data that fits it and data that does not.

What comes back must be what the description says: no 500, no status, type or member that it does
not name, nothing wrong taken and nothing right refused without a reason.
"""

from __future__ import annotations

import pytest
import schemathesis
from django.core import signals
from django.core.cache import cache
from django.core.wsgi import get_wsgi_application
from django.db import close_old_connections
from hypothesis import HealthCheck, Phase, assume, given, settings as examples
from schemathesis import GenerationMode
from schemathesis.specs.openapi.checks import positive_data_acceptance

from accounts import tokens
from accounts.outgoing.endpoints import make_endpoint
from api.app import api
from tests.factories import (
    GeneratedImageFactory,
    JobFactory,
    TrainingImageFactory,
    UserModelFactory,
)

EXAMPLES = 12
FORMS = ("POST /api/models/training-images", "POST /api/train-model")
UNFINISHED = ("/file", "/weights", "/stream")
schema = schemathesis.openapi.from_dict(api.get_openapi_schema())
schema.app = get_wsgi_application()
schema.config.update(base_url="http://localhost")
OPERATIONS = {one.ok().label: one.ok() for one in schema.get_all_operations()}


@pytest.fixture(autouse=True)
def open_connection():
    """What the site's own requests close is the test's transaction here."""
    ends = (signals.request_started, signals.request_finished)
    for signal in ends:
        signal.disconnect(close_old_connections)
    yield
    for signal in ends:
        signal.connect(close_old_connections)


@pytest.fixture
def token(owner, settings) -> str:
    settings.ALLOWED_HOSTS = ["*"]
    cache.clear()  # of wrong tokens too many are refused, and some are tried here
    return tokens.make(owner, name="fuzz", scope="spend", expires_in=None)[1]


@pytest.fixture
def ids(owner) -> dict[str, str]:
    """One of everything that an address can name."""
    draft = UserModelFactory(owner=owner)
    photo = TrainingImageFactory.create_batch(4, model=draft)[0]
    ready = UserModelFactory(owner=owner, ready=True)
    job = JobFactory(model=ready, succeeded=True)
    batch = JobFactory(model=ready, kind="generation", succeeded=True)
    picture = GeneratedImageFactory(model=ready, owner=owner)
    hook, _secret = make_endpoint(owner, url="https://example.org/", events=["model.ready"])
    rows = {"photo": photo, "model": draft, "job": job, "batch": batch, "picture": picture}
    rows["endpoint"] = hook
    return {f"{name}_id": str(row.pk) for name, row in rows.items()}


# This client neither closes a file nor follows a stream.
NAMING = [one for one in OPERATIONS if "{" in one and not one.endswith(UNFINISHED)]
NAMELESS = [one for one in OPERATIONS if "{" in one or not one.endswith(UNFINISHED)]
ALL = [(one, False) for one in NAMELESS] + [(one, True) for one in NAMING]


@pytest.mark.parametrize("mode", list(GenerationMode))
@pytest.mark.parametrize(("label", "is_there"), ALL)
def test_every_call_does_as_it_is_described(label, mode, is_there, token, ids):
    named = {name: one for name, one in ids.items() if f"{{{name}}}" in label and is_there}

    @examples(
        max_examples=EXAMPLES,
        deadline=None,
        derandomize=True,
        phases=[Phase.explicit, Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=OPERATIONS[label].as_strategy(generation_mode=mode, path_parameters=named))
    def send(case):
        # That there is something to see in a text, no schema can say.
        assume(mode is GenerationMode.NEGATIVE or is_readable(case.body))
        # Of forms with files it makes some that hold no file: refusing those is right.
        left_out = [positive_data_acceptance] if label in FORMS else []
        case.call_and_validate(
            headers={"Authorization": f"Bearer {token}"}, excluded_checks=left_out
        )

    send()


def is_readable(body) -> bool:
    """Whether the texts that people would write have a letter or a digit."""
    texts = [body.get(name, "a") for name in ("name", "prompt")] if isinstance(body, dict) else []
    return all(not isinstance(one, str) or any(map(str.isalnum, one)) for one in texts)
