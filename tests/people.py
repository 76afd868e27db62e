"""The cast of every test: Asha lists goods, Bina is interested, Charu must see nothing, Dev works for the operator."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

from intrakraft.db import Database
from tests.makers import Person, make_listing, make_person, make_sign_in

if TYPE_CHECKING:
    from flask import Flask

    from tests.visitor import Visitor

Visit = Callable[..., "Visitor"]


@pytest.fixture
def asha(database: Database) -> Person:
    """Shop owner and lister."""
    return make_person(database, "asha")


@pytest.fixture
def bina(database: Database) -> Person:
    """Interested buyer."""
    return make_person(database, "bina", pin="682001")


@pytest.fixture
def charu(database: Database) -> Person:
    """Stranger who must see nothing."""
    return make_person(database, "charu", pin="411002")


@pytest.fixture
def dev(database: Database) -> Person:
    """Staff."""
    return make_person(database, "dev", staff="operator")


@pytest.fixture
def dupatta(database: Database, asha: Person) -> int:
    """A listing of Asha's; its id."""
    return make_listing(database, asha)


@pytest.fixture
def visit(app: Flask) -> Visit:
    """`visit()` is a stranger's browser, `visit(bina)` Bina's, signed in; `verified=False` an hour after her code."""
    from tests.visitor import Visitor

    def browser_of(person: Person | None = None, *, verified: bool = True, **headers: str) -> Visitor:
        client = app.test_client()
        if person is not None:
            sign_in_client(app, client, person, verified=verified)
        return Visitor(client, {name.replace("_", "-"): value for name, value in headers.items()})

    return browser_of


def sign_in_client(app: Flask, client: object, person: Person, *, verified: bool = True) -> None:
    """Put a new sign-in of this person into a test client."""
    from intrakraft.web.state import of

    token = make_sign_in(of(app).database, person, verified=verified)
    with client.session_transaction() as session:  # type: ignore[attr-defined]
        session["_user_id"] = token
        session["_fresh"] = True


def signed_in_cookie(app: Flask) -> str:
    """The Cookie header of the first person who can sign in, for measurements on a seeded installation."""
    import sqlalchemy as sa

    from intrakraft.domain.accounts import Account, Status
    from intrakraft.web.state import of

    database = of(app).database
    account = database.session.scalars(sa.select(Account).where(Account.status == Status.ACTIVE).limit(1)).one()
    person = Person(account.id, account.username, "", "", "", "")
    client = app.test_client()
    sign_in_client(app, client, person)
    client.get("/account")
    cookies = client._cookies.values()  # type: ignore[union-attr]
    return "; ".join(f"{cookie.key}={cookie.value}" for cookie in cookies)
