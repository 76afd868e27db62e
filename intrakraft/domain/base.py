"""What every table shares: the declarative base, keys, times and the only clock.

Defaults are filled when a row is made, so that a row's own rules hold before it is saved.
"""

from __future__ import annotations

import secrets
import unicodedata
from datetime import UTC, datetime
from typing import Annotated, Any, Literal

import sqlalchemy as sa
from sqlalchemy.orm import DeclarativeBase, InstanceState, mapped_column

from intrakraft.domain.labels import NOT_PERSONAL

BigId = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def now() -> datetime:
    """The time, aware and in UTC, to the millisecond."""
    moment = datetime.now(UTC)
    return moment.replace(microsecond=moment.microsecond // 1000 * 1000)


def N_(text: str) -> str:
    """Mark a sentence for translation; the web translates it when it is shown."""
    return text


def new_token(nbytes: int = 16) -> str:
    """Random text safe in a URL, of `nbytes` bytes of entropy."""
    return secrets.token_urlsafe(nbytes)


MOST_MARKS = 30
"""Marks that may stand on one letter; longer runs are no writing and make normalising slow (Unicode UAX 15, stream-safe)."""


def normal_text(text: str, form: Literal["NFC", "NFKC"] = "NFC") -> str:
    """Text in one normal form; marks beyond the thirtieth on one letter are dropped first, so that it takes linear time."""
    if text.isascii():
        return text
    kept, run = [], 0
    for letter in text:
        run = run + 1 if unicodedata.combining(letter) else 0
        if run <= MOST_MARKS:
            kept.append(letter)
    return unicodedata.normalize(form, "".join(kept))


class UtcDateTime(sa.TypeDecorator[datetime]):
    """An aware time, kept in UTC by either database; a naive one is refused."""

    impl = sa.DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: sa.Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a time without its zone")
        value = value.astimezone(UTC)
        return value if dialect.name == "postgresql" else value.replace(tzinfo=None)

    def process_result_value(self, value: datetime | None, dialect: sa.Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class Model(DeclarativeBase):
    """Base of all tables; constraint names are fixed so that migrations can name them on both databases."""

    metadata = sa.MetaData(
        naming_convention={
            "ix": "ix_%(column_0_N_label)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map = {datetime: UtcDateTime()}


@sa.event.listens_for(Model, "init", propagate=True)
def _fill_defaults(target: Model, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
    state: InstanceState[Any] = sa.inspect(target)
    for column in state.mapper.local_table.columns:
        key = state.mapper.get_property_by_column(column).key
        default = column.default
        if key in kwargs or default is None:
            continue
        if default.is_scalar:
            kwargs[key] = default.arg
        elif default.is_callable:
            kwargs[key] = default.arg(None)


Id = Annotated[int, mapped_column(BigId, primary_key=True, info={"label": NOT_PERSONAL})]
CreatedAt = Annotated[datetime, mapped_column(UtcDateTime(), default=now, info={"label": NOT_PERSONAL})]
