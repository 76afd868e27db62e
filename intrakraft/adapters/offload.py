"""Heavy work kept off the event loop: passwords, pictures and slow packing run in threads under gevent.

What is handed in must be pure: it gets values, returns values, and touches no session, request or greenlet.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from contextvars import ContextVar
from functools import cache
from typing import TYPE_CHECKING, ParamSpec, TypeVar

if TYPE_CHECKING:
    from gevent.threadpool import ThreadPool

P = ParamSpec("P")
T = TypeVar("T")

_in_thread: ContextVar[bool] = ContextVar("intrakraft_in_thread", default=False)


def offload(function: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> T:
    """The result of `function(*args, **kwargs)`, for work of 20 ms or more; other requests go on meanwhile.

    Runs in the hub's threads where gevent has patched the process, otherwise at once. An error reaches the caller.
    """
    if not _event_loop_runs():
        return function(*args, **kwargs)
    import gevent

    result: T = _outcome(gevent.get_hub().threadpool.apply(_inside, (function, *args), kwargs))
    return result


def offload_long(function: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> T:
    """Like `offload`, for work of half a second or much memory: pictures, archives.

    These queue in threads of their own, one fewer than there are cores, so that a dozen photographs neither hold up
    a sign-in nor fill the memory.
    """
    if not _event_loop_runs():
        return function(*args, **kwargs)
    result: T = _outcome(_long_lane().apply(_inside, (function, *args), kwargs))
    return result


def _event_loop_runs() -> bool:
    monkey = sys.modules.get("gevent.monkey")
    return monkey is not None and bool(monkey.is_module_patched("threading")) and not _in_thread.get()


@cache
def _long_lane() -> ThreadPool:
    from gevent.threadpool import ThreadPool

    return ThreadPool(max(1, (os.cpu_count() or 1) - 1))


def _inside(function: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> tuple[T | None, Exception | None]:
    """The result, or the error as a value: one that left the thread by itself would be printed past the log (P-032)."""
    _in_thread.set(True)
    try:
        return function(*args, **kwargs), None
    except Exception as error:
        return None, error


def _outcome(found: tuple[T | None, Exception | None]) -> T:
    result, error = found
    if error is not None:
        raise error
    return result  # type: ignore[return-value]
