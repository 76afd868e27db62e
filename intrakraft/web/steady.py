"""Steady answers: the time an answer takes tells nothing about what was found.

The wait lets other requests go on, and comes after everything was written.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def steady(seconds: float) -> Iterator[None]:
    """Let the block take at least so many seconds, however little there was to do (A5)."""
    until = time.monotonic() + seconds
    try:
        yield
    finally:
        time.sleep(max(0.0, until - time.monotonic()))
