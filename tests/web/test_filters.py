"""How money, numbers, dates and sizes are written."""

from datetime import UTC, date, datetime, timedelta

import pytest

from intrakraft.web.filters import ago, clock, day, initials, moment, number, rupees, size

pytestmark = pytest.mark.criterion("U2")

NIGHT = datetime(2026, 11, 21, 19, 30, tzinfo=UTC)
TODAY = date(2026, 11, 22)


@pytest.mark.parametrize(
    ("paise", "exact", "written"),
    [
        (0, False, "₹0"),
        (1_150_00, False, "₹1,150"),
        (12_34_567_00, False, "₹12,34,567"),
        (12_34_567_50, False, "₹12,34,567.50"),
        (1_150_00, True, "₹1,150.00"),
        (1_00_00_000_00, False, "₹1,00,00,000"),
        (-500_00, False, "−₹500"),
    ],
)
def test_rupees_stand_in_lakhs_and_lose_no_paisa(paise: int, exact: bool, written: str) -> None:
    assert rupees(paise, exact) == written


def test_numbers_stand_in_lakhs() -> None:
    assert [number(n) for n in (7, 46310, 1234567, 12.5)] == ["7", "46,310", "12,34,567", "12.5"]


def test_times_are_indian_and_count_to_24() -> None:
    assert moment(NIGHT, today=TODAY) == "Sun 22 Nov, 01:00"
    assert moment(NIGHT, "hi", today=TODAY) == "रवि 22 नवंबर, 01:00"
    assert clock(NIGHT) == "01:00"


def test_a_day_is_the_indian_one_and_names_only_another_year() -> None:
    assert day(NIGHT, today=TODAY) == "22 Nov"
    assert day(date(2025, 1, 3), today=TODAY) == "3 Jan 2025"
    assert day(date(2025, 1, 3), "hi", today=TODAY) == "3 जनवरी 2025"


@pytest.mark.parametrize(
    ("passed", "english", "hindi"),
    [
        (timedelta(seconds=5), "just now", "just now"),
        (timedelta(minutes=40), "40 minutes ago", "40 मिनट पहले"),
        (timedelta(hours=30), "1 day ago", "1 दिन पहले"),
        (timedelta(days=2), "2 days ago", "2 दिन पहले"),
        (-timedelta(hours=3), "in 3 hours", "3 घंटे में"),
    ],
)
def test_how_long_ago(passed: timedelta, english: str, hindi: str) -> None:
    assert ago(NIGHT - passed, at=NIGHT) == english
    assert ago(NIGHT - passed, "hi", at=NIGHT) == hindi


def test_a_size_is_what_people_are_charged_for() -> None:
    assert [size(n).replace("\u00a0", " ") for n in (0, 1, 412_000, 1_843_000)] == ["0 KB", "1 KB", "412 KB", "1.8 MB"]


@pytest.mark.parametrize(
    ("name", "shown"), [("Rangrez Prints", "RP"), ("asha", "A"), ("मिट्टी उद्योग समूह", "मउ"), ("", "")]
)
def test_the_circle_of_a_business_holds_two_letters(name: str, shown: str) -> None:
    assert initials(name) == shown
