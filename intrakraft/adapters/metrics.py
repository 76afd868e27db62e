"""Metrics: counts and times of requests by route, and how the outbox and the worker stand, for the operator's monitor.

Labels are names of routes and of states only; nothing of a person, an address or an id becomes a label.
"""

from __future__ import annotations

from collections.abc import Mapping

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

from intrakraft.domain.notices import State

BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0)

registry = CollectorRegistry()
_requests = Counter("intrakraft_requests", "Requests answered", ("route", "status"), registry=registry)
_seconds = Histogram(
    "intrakraft_request_seconds", "Time to answer a request", ("route",), buckets=BUCKETS, registry=registry
)
_outbox = Gauge("intrakraft_outbox_notices", "Notices in the outbox by state", ("state",), registry=registry)
_worker = Gauge("intrakraft_worker_age_seconds", "Seconds since a worker last swept; -1 if never", registry=registry)


def observe(route: str, status: int, seconds: float) -> None:
    """Count one answer of the page named `route`."""
    _requests.labels(route, str(status)).inc()
    _seconds.labels(route).observe(seconds)


def exposition(backlog: Mapping[State, int], worker_age: float | None = None) -> str:
    """What this process has counted so far, with the outbox and the worker as they stand now, as Prometheus text."""
    for state in State:
        _outbox.labels(state).set(backlog.get(state, 0))
    _worker.set(-1 if worker_age is None else worker_age)
    return generate_latest(registry).decode()
