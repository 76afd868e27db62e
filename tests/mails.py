"""What the platform told people: the notices of the outbox, opened as the worker would, without a mail server."""

from __future__ import annotations

import json
from typing import Any

import sqlalchemy as sa

from intrakraft.db import Database
from intrakraft.domain.keys import KeyDestroyed
from intrakraft.domain.labels import Purpose
from intrakraft.domain.notices import PAYLOAD, Kind, Notice


def told(database: Database, kind: Kind | None = None, *, to: int | None = None) -> list[dict[str, Any]]:
    """Fields of the notices of this kind to this person, oldest first; each also says its `kind`, `to` and `channel`."""
    query = sa.select(Notice.subject_id, Notice.kind, Notice.channel, Notice.payload).order_by(Notice.id)
    with database.reading_for(Purpose.NOTICE) as reader:
        rows = reader.execute(query).all()
    found = [(row, _opened(database, row.subject_id, row.payload)) for row in rows]
    return [
        {**fields, "kind": Kind(row.kind), "to": row.subject_id, "channel": row.channel}
        for row, fields in found
        if kind in (None, Kind(row.kind)) and to in (None, row.subject_id)
    ]


def code(database: Database, kind: Kind, *, to: int | None = None) -> str:
    """The newest code that was mailed."""
    return str(told(database, kind, to=to)[-1]["code"])


def wrong(right: str) -> str:
    """Six digits that are not these."""
    return f"{(int(right) + 1) % 1_000_000:06}"


def _opened(database: Database, account_id: int, payload: bytes | None) -> dict[str, Any]:
    try:
        return {} if payload is None else json.loads(database.keyring.open(account_id, PAYLOAD, payload))
    except KeyDestroyed:
        return {}
