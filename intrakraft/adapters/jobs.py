"""Jobs: what happens behind the pages, through a queue in an SQLite file, in Redis or Valkey, or in PostgreSQL.

The queue carries ids only and may lose everything: the outbox is the truth, and a sweep every minute does what no job
did.
"""

from __future__ import annotations

import hashlib
import hmac
import logging
import signal
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol
from urllib.parse import urlsplit

from intrakraft import log
from intrakraft.domain.base import now
from intrakraft.domain.notices import Outcome, State

if TYPE_CHECKING:
    import huey

WORKERS = 2
POLL_SECONDS = 0.5
STOP_SECONDS = 30
HEALTH_SECONDS = 10.0
SCHEMES = ("immediate", "sqlite", "redis", "rediss", "valkey", "valkeys", "postgresql")
HEARTBEAT = "intrakraft.swept"

Deliver = Callable[[Sequence[int] | None], Sequence[Outcome]]


class Places(Protocol):
    """The settings that jobs read."""

    @property
    def queue_url(self) -> str: ...

    @property
    def secret_key(self) -> str: ...

    @property
    def production(self) -> bool: ...


@dataclass(frozen=True, slots=True)
class Work:
    """What the worker does: `deliver` sends the notices given or whatever is due, `sweeps` run by the minute."""

    deliver: Deliver
    sweeps: Mapping[str, Callable[[], object]] = field(default_factory=dict)


class Jobs:
    """The queue of one installation. `do` tells it what the work is; `run_worker` does it.

    Nothing is connected before the first job. In the web server a busy queue file is waited for in short pauses, so that
    no page stands still.
    """

    def __init__(self, url: str, secret: str) -> None:
        self._url, self._secret = url, secret
        self._queue: huey.Huey | None = None
        self._making = threading.Lock()
        self._work: Work | None = None
        _check(url)

    @classmethod
    def from_settings(cls, settings: Places) -> Jobs:
        """`sqlite:///<file>`, `redis://`, `valkey://`, `postgresql://`; `immediate:` works at once, without a worker.

        Raises ValueError for another address, and for `immediate:` in production.
        """
        if settings.production and settings.queue_url.startswith("immediate:"):
            raise ValueError("queue_url immediate: sends mail inside the request; production needs a real queue")
        return cls(settings.queue_url, _secret(settings.secret_key))

    def do(self, work: Work) -> None:
        """Say what the work of this installation is."""
        self._work = work

    # -- from the web, after the commit --

    def deliver(self, *notice_ids: int) -> bool:
        """Ask the worker to send these notices now; False if the queue is away: then the sweep does."""
        for pause in (0.02, 0.05, None):
            try:
                self._open().deliver_notices(list(notice_ids))
                return True
            except Exception as error:
                if pause is None:
                    log.failure(error, detail="the queue is away; the sweep will deliver", count=len(notice_ids))
                else:
                    time.sleep(pause)
        return False

    def worker_age(self) -> float | None:
        """Seconds since a worker last swept; None if none ever did, or the queue is away."""
        try:
            swept = self._open().get(HEARTBEAT, peek=True)
        except Exception:
            return None
        return None if swept is None else max(0.0, now().timestamp() - float(swept))

    # -- in the worker --

    def run_worker(self) -> None:
        """Work until TERM or Ctrl-C; what was begun is finished first. Raises RuntimeError where no work was told."""
        if self._work is None:
            raise RuntimeError("nobody said what the work is")
        logging.getLogger("huey").setLevel(logging.WARNING)
        consumer = self._open(patient=True).create_consumer(
            workers=WORKERS,
            worker_type="thread",
            initial_delay=POLL_SECONDS / 5,
            max_delay=POLL_SECONDS,
            shutdown_timeout=STOP_SECONDS,
        )
        stop = threading.Event()
        _on_signals(stop.set)  # a job may begin, and a signal come, before the start is over
        consumer.start()
        _on_signals(stop.set)  # the start has put the library's own in their place
        log.info("worker started", count=WORKERS)
        checked = time.monotonic()
        while not stop.wait(POLL_SECONDS):
            if time.monotonic() - checked > HEALTH_SECONDS:
                consumer.check_worker_health()
                checked = time.monotonic()
        consumer.stop(graceful=True)
        log.info("worker stopped")

    def sweep(self) -> None:
        """Send whatever is due, then clear away what is over. One part that fails does not stop the next."""
        if self._work is None:
            return
        with suppress(Exception):
            self._open().put(HEARTBEAT, now().timestamp())
        for name, act in {"deliver": self._deliver_all, **self._work.sweeps}.items():
            try:
                act()
            except Exception as error:
                log.failure(error, job=name)

    def _deliver_all(self) -> None:
        while self._deliver(None):
            pass

    def _deliver(self, notice_ids: list[int] | None) -> int:
        if self._work is None:
            return 0
        outcomes = self._work.deliver(notice_ids)
        for outcome in outcomes:
            if outcome.error or outcome.state is not State.SENT:
                log.warning(
                    "notice not sent", kind=outcome.kind, detail=f"{outcome.state}", error=outcome.error,
                    attempt=outcome.attempt, row=outcome.notice_id,
                )  # fmt: skip
        return len(outcomes)

    def _open(self, *, patient: bool = False) -> Any:
        with self._making:
            if self._queue is None:
                queue = _queue_for(self._url, self._secret, patient)
                queue.deliver_notices = queue.task(name="deliver_notices")(self._deliver)
                queue.periodic_task(_each_minute(), name="sweep", expires=50)(self.sweep)
                self._queue = queue
        return self._queue


def _on_signals(act: Callable[[], None]) -> None:
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: act())


def _secret(secret_key: str) -> str:
    return hmac.new(secret_key.encode(), b"intrakraft.queue", hashlib.sha256).hexdigest()


def _check(url: str) -> None:
    if urlsplit(url).scheme.partition("+")[0] not in SCHEMES:
        raise ValueError("queue_url starts with sqlite:///, redis://, valkey:// or postgresql://")


def _each_minute() -> Any:
    import huey

    return huey.crontab()


def _queue_for(url: str, secret: str, patient: bool) -> Any:
    """The queue engine is imported when the first job comes: it brings its database drivers, 15 MB, with it."""
    import huey
    from huey.serializer import SignedSerializer

    scheme = urlsplit(url).scheme.partition("+")[0]
    options: dict[str, Any] = {"name": "intrakraft", "results": False, "serializer": SignedSerializer(secret=secret)}
    if scheme == "immediate":
        return huey.MemoryHuey(immediate=True, **options)
    if scheme == "sqlite":
        path = Path(url.removeprefix("sqlite:///"))
        path.parent.mkdir(parents=True, exist_ok=True)
        return huey.SqliteHuey(filename=str(path), fsync=False, timeout=5 if patient else 0.05, **options)
    if scheme == "postgresql":
        return huey.PostgresHuey(dsn=url.replace("+psycopg", "", 1), **options)
    return huey.RedisHuey(url=url.replace("valkey", "redis", 1), **options)
