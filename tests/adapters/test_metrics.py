"""Metrics: the operator sees load, outbox and worker, and no person."""

from __future__ import annotations

import pytest

from intrakraft.adapters import metrics
from intrakraft.domain.notices import State


def sample(name: str, **labels: str) -> float | None:
    return metrics.registry.get_sample_value(name, labels)


def test_answers_are_counted_by_route_and_status():
    before = sample("intrakraft_requests_total", route="test.show", status="200") or 0
    metrics.observe("test.show", 200, 0.03)
    assert sample("intrakraft_requests_total", route="test.show", status="200") == before + 1
    assert sample("intrakraft_request_seconds_bucket", route="test.show", le="0.05") >= 1


def test_the_exposition_tells_of_outbox_and_worker():
    words = metrics.exposition({State.QUEUED: 3}, worker_age=12.5)
    assert 'intrakraft_outbox_notices{state="queued"} 3.0' in words
    assert 'intrakraft_outbox_notices{state="failed"} 0.0' in words
    assert "intrakraft_worker_age_seconds 12.5" in words
    assert "intrakraft_worker_age_seconds -1.0" in metrics.exposition({})


@pytest.mark.promise("P-034")
def test_nothing_of_a_person_can_become_a_label():
    labels = {name for metric in metrics.registry.collect() for one in metric.samples for name in one.labels}
    assert labels <= {"route", "status", "state", "le"}
