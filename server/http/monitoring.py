"""Counters for Prometheus, kept per app so that two apps in one process don't mix."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

STAGES = ("queue", "decode", "pre", "infer", "post", "encode")
_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)
_METHODS = frozenset({"GET", "HEAD", "POST", "OPTIONS", "PUT", "DELETE", "PATCH"})


class Waiting(Collector):
    """Reads the lengths of the queues when somebody asks."""

    def __init__(self, waiting: Callable[[], Mapping[str, int]]) -> None:
        self._waiting = waiting

    def collect(self) -> list[GaugeMetricFamily]:
        """One gauge per model."""
        gauge = GaugeMetricFamily("tiekd_queue_length", "Requests that wait for a model", labels=["model"])
        for model, length in self._waiting().items():
            gauge.add_metric([model], length)
        return [gauge]


class Monitoring:
    """The counters of one app; observes its service (`server.inference.service.Observer`)."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        self._requests = Counter(
            "tiekd_requests_total",
            "Requests answered",
            ["route", "method", "status"],
            registry=self._registry,
        )
        self._latency = Histogram(
            "tiekd_request_seconds", "Time to answer", ["route"], buckets=_SECONDS, registry=self._registry
        )
        self._stages = Histogram(
            "tiekd_stage_seconds",
            "Time by stage",
            ["model", "stage"],
            buckets=_SECONDS,
            registry=self._registry,
        )
        self._models = Gauge("tiekd_models_ready", "Models that are warm", registry=self._registry)
        self._held = Gauge(
            "tiekd_memory_held_bytes", "What requests hold: bodies, pixels, answers", registry=self._registry
        )
        self._limit = Gauge(
            "tiekd_memory_limit_bytes", "What requests may hold together", registry=self._registry
        )

    def watch(
        self,
        *,
        waiting: Callable[[], Mapping[str, int]],
        ready: Callable[[], int],
        held_bytes: Callable[[], int],
        limit_bytes: int,
    ) -> None:
        """Report the lengths of the queues, the number of warm models, and the memory of requests."""
        self._registry.register(Waiting(waiting))
        self._models.set_function(ready)
        self._held.set_function(held_bytes)
        self._limit.set(limit_bytes)

    def request(self, route: str, method: str, status: int, seconds: float) -> None:
        """Count one answered request."""
        known = method if method in _METHODS else "other"
        self._requests.labels(route, known, str(status)).inc()
        self._latency.labels(route).observe(seconds)

    def predicted(self, model: str, timings_ms: Mapping[str, float]) -> None:
        """Count one prediction; the milliseconds of each stage."""
        for stage, milliseconds in timings_ms.items():
            self._stages.labels(model, stage).observe(milliseconds / 1e3)

    def text(self) -> bytes:
        """Everything in Prometheus' text format."""
        return generate_latest(self._registry)
