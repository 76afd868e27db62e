"""Fifty at once: real threads with their own requests act on the same rows, and each act counts exactly once."""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from concurrent.futures import TimeoutError as FutureTimeout
from threading import Barrier
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from intrakraft.config import Settings
from intrakraft.db import Database
from intrakraft.domain import listings
from intrakraft.domain.accounts import Account
from intrakraft.domain.errors import TooMany
from intrakraft.domain.interests import ExpressionOfInterest
from intrakraft.domain.keys import KeyRing
from intrakraft.domain.listings import Listing
from intrakraft.domain.notices import Kind
from intrakraft.domain.privacy import disclosures
from intrakraft.domain.privacy.disclosures import Disclosure, Quota
from tests.domain.test_interests import ask
from tests.mails import told
from tests.makers import TYPED, Person, make_listing, make_person
from tests.people import Visit
from tests.visitor import FETCH, Visitor
from tests.web.test_registration import TYPED as REGISTRATION

AT_ONCE = 50


def at_once(acts: Iterable[Callable[[], Any]]) -> list[Any]:
    """Do all of it in threads that begin together; what each gave back."""
    acts = list(acts)
    start = Barrier(len(acts))

    def begin(act: Callable[[], Any]) -> Any:
        start.wait(30)
        return act()

    with ThreadPoolExecutor(len(acts)) as threads:
        return list(threads.map(begin, acts))


def posts(visitor: Visitor, values: dict[str, Any], paths: Iterable[str]) -> Counter[int]:
    """Send these forms at the same moment, each from a client of its own with the visitor's cookies; count the answers."""
    app = visitor.client.application

    def sends(path: str) -> Callable[[], int]:
        client = app.test_client()
        client._cookies = dict(visitor.client._cookies)  # type: ignore[union-attr]
        return lambda: int(client.post(path, data=values, headers=FETCH).status_code)

    return Counter(at_once(sends(path) for path in paths))


def count(database: Database, what: type, *where: Any) -> int:
    """How many rows there are."""
    with database.apart() as session:
        return session.scalar(sa.select(sa.func.count()).select_from(what).where(*where)) or 0


def token_of(visitor: Visitor) -> str:
    return visitor.get("/account").form("choices").values()["csrf_token"]


# -- interests --


@pytest.mark.criterion("C1")
@pytest.mark.promise("P-096")
def test_fifty_interests_of_one_person_are_one_row_one_disclosure_one_notice(
    visit: Visit, bina: Person, dupatta: int, database: Database
) -> None:
    visitor = visit(bina)
    values = {"csrf_token": token_of(visitor), "message": "Hello", "shares_contact": "y"}
    path = f"/listings/{dupatta}/interests"
    assert posts(visitor, values, [path] * AT_ONCE) == {303: AT_ONCE}
    assert count(database, ExpressionOfInterest) == 1
    assert count(database, Disclosure) == 2, "one each way"
    assert len(told(database, Kind.INTEREST_RECEIVED)) == 1
    values = {"csrf_token": values["csrf_token"]}
    assert posts(visitor, values, [f"{path}/withdrawal"] * AT_ONCE) == {303: AT_ONCE}
    assert len(told(database, Kind.INTEREST_WITHDRAWN)) == 1
    assert count(database, Disclosure, Disclosure.ended_at.is_(None)) == 0


@pytest.mark.criterion("C4")
@pytest.mark.promise("P-099")
@pytest.mark.settings(interest_minute_limit=20)
def test_fifty_contact_requests_of_one_person_stop_at_the_quota_exactly(
    visit: Visit, asha: Person, bina: Person, database: Database
) -> None:
    goods = [make_listing(database, asha, title=f"Cotton {number}") for number in range(AT_ONCE)]
    visitor = visit(bina)
    values = {"csrf_token": token_of(visitor), "message": ""}
    answers = posts(visitor, values, [f"/listings/{listing_id}/interests" for listing_id in goods])
    assert answers == {303: 20, 429: 30}
    assert count(database, Disclosure) == count(database, ExpressionOfInterest) == 20
    assert len(told(database, Kind.INTEREST_RECEIVED)) == 20


def test_people_who_ask_each_other_at_once_do_not_wait_for_one_another(database: Database) -> None:
    people = [make_person(database, name) for name in ("esha", "farah", "gita", "hema")]
    goods = [(make_listing(database, person, title=f"Cotton {n}"), person) for person in people for n in range(4)]
    acts = [
        asks(database, listing_id, by, shares_contact=True)
        for listing_id, lister in goods
        for by in people
        if by is not lister
    ]
    assert (
        all(at_once(acts))
        and len(acts) == 48
        and count(database, ExpressionOfInterest) == 48
        and count(database, Disclosure) == 96
    )


@pytest.mark.promise("P-097")
def test_a_request_on_its_way_is_shut_out_by_misused_too(asha: Person, bina: Person, database: Database) -> None:
    goods = [make_listing(database, asha, title=f"Cotton {number}") for number in range(2)]
    with database.apart() as session:
        ask(session, goods[0], bina)
    session = database.writing()
    ask(session, goods[1], bina)
    with ThreadPoolExecutor(1) as threads:
        marking = threads.submit(mark_misused, database, asha)
        with pytest.raises(FutureTimeout):
            marking.result(0.5)
        database.settle()
        marking.result(30)
    assert count(database, Disclosure) == 2 and count(database, Disclosure, Disclosure.ended_at.is_(None)) == 0


def mark_misused(database: Database, lister: Person) -> None:
    """Say that the first look was misused."""
    with database.apart() as session:
        disclosures.mark_misused(session, disclosures.find_own(session, 1, lister.account(session)))


def test_two_processes_take_turns(settings: Settings, bina: Person, asha: Person, database: Database) -> None:
    other = Database(settings.database_url, KeyRing.from_settings(settings))
    goods = [make_listing(database, asha, title=f"Cotton {number}") for number in range(20)]
    at_once(asks(one, goods[n], bina, quota=Quota(7, 20)) for n, one in enumerate([database, other] * 10))
    other.dispose()
    assert count(database, Disclosure) == count(database, ExpressionOfInterest) == 7


def asks(database: Database, listing_id: int, by: Person, **typed: Any) -> Callable[[], bool]:
    """An act that expresses interest in a transaction of its own; gives whether it was allowed."""

    def act() -> bool:
        try:
            with database.apart() as session:
                ask(session, listing_id, by, **typed)
        except TooMany:
            return False
        return True

    return act


# -- registration --


@pytest.mark.criterion("A1")
@pytest.mark.settings(throttle=False)
def test_one_form_of_registration_sent_by_many_opens_one_account(app: Flask, visit: Visit, database: Database) -> None:
    form = visit().get("/registration/new").form("registration")
    values = form.values(**REGISTRATION)
    browsers = [app.test_client() for _ in range(4)]
    sends = [lambda b=b: b.post("/registration", data=values, headers=FETCH).status_code for b in browsers]
    assert at_once(sends) == [303] * 4
    codes = {notice["to"]: notice["code"] for notice in told(database, Kind.REGISTRATION_CODE)}
    assert len(codes) == 4
    guard = {"csrf_token": values["csrf_token"]}

    def opens(browser: Any) -> bool:
        tried = [
            browser.post("/registration/code", data={**guard, "code": code}, headers=FETCH) for code in codes.values()
        ]
        return any(answer.location and answer.location.endswith("/welcome") for answer in tried)

    assert at_once(lambda b=b: opens(b) for b in browsers).count(True) == 1
    assert count(database, Account, Account.status == "active") == 1


# -- listings --


@pytest.mark.criterion("B1")
def test_fifty_publications_of_one_draft_are_one_listing(visit: Visit, asha: Person, database: Database) -> None:
    visitor = visit(asha)
    values = {**TYPED, "csrf_token": token_of(visitor), "key": "the-key-of-this-form"}
    answers = posts(visitor, values, ["/listings/new/publication"] * AT_ONCE)
    assert answers == {303: AT_ONCE}
    assert count(database, Listing) == 1
    with database.apart() as session:
        assert len(listings.find(session, "indigo").cards) == 1


def test_fifty_closings_and_reopenings_leave_the_index_as_the_listing_is(
    visit: Visit, asha: Person, dupatta: int, database: Database
) -> None:
    visitor = visit(asha)
    acts = [f"/listings/{dupatta}/closure", f"/listings/{dupatta}/reopening"] * (AT_ONCE // 2)
    assert posts(visitor, {"csrf_token": token_of(visitor)}, acts) == {303: AT_ONCE}
    with database.apart() as session:
        shown = [card.id for card in listings.find(session, "indigo").cards]
        assert shown == ([dupatta] if session.get_one(Listing, dupatta).is_open else [])


# -- everybody at once --


def test_fifty_people_who_write_and_read_at_once_are_all_served(
    app: Flask, visit: Visit, asha: Person, bina: Person, charu: Person, database: Database
) -> None:
    goods = [make_listing(database, asha, title=f"Cotton {number}") for number in range(5)]
    buyers = [visit(bina), visit(charu)]
    tokens = [token_of(visitor) for visitor in buyers]
    acts: list[Callable[[], Any]] = []
    for number in range(AT_ONCE):
        visitor, token = buyers[number % 2], tokens[number % 2]
        listing_id = goods[number % 5]
        if number % 3:
            path, values = f"/listings/{listing_id}/interests", {"csrf_token": token}
            acts.append(lambda v=visitor, p=path, d=values: next(iter(posts(v, d, [p]))))
        else:
            path = ("/", "/listings?q=cotton", f"/listings/{listing_id}")[number % 9 // 3]
            acts.append(lambda p=path: app.test_client().get(p).status_code)
    assert set(at_once(acts)) == {200, 303}
    assert count(database, Disclosure) == 10


@pytest.mark.sqlite
def test_a_connection_that_opens_waits_for_one_that_closes(database: Database, bina: Person) -> None:
    database.dispose()
    holder = sqlite3.connect(str(database.url.database), check_same_thread=False)
    holder.execute("PRAGMA locking_mode=EXCLUSIVE")
    holder.execute("BEGIN IMMEDIATE")
    with ThreadPoolExecutor(1) as threads:
        opening = threads.submit(count, database, ExpressionOfInterest)
        with pytest.raises(FutureTimeout):
            opening.result(0.2)
        holder.close()
        assert opening.result(30) == 0
