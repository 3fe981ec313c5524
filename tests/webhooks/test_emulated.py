"""A provider whose keys are the same for all of its customers, as an emulator that really signs.

The answer to a paid call is lost. What the provider then reports by itself brings its run home;
what it reports of a stranger's run, at the same address, does not.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.theway.served import manage
from theway.processes.installation import ROOT, installation_environment
from theway.processes.ports import unused_port
from theway.processes.process import Process
from theway.processes.waiting import wait_until

# Two jobs, of which nothing is known but that their paid calls have left.
BEGIN = """
from accounts.models import User
from jobs.engine import webhook_keys
from jobs.models import JobQueue
from models_app.models import UserModel
webhook_keys.refresh("fal")
owner = User.objects.create_user(email="owner@example.org", password="x")
for number in range(2):
    model = UserModel.objects.create(owner=owner, status="training", provider="fal")
    JobQueue.objects.create(
        owner=owner, model=model, kind="training", provider="fal", status="unknown",
        idempotency_key=str(number), payload={"base_model": "black-forest-labs/FLUX.2-dev"},
    )
"""
# The first call by us, the second by somebody else who knows the address. No answer is kept.
PAY = """
from jobs.models import JobQueue
from jobs.webhook_links import webhook_url
from providers import registry
from providers.fal.provider import Fal
from tests.providers.samples import photos, training_request
ours = registry.get("fal")
stranger = Fal(api_key="stranger:0123456789abcdef", base_url=ours.client.base_url)
for payer, job in zip((ours, stranger), JobQueue.objects.order_by("created_at"), strict=True):
    request = training_request(
        correlation=job.correlation,
        dataset=payer.upload_dataset(photos(4)),
        webhook_url=webhook_url("fal", job.correlation),
    )
    assert request.webhook_url
    print(payer.start_training(payer.prepare_training(request)).id)
"""
WORK = """
import json
from jobs.engine import poll
from jobs.models import JobQueue, WebhookReceipt
from providers import registry
from providers.errors import ProviderError
poll.poll("fal")
jobs = JobQueue.objects.order_by("created_at")
print(json.dumps({
    "jobs": [[job.run_id, job.status] for job in jobs],
    "receipts": [
        [receipt.run_id, receipt.result]
        for receipt in WebhookReceipt.objects.order_by("job__created_at")
    ],
}))
"""
COUNTED = """
from jobs.models import WebhookCount
print(sum(WebhookCount.objects.filter(outcome="taken").values_list("count", flat=True)))
"""


@dataclass
class Installation:
    env: dict[str, str]

    def run(self, code: str) -> str:
        return manage(self.env, "shell", "-v0", "-c", code)


@pytest.fixture
def site(tmp_path) -> Iterator[Installation]:
    port, at = unused_port(), unused_port()
    env = installation_environment(tmp_path, port=port, trainer_port=unused_port())
    env |= {"FAL_KEY": "ours:0123456789abcdef", "FAL_BASE_URL": f"http://127.0.0.1:{at}"}
    emulator = [sys.executable, "-m", "emulators.fal", "--port", str(at)]
    emulator += ["--folder", str(tmp_path / "fal"), "--queue-seconds", "0"]
    web = [sys.executable, "-m", "theway.server", "--port", str(port)]
    manage(env, "migrate", "-v0")
    manage(env, "collectstatic", "-v0", "--no-input")
    with ExitStack() as running:
        for command, at_port in (([*emulator, "--training-seconds", "0.5"], at), (web, port)):
            running.enter_context(_process(command, at_port, env, tmp_path))
        yield Installation(env)


def _process(command: list[str], port: int, env: dict[str, str], folder: Path) -> ExitStack:
    log = folder / f"{port}.log"
    process = Process(command[2], command, cwd=ROOT, env=env, port=port, log_file=log)
    stack = ExitStack()
    stack.callback(process.kill)
    process.start()
    return stack


def test_our_lost_run_is_adopted_and_a_strangers_is_not(site):
    site.run(BEGIN)
    ours, strangers = site.run(PAY).split()[-2:]
    assert wait_until(lambda: site.run(COUNTED).split()[-1] == "2", limit=60, interval=1)
    found = json.loads(site.run(WORK).splitlines()[-1])
    assert found["receipts"] == [[ours, "adopted"], [strangers, ""]]
    [[run_id, status], lost] = found["jobs"]
    assert (run_id, status) == (ours, "finishing")
    assert lost == ["", "unknown"]
