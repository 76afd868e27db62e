"""A child's account, reported and confirmed: the next sweep leaves nothing of it, and nobody else loses theirs."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import sqlalchemy as sa
from flask import Flask
from sqlalchemy.orm import Session

from intrakraft.db import Database
from intrakraft.domain.base import Model
from intrakraft.domain.listings import Listing
from intrakraft.domain.privacy import minors
from intrakraft.web.state import of
from tests.goods import picture
from tests.mails import told
from tests.makers import Person, make_listing, make_person
from tests.people import Visit
from tests.snapshots import take
from tests.web.test_drafts import values

TITLE = "Zwieback tins of the canary"


@pytest.fixture
def child(database: Database) -> Person:
    return make_person(database, "canarykid")


@pytest.fixture
def traces(app: Flask, database: Database, visit: Visit, child: Person, asha: Person, dupatta: int) -> int:
    """The child lists with a photo, asks Asha, is asked by Asha, and is reported; gives the listing's id."""
    listing_id = make_listing(database, child, title=TITLE)
    lister = visit(child)
    form = values(lister.get(f"/listings/{listing_id}/edit"))
    lister.post(f"/listings/{listing_id}/photos", {**form, "photos": [(picture(), "one.jpg")]})
    visit(child).get(f"/listings/{dupatta}").form("interest").submit(both=False, message="from canarykid")
    visit(asha).get(f"/listings/{listing_id}").form("interest").submit(both=False, shares_contact="y")
    with database.apart() as session:
        minors.report_child(session, username=child.username, grounds="canarykid is in my class")
    return listing_id


def left(app: Flask, child: Person) -> Iterator[str]:
    """Where something of the child still stands."""
    for table, kept in take(of(app).database).rows.items():
        for row in kept:
            if any(secret in repr(row) for secret in (*child.secrets, child.username, TITLE)):
                yield table
    yield from of(app).storage.list("photos")
    if of(app).database.keyring.has(child.id):
        yield "key"
    if any(child.username in str(one) for one in told(of(app).database)):
        yield "notice"


@pytest.mark.promise("P-117")
def test_a_confirmed_report_erases_all_of_a_child_and_nothing_of_others(
    app: Flask, database: Database, child: Person, asha: Person, dupatta: int, traces: int
) -> None:
    found = set(left(app, child))
    assert {"account", "child_report", "listing", "key", "notice"} <= found and any("photos/" in one for one in found)
    said = app.test_cli_runner().invoke(args=["staff", "confirm-child", child.username])
    assert said.exit_code == 0, said.output
    of(app).jobs.sweep()
    assert list(left(app, child)) == []
    with database.apart() as session:
        assert asha.account(session).email_verified_at and session.get_one(Listing, dupatta).title
        assert [name for table in Model.metadata.sorted_tables for name in _naming(session, table, child)] == []


def _naming(session: Session, table: sa.Table, child: Person) -> Iterator[str]:
    """Columns of a table that still point at the account."""
    for column in table.columns:
        names = any(key.column.table.name == "account" for key in column.foreign_keys)
        if names and session.scalar(sa.select(sa.func.count()).where(column == child.id)):
            yield f"{table.name}.{column.name}"


@pytest.mark.promise("P-117")
def test_an_unconfirmed_report_erases_nothing_and_a_dismissed_one_thaws(
    app: Flask, database: Database, child: Person, traces: int
) -> None:
    of(app).jobs.sweep()
    assert "account" in set(left(app, child))
    assert app.test_cli_runner().invoke(args=["staff", "dismiss-child", child.username]).exit_code == 0
    of(app).jobs.sweep()
    with database.apart() as session:
        assert child.account(session).frozen_at is None and session.get_one(Listing, traces).title == TITLE
