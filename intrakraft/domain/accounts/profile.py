"""Profiles: what others see of a person, field by field, and only what registration asked for.

By default everybody sees the place of business and the city, and nobody the rest; e-mail, phone and street can never be
opened to people one does not deal with, because contact goes through an interest alone (P-104, P-105, P-097).
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, Session

from intrakraft.domain.accounts.contacts import contact_of
from intrakraft.domain.accounts.signing_in import find_by_username
from intrakraft.domain.accounts.tables import Account, Status
from intrakraft.domain.base import N_, BigId, Model
from intrakraft.domain.errors import Invalid, NotFound
from intrakraft.domain.labels import Category, Erase, Purpose, Retention, Visibility, personal, plain, subject


class SeenBy(StrEnum):
    """Who sees a field of a profile, the widest circle first."""

    PUBLIC = "public"
    MEMBERS = "members"
    COUNTERPARTIES = "counterparties"
    ME = "me"


CIRCLES = list(SeenBy)


@dataclass(frozen=True, slots=True)
class ProfileField:
    """One field of the registration set: its default circle and the widest it may be opened to."""

    name: str
    words: str
    default: SeenBy
    widest: SeenBy

    @property
    def circles(self) -> list[SeenBy]:
        """The circles that may be chosen."""
        return CIRCLES[CIRCLES.index(self.widest) :]


FIELDS = {
    field.name: field
    for field in (
        ProfileField("place_of_business", N_("Place of business"), SeenBy.PUBLIC, SeenBy.PUBLIC),
        ProfileField("city", N_("City"), SeenBy.PUBLIC, SeenBy.PUBLIC),
        ProfileField("state", N_("State"), SeenBy.ME, SeenBy.PUBLIC),
        ProfileField("name", N_("Name"), SeenBy.ME, SeenBy.PUBLIC),
        ProfileField("email", N_("E-mail"), SeenBy.ME, SeenBy.COUNTERPARTIES),
        ProfileField("phone", N_("Phone"), SeenBy.ME, SeenBy.COUNTERPARTIES),
        ProfileField("address", N_("Address"), SeenBy.ME, SeenBy.COUNTERPARTIES),
    )
}
SEALED = frozenset({"name", "email", "phone", "address"})


class ProfileChoice(Model):
    """What a person chose for one field; no row means the default."""

    __tablename__ = "profile_choice"

    subject_id: Mapped[int] = subject(BigId, sa.ForeignKey("account.id"), primary_key=True, autoincrement=False)
    field: Mapped[str] = plain(sa.String(24), primary_key=True, why="which field")
    seen_by: Mapped[str] = personal(
        sa.String(16),
        category=Category.CNS,
        purposes={Purpose.ACCOUNT},
        retention=Retention.ACCT,
        visibility=Visibility.ME,
        erase=Erase.DELETE,
        why="who may see this field of your profile",
    )


# -- reading --


def find_visible(session: Session, username: str, viewer: Account | None) -> Account:
    """The account whose profile this viewer asks for. Raises `NotFound`, also for people who are on hold or frozen."""
    found = find_by_username(session, username)
    if found is None or not (is_shown(found) or (viewer is not None and viewer.id == found.id)):
        raise NotFound(N_("There is no such person here."))
    return found


def is_shown(account: Account) -> bool:
    """Whether others may see the profile at all, whatever its fields say."""
    return account.standing in (Status.ACTIVE, Status.LIMITED) and account.frozen_at is None


def choices_of(session: Session, account: Account) -> dict[str, SeenBy]:
    """Who sees each field of this person's profile."""
    query = sa.select(ProfileChoice.field, ProfileChoice.seen_by).where(ProfileChoice.subject_id == account.id)
    chosen = {field: SeenBy(seen_by) for field, seen_by in session.execute(query).all() if field in FIELDS}
    return {name: chosen.get(name, field.default) for name, field in FIELDS.items()}


def circle_of(viewer: Account | None, account: Account, *, deals: bool) -> SeenBy:
    """The innermost circle the viewer belongs to; `deals` says whether they were given the contact and may see it."""
    if viewer is None:
        return SeenBy.PUBLIC
    if viewer.id == account.id:
        return SeenBy.ME
    return SeenBy.COUNTERPARTIES if deals else SeenBy.MEMBERS


def shown(session: Session, account: Account, circle: SeenBy) -> dict[str, str]:
    """The fields of a profile that this circle sees, by name; what is not among them is not read at all."""
    reach = CIRCLES.index(circle)
    names = [name for name, seen_by in choices_of(session, account).items() if CIRCLES.index(seen_by) <= reach]
    contact = contact_of(session, account.id, Purpose.ACCOUNT) if SEALED.intersection(names) else None
    found = {name: getattr(contact if name in SEALED else account, name, "") for name in names}
    return {name: value for name, value in found.items() if value}


# -- writing --


def choose(session: Session, account: Account, wanted: dict[str, str]) -> None:
    """Set who sees which field, at once. Raises `Invalid` for a circle that a field may not be opened to."""
    unfit = N_("This field cannot be shown to them.")
    wrong = {name: unfit for name, circle in wanted.items() if not _fits(name, circle)}
    if wrong:
        raise Invalid(wrong)
    session.execute(sa.delete(ProfileChoice).where(ProfileChoice.subject_id == account.id))
    session.add_all(
        ProfileChoice(subject_id=account.id, field=name, seen_by=circle)
        for name, circle in wanted.items()
        if circle != FIELDS[name].default
    )


def _fits(name: str, circle: str) -> bool:
    return name in FIELDS and circle in FIELDS[name].circles
