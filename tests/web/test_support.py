"""Whom to reach and when, the addresses machines look for, and the report about a child's account."""

import re
from datetime import UTC, date, datetime, timedelta

import pytest
import time_machine
from flask import Flask
from flask.testing import FlaskClient

from intrakraft.db import Database
from intrakraft.domain import support
from intrakraft.domain.base import now
from intrakraft.web.operator import support_hours
from tests.makers import Person
from tests.people import Visit

HOURS = support.hours("09:00", "18:00", "Asia/Kolkata")


def india(day: int, hour: int, minute: int = 0) -> datetime:
    """A moment of November 2026 by Indian clocks; the 27th is a Friday."""
    return datetime(2026, 11, day, hour, minute, tzinfo=HOURS.zone)


def token(page: str) -> str:
    found = re.search(r'name="csrf_token" value="([^"]+)"', page)
    assert found
    return found[1]


@pytest.mark.promise("P-152")
@pytest.mark.parametrize(
    ("at", "is_open", "opening"),
    [
        (india(27, 17, 59), True, india(30, 9)),
        (india(27, 18, 0), False, india(30, 9)),
        (india(27, 8, 59), False, india(27, 9)),
        (india(27, 9, 0), True, india(30, 9)),
        (india(28, 12, 0), False, india(30, 9)),
        (india(29, 23, 59), False, india(30, 9)),
        (india(26, 20, 0), False, india(27, 9)),
    ],
)
def test_support_hours(at: datetime, is_open: bool, opening: datetime) -> None:
    assert HOURS.is_open(at.astimezone(UTC)) is is_open
    assert HOURS.next_opening(at.astimezone(UTC)) == opening


def test_hours_that_make_no_sense_are_refused() -> None:
    with pytest.raises(ValueError):
        support.hours("18:00", "09:00", "Asia/Kolkata")


@pytest.mark.promise("P-153")
def test_the_law_of_the_day_sets_the_clocks() -> None:
    before, after = (support.clocks(date(2026, 2, day)) for day in (19, 20))
    assert (before["settle"].hours, after["settle"].hours) == (15 * 24, 7 * 24)
    assert [after[name].hours for name in ("acknowledge", "unlawful", "order", "intimate")] == [24, 36, 3, 2]
    assert after["data_rights"].hours == 90 * 24


@pytest.mark.promise("P-151")
@pytest.mark.settings(
    company="Rangrez & Sons", officer="Ms. Asha Devi", phone="+91 22222 22222", email="desk@rangrez.example"
)
def test_the_contact_is_the_one_of_the_settings(client: FlaskClient) -> None:
    page = client.get("/support").text
    for fact in ("Rangrez &amp; Sons", "Ms. Asha Devi", "+91 22222 22222", "desk@rangrez.example", "tel:+912222222222"):
        assert fact in page
    assert "Keshav" not in page and "99201" not in page
    assert "mailto:desk@rangrez.example" in client.get("/.well-known/security.txt").text


@pytest.mark.promise("P-152")
@pytest.mark.parametrize(("at", "words"), [(india(27, 12), "Open now"), (india(28, 12), "Opens Mon 30 Nov, 09:00")])
def test_the_page_says_whether_somebody_is_there(client: FlaskClient, at: datetime, words: str) -> None:
    with time_machine.travel(at, tick=False):
        page = client.get("/support", headers={"Accept-Language": "en"}).text
    assert words in page and "Monday to Friday, 9:00 to 18:00" in page


@pytest.mark.settings(support_opens="10:30", support_closes="16:00", zone="Asia/Dubai")
def test_hours_come_from_settings(app: Flask) -> None:
    with app.test_request_context("/"):
        assert support_hours() == support.hours("10:30", "16:00", "Asia/Dubai")


def test_security_txt_has_what_the_standard_requires(client: FlaskClient) -> None:
    answer = client.get("/.well-known/security.txt")
    fields = dict(line.split(": ", 1) for line in answer.text.splitlines())
    assert answer.content_type == "text/plain; charset=utf-8"
    assert fields["Contact"].startswith("mailto:") and fields["Preferred-Languages"] == "en, hi"
    left = datetime.fromisoformat(fields["Expires"]) - datetime.now(UTC)
    assert timedelta(days=170) < left < timedelta(days=365)


def test_password_managers_find_the_way(client: FlaskClient) -> None:
    answer = client.get("/.well-known/change-password")
    assert answer.status_code in (302, 303, 307)
    assert answer.headers["Location"].startswith("/")


def test_robots_keep_out_of_doors_that_lead_elsewhere(client: FlaskClient) -> None:
    answer = client.get("/robots.txt")
    assert answer.mimetype == "text/plain" and "Disallow: /out" in answer.text.splitlines()


# -- a child's account --


@pytest.mark.promise("P-117")
def test_what_is_left_out_is_asked_again(client: FlaskClient) -> None:
    page = client.get("/support/child-reports/new").text
    answer = client.post("/support/child-reports", data={"csrf_token": token(page), "username": "asha", "grounds": " "})
    assert answer.status_code == 422
    assert 'value="asha"' in answer.text and 'aria-invalid="true"' in answer.text


@pytest.mark.promise("P-117")
def test_a_report_freezes_plain_and_by_htmx_alike(visit: Visit, asha: Person, database: Database) -> None:
    page = visit().get("/support").link("Report a child's account")
    with time_machine.travel(now(), tick=False):
        done = page.form("report").submit(username=asha.username.upper(), grounds="She is in my class.")
    assert "If there is such an account" in done.words()
    with database.apart() as session:
        assert asha.account(session).frozen_at is not None


def test_the_address_of_the_form_loaded_anew_shows_the_form(visit: Visit) -> None:
    assert visit().get("/support/child-reports").path == "/support/child-reports/new"


@pytest.mark.promise("P-117")
def test_the_form_asks_nothing_about_the_writer(client: FlaskClient) -> None:
    page = client.get("/support/child-reports/new").text
    form = page[page.index('action="/support/child-reports"') :]
    names = re.findall(r'<(?:input|textarea)[^>]* name="([^"]+)"', form[: form.index("</form>")])
    assert sorted(names) == ["csrf_token", "grounds", "username"]


@pytest.mark.promise("P-117")
@pytest.mark.parametrize("username", ["asha", "nobody-here"])
def test_the_answer_never_tells_whether_the_account_exists(client: FlaskClient, username: str) -> None:
    page = client.get("/support/child-reports/new").text
    data = {"csrf_token": token(page), "username": username, "grounds": "She is in my class."}
    answer = client.post("/support/child-reports", data=data)
    assert (answer.status_code, answer.headers["Location"]) == (303, "/support/child-reports/received")
    assert (
        "If there is such an account" in client.get(answer.headers["Location"], headers={"Accept-Language": "en"}).text
    )


@pytest.mark.promise("P-117")
def test_reports_that_freeze_accounts_are_few_from_one_network(client: FlaskClient) -> None:
    token = {"username": "nobody", "grounds": "I know the child.", "csrf_token": ""}
    page = client.get("/support/child-reports/new")
    found = re.search(r'name="csrf_token" value="([^"]+)"', page.text)
    assert found
    codes = [
        client.post("/support/child-reports", data=token | {"csrf_token": found.group(1)}).status_code for _ in range(5)
    ]
    assert codes == [303, 303, 303, 429, 429]
