"""A training that goes on in the database while its page is open, and what a browser notes of it:
how far things moved, and what a screen reader is given."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from django.utils import timezone
from playwright.sync_api import Page

from jobs.models import JobEvent, JobQueue
from models_app.models import UserModel
from tests.dashboard.rows import describe_local_trainer
from tests.factories import JobFactory, TrainingImageFactory, UserModelFactory

POLL = "document.body.dispatchEvent(new CustomEvent('live:poll'))"
# Layout Instability (WICG): shifts without a recent input of the person's, which is none here.
NOTE = """
window.shifts = [];
window.heard = [];
new PerformanceObserver((list) => {
  for (const { value, hadRecentInput, sources } of list.getEntries()) {
    if (hadRecentInput) continue;
    const what = sources.map(({ node }) => node && (node.id || node.className || node.nodeName));
    window.shifts.push({ value, what });
  }
}).observe({ type: "layout-shift", buffered: true });
document.addEventListener("DOMContentLoaded", () => {
  new MutationObserver((changes) => {
    for (const { target, addedNodes } of changes) {
      const element = target instanceof Element ? target : target.parentElement;
      if (!element?.closest('[data-live] > [role="status"]')) continue;
      window.heard.push(...[...addedNodes].map((node) => node.textContent));
    }
  }).observe(document.body, { subtree: true, childList: true, characterData: true });
});
"""
FRAMES = "new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))"


def begin(owner, **fields) -> UserModel:
    """A training that waits in the queue, with photos, at a trainer that simulates."""
    describe_local_trainer()
    model = UserModelFactory(owner=owner, training=True, **({"name": "Ann"} | fields))
    TrainingImageFactory.create_batch(4, model=model)
    happen(JobFactory(model=model), "state", "queued")
    return model


def steps(model: UserModel) -> Iterator[str]:
    """Let a whole training happen, bit by bit; yield its stage as a person is told it."""
    job, now = model.jobs.get(), timezone.now()
    yield "Sending"
    change(job, status="running", run_id="ft-1", submitted_at=now, last_seen_at=now)
    happen(job, "state", "running")
    yield "Waiting"
    change(job, started_at=now, stage="Loading the base model", engine="simulated")
    happen(job, "log", "loading the base model")
    yield "Training"
    for step in range(4, 100, 4):
        left = timedelta(seconds=3 * (100 - step))
        change(job, step=step, total_steps=100, progress=step / 100, stage="Training")
        change(job, eta_at=timezone.now() + left if step > 8 else None)
        happen(job, "loss", data={"points": [[step, 1 / step]]})
        happen(job, "log", f"step {step}: loss {1 / step:.3f}")
        yield f"Training, {25 * (step // 25)} %" if step >= 25 else "Training"
    change(job, status="finishing", progress=1.0)
    happen(job, "state", "finishing")
    yield "Collecting"
    finish(job)
    yield "Ready"


def change(job: JobQueue, **fields: object) -> None:
    JobQueue.objects.filter(pk=job.pk).update(**fields)


def happen(job: JobQueue, kind: str, text: str = "", **fields: object) -> None:
    JobEvent.objects.create(job=job, kind=kind, text=text, **fields)


def finish(job: JobQueue) -> None:
    now = timezone.now()
    change(job, status="succeeded", progress=1.0, finished_at=now, run_id=f"ft-{job.pk}")
    happen(job, "state", "succeeded")
    ready = {"status": "ready", "ready_at": now, "engine": "simulated"}
    weights = {"weights": "weights/a.safetensors", "weights_sha256": "a"}
    UserModel.objects.filter(pk=job.model_id).update(**ready, **weights)


def fail(job: JobQueue) -> None:
    change(job, status="failed", error_code="run_failed", finished_at=timezone.now())
    happen(job, "state", "failed")
    UserModel.objects.filter(pk=job.model_id).update(status="failed")


def update(page: Page) -> None:
    """Bring an open page up to date, and let it be painted."""
    path = page.locator("[data-live-poll]").get_attribute("data-live-poll")
    with page.expect_response(lambda response: response.url.endswith(path)):
        page.evaluate(POLL)
    page.evaluate(FRAMES)


def heard(page: Page) -> list[str]:
    return page.evaluate("window.heard")


def moved(page: Page) -> tuple[float, list[object]]:
    """The sum of all layout shifts, and each with what moved."""
    shifts = page.evaluate("window.shifts")
    return sum(shift["value"] for shift in shifts), shifts
