"""Measurements, never assertions: each prints ratios within one run and can write them into docs/performance.md."""
