"""Erasing: an account goes with every row, file and key that is its own, and every row of others that points at it.

Which rows these are is read from the labels and foreign keys of all tables, so a new table is never forgotten (P-117).
"""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.orm import Session

from intrakraft.domain import media, notices, search
from intrakraft.domain.accounts import Account
from intrakraft.domain.base import Model
from intrakraft.domain.interests import ExpressionOfInterest
from intrakraft.domain.keys import keyring
from intrakraft.domain.labels import label_of
from intrakraft.domain.listings import Listing
from intrakraft.domain.media import Place
from intrakraft.domain.privacy import minors


def erase_children(session: Session) -> list[Place]:
    """Erase accounts that were confirmed to be a child's; the places returned are to be emptied after the commit."""
    return [place for account_id in minors.confirmed(session) for place in erase(session, account_id)]


def erase(session: Session, account_id: int) -> list[Place]:
    """Erase an account; the places of its photos are to be emptied after the commit. Done already, it does nothing.

    The key goes before the commit: what cannot be deleted at once can at least no longer be read. The session lets go
    of every row it holds.
    """
    account = session.get(Account, account_id, with_for_update=True, populate_existing=True)
    if account is None:
        return []
    notices.forget_mentions(session, _met(session, account_id), account.username)
    places = []
    for listing_id, number in session.execute(
        sa.select(Listing.id, Listing.posted_no).where(Listing.lister_id == account_id)
    ).all():
        places += media.take_out_all(session, listing_id)
        if number is not None:
            search.remove(session, number)
    for table in reversed(Model.metadata.sorted_tables):
        condition = _falls_with(table, account_id)
        if condition is not None:
            session.execute(sa.delete(table).where(condition))
    session.expunge_all()
    keyring(session).destroy(account_id)
    return places


def _met(session: Session, account_id: int) -> set[int]:
    """Everybody who dealt with this person, and may have been told their name."""
    interest = ExpressionOfInterest
    mine = sa.or_(interest.lister_id == account_id, interest.interested_id == account_id)
    rows = session.execute(sa.select(interest.lister_id, interest.interested_id).where(mine)).all()
    return {one for row in rows for one in row} - {account_id}


def _falls_with(table: sa.Table, account_id: int) -> sa.ColumnElement[bool] | None:
    """Which rows of a table go with the account: its own, those that name it, and those that hang on such rows."""
    if table is Account.__table__:
        return table.c.id == account_id
    found: list[sa.ColumnElement[bool]] = []
    for column in table.columns:
        label = label_of(column)
        if label is not None and label.subject:
            found.append(column == account_id)
        for key in column.foreign_keys:
            above = None if key.ondelete == "SET NULL" else _falls_with(key.column.table, account_id)
            if above is not None:
                found.append(column.in_(sa.select(key.column).where(above)))
    return sa.or_(*found) if found else None
