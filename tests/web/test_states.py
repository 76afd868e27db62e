"""The page of one's state: why, until when, and what stays possible."""

from __future__ import annotations

from datetime import timedelta

import pytest

from intrakraft.domain.accounts import states
from intrakraft.domain.base import now


def put(database, person, name, **more):
    with database.apart() as session:
        getattr(states, name)(session, person.account(session), reason="Rule 4.2 was broken.", by="operator", **more)


@pytest.mark.parametrize(
    ("state", "words"),
    [
        ("limit", "You cannot list goods or send new interests."),
        ("suspend", "You can still read, take a copy of your data, close the account, and appeal."),
        ("terminate", "The account will not trade again."),
        ("freeze", "Everything is stopped until a person has looked at it."),
    ],
)
def test_each_state_says_why_and_what_stays(database, asha, visit, state, words):
    put(database, asha, state)
    page = visit(asha).get("/account/state")
    assert "Rule 4.2 was broken." in page.text and words in page.text and "Appeal" in page.text


def test_a_state_with_an_end_says_until_when(database, asha, visit):
    put(database, asha, "suspend", until=now() + timedelta(days=5))
    assert "Your account is on hold until" in visit(asha).get("/account/state").text


def test_an_open_account_has_nothing_to_say(asha, visit):
    assert "Nothing holds your account back." in visit(asha).get("/account/state").text


@pytest.mark.promise("P-122")
def test_it_is_ones_own_page(visit):
    assert visit().get("/account/state").path.startswith("/sign-in")
