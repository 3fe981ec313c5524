"""Metrics for Prometheus, read from the database at each scrape: equal in every process, but for
the streams, which each has its own of."""

from __future__ import annotations

from collections.abc import Iterator

from django.db.models import Count
from prometheus_client import CollectorRegistry
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.registry import Collector

from jobs import clock, health
from jobs.models import JobQueue, ProviderStatus, WebhookCount
from live.reader import reader


class Jobs(Collector):
    """Jobs by state, and how long ago things were last observed."""

    def collect(self) -> Iterator[GaugeMetricFamily | CounterMetricFamily]:
        yield _jobs()
        yield _attention()
        yield _gauge("theway_jobs_with_incident", "Jobs with an incident", _incidents())
        found = health.check()
        if found.heartbeat_age is not None:
            yield _gauge(
                "theway_heartbeat_age_seconds", "Since the last sweep", found.heartbeat_age
            )
        yield _gauge(
            "theway_oldest_observation_seconds",
            "Since the least recently observed running job was observed",
            found.oldest_observation_age or 0.0,
        )
        yield _gauge("theway_live_streams", "Open streams of this process", reader.count)
        yield _providers()
        yield _webhooks()


def _gauge(name: str, text: str, value: float) -> GaugeMetricFamily:
    return GaugeMetricFamily(name, text, value=value)


def _jobs() -> GaugeMetricFamily:
    family = GaugeMetricFamily("theway_jobs", "Jobs", labels=["kind", "provider", "status"])
    rows = JobQueue.objects.order_by().values_list("kind", "provider", "status")
    for kind, provider, status, count in rows.annotate(count=Count("pk")):
        family.add_metric([kind, provider, status], count)
    return family


def _attention() -> GaugeMetricFamily:
    """By the same conditions as the admin's front page, its filter and `manage.py jobs list`."""
    family = GaugeMetricFamily(
        "theway_jobs_needing_attention", "Jobs that an operator should look at", labels=["reason"]
    )
    for reason, count in JobQueue.objects.attention_counts().items():
        family.add_metric([reason], count)
    return family


def _incidents() -> int:
    return JobQueue.objects.exclude(incident="").count()


def _providers() -> GaugeMetricFamily:
    family = GaugeMetricFamily(
        "theway_provider_silence_seconds", "Since a provider last answered", labels=["provider"]
    )
    now = clock.now()
    for status in ProviderStatus.objects.exclude(last_answer_at=None):
        if status.last_answer_at:
            family.add_metric([status.provider], (now - status.last_answer_at).total_seconds())
    return family


def _webhooks() -> CounterMetricFamily:
    family = CounterMetricFamily(
        "theway_webhooks", "Requests to webhook addresses", labels=["provider", "outcome"]
    )
    for row in WebhookCount.objects.all():
        family.add_metric([row.provider, row.outcome], row.count)
    return family


registry = CollectorRegistry()
registry.register(Jobs())
