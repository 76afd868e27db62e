"""Support: when somebody is at the desk, and by when the law wants an answer.

Promises of ours run in support hours; clocks that the law sets never stop (P-152, P-153).
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import cache
from pathlib import Path
from zoneinfo import ZoneInfo

SATURDAY = 5


@dataclass(frozen=True, slots=True)
class Hours:
    """Monday to Friday from `opens` until `closes`, by the clocks of `zone`."""

    opens: time
    closes: time
    zone: ZoneInfo

    def is_open(self, at: datetime) -> bool:
        """Whether the desk is open at that moment; at closing time it is closed."""
        local = at.astimezone(self.zone)
        return local.weekday() < SATURDAY and self.opens <= local.time() < self.closes

    def next_opening(self, at: datetime) -> datetime:
        """The next moment at which the desk opens, later than `at`."""
        local = at.astimezone(self.zone)
        day = local.date() + timedelta(days=local.time() >= self.opens)
        while day.weekday() >= SATURDAY:
            day += timedelta(days=1)
        return datetime.combine(day, self.opens, self.zone)


@dataclass(frozen=True, slots=True)
class Clock:
    """A time limit set by a law, from a day on."""

    id: str
    hours: int
    since: date
    source: str


# -- reading --


def hours(opens: str, closes: str, zone: str) -> Hours:
    """Hours from settings such as `09:00`, `18:00`, `Asia/Kolkata`; raises `ValueError` where they make no sense."""
    found = Hours(time.fromisoformat(opens), time.fromisoformat(closes), ZoneInfo(zone))
    if found.opens >= found.closes:
        raise ValueError(f"support opens at {opens} and closes at {closes}")
    return found


def clocks(on: date) -> dict[str, Clock]:
    """The time limits of the law that hold on a day, by id; the rows are in `clocks.toml`."""
    return {clock.id: clock for clock in _clocks() if clock.since <= on}


@cache
def _clocks() -> tuple[Clock, ...]:
    rows = tomllib.loads(Path(__file__).with_name("clocks.toml").read_text("utf-8"))["clock"]
    return tuple(sorted((Clock(**row) for row in rows), key=lambda clock: clock.since))
