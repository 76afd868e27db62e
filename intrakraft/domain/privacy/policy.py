"""Policy: which versions of our texts were published, and who agreed to which of them, when and for whom.

A published text never changes, and an agreement can always be turned back into the exact words (P-006, P-115).
"""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, Session

from intrakraft.domain.base import N_, BigId, CreatedAt, Id, Model, UtcDateTime, now
from intrakraft.domain.errors import Refusal
from intrakraft.domain.labels import Basis, Category, Erase, Purpose, Retention, Visibility, personal, plain, subject
from intrakraft.domain.privacy import texts
from intrakraft.domain.privacy.texts import Altered, Clause, Kind, Text

ZONE = ZoneInfo("Asia/Kolkata")


class Agreed(StrEnum):
    """What a person agrees to or states; each has a box of its own."""

    POLICY = "policy"
    TERMS = "terms"
    ADULT = "adult"
    AUTHORITY = "authority"


class OnBehalfOf(StrEnum):
    """For whom the person speaks (P-114)."""

    SELF = "self"
    FIRM = "firm"


DOCUMENT = {
    Agreed.POLICY: Kind.PRIVACY,
    Agreed.TERMS: Kind.TERMS,
    Agreed.ADULT: Kind.STATEMENT,
    Agreed.AUTHORITY: Kind.STATEMENT,
}
NEEDED = {
    OnBehalfOf.SELF: (Agreed.ADULT, Agreed.POLICY, Agreed.TERMS),
    OnBehalfOf.FIRM: (Agreed.ADULT, Agreed.AUTHORITY, Agreed.POLICY, Agreed.TERMS),
}


class PolicyVersion(Model):
    """One published text in one language. The row is written once and its seal must fit the file for ever."""

    __tablename__ = "policy_version"
    __table_args__ = (sa.UniqueConstraint("kind", "version", "lang"),)

    id: Mapped[Id]
    kind: Mapped[str] = plain(sa.String(16), why="which text it is")
    version: Mapped[str] = plain(sa.String(16), why="the day that names the version")
    lang: Mapped[str] = plain(sa.String(8), why="the language of this text")
    effective_on: Mapped[date] = plain(sa.Date, why="since when the policy applies")
    modified_on: Mapped[date] = plain(sa.Date, why="since when this version of it applies")
    sha256: Mapped[str] = plain(sa.String(64), why="the seal of the published text")
    recorded_at: Mapped[CreatedAt]


class Acceptance(Model):
    """One agreement or statement of one person, never changed afterwards; a later one is a further row."""

    __tablename__ = "acceptance"
    __table_args__ = (
        sa.CheckConstraint("kind IN ('policy', 'terms', 'adult', 'authority')", name="kind"),
        sa.CheckConstraint("on_behalf_of IN ('self', 'firm')", name="on_behalf_of"),
        sa.CheckConstraint("kind <> 'authority' OR on_behalf_of = 'firm'", name="authority_is_for_a_firm"),
    )

    id: Mapped[Id]
    subject_id: Mapped[int] = subject(BigId, sa.ForeignKey("account.id"), index=True, why="says who agreed")
    kind: Mapped[str] = personal(
        sa.String(16),
        category=Category.CNS,
        purposes={Purpose.NOTICE, Purpose.ACCOUNT},
        retention=Retention.CNS,
        visibility=Visibility.ME,
        erase=Erase.KEEP,
        basis=Basis.LAW,
        why=N_("says what was agreed to, as proof for both sides"),
        at_registration=True,
    )
    policy_version_id: Mapped[int] = plain(BigId, sa.ForeignKey("policy_version.id"), why="the text agreed to")
    lang: Mapped[str] = personal(
        sa.String(8),
        category=Category.CNS,
        purposes={Purpose.NOTICE},
        retention=Retention.CNS,
        visibility=Visibility.ME,
        erase=Erase.KEEP,
        basis=Basis.LAW,
        why="says in which language it was read, so that the same words can be shown again",
    )
    sha256: Mapped[str] = plain(sa.String(64), why="the seal of the text agreed to")
    statement_version: Mapped[str] = plain(sa.String(16), why="the version of the sentence beside the box")
    statement_sha256: Mapped[str] = plain(sa.String(64), why="the seal of the sentence beside the box")
    on_behalf_of: Mapped[str] = personal(
        sa.String(8),
        category=Category.CNS,
        purposes={Purpose.NOTICE, Purpose.ACCOUNT},
        retention=Retention.CNS,
        visibility=Visibility.ME,
        erase=Erase.KEEP,
        basis=Basis.LAW,
        why="says whether the person spoke for themselves or for a firm",
    )
    accepted_at: Mapped[datetime] = personal(
        UtcDateTime(),
        default=now,
        category=Category.CNS,
        purposes={Purpose.NOTICE},
        retention=Retention.CNS,
        visibility=Visibility.ME,
        erase=Erase.KEEP,
        basis=Basis.LAW,
        why="says when it was agreed to",
    )


# -- reading --


def today() -> date:
    """The day in India, by which versions start."""
    return now().astimezone(ZONE).date()


def current(kind: Kind, on: date | None = None, lang: str = "en") -> Text:
    """The text in force on a day, by default today. Raises `LookupError` for a day before the first text held."""
    return texts.in_force(kind, on or today(), lang)


def statement(kind: Agreed, lang: str = "en") -> Clause:
    """The sentence that stands beside the box of `kind` today: `.words` to show, `.sha256` its seal."""
    return current(Kind.STATEMENT, lang=lang).clauses[kind]


def has_accepted(session: Session, account_id: int, kind: Agreed, version: str | None = None) -> bool:
    """Whether the person agreed to that version, by default the one in force, in whatever language."""
    wanted = version or current(DOCUMENT[kind]).version
    asked = sa.select(sa.literal(1)).where(
        Acceptance.subject_id == account_id,
        Acceptance.kind == kind,
        Acceptance.policy_version_id.in_(
            sa.select(PolicyVersion.id).where(PolicyVersion.kind == DOCUMENT[kind], PolicyVersion.version == wanted)
        ),
    )
    return session.scalar(asked.limit(1)) is not None


def missing(session: Session, account_id: int, on_behalf_of: OnBehalfOf) -> list[Agreed]:
    """What the person still has to agree to or state before the account may be used (P-113 to P-116)."""
    return [kind for kind in NEEDED[on_behalf_of] if not has_accepted(session, account_id, kind)]


def acceptances_of(session: Session, account_id: int) -> list[Acceptance]:
    """Everything the person agreed to, latest first."""
    asked = sa.select(Acceptance).where(Acceptance.subject_id == account_id)
    return list(session.scalars(asked.order_by(Acceptance.accepted_at.desc(), Acceptance.id.desc())))


def words_of(session: Session, acceptance: Acceptance) -> tuple[str, str]:
    """The sentence beside the box and the whole text agreed to, word for word (P-115).

    Raises `Altered` if a file no longer yields the words that were sealed.
    """
    version = session.get_one(PolicyVersion, acceptance.policy_version_id)
    text = texts.find(Kind(version.kind), version.version, version.lang)
    said = texts.find(Kind.STATEMENT, acceptance.statement_version, acceptance.lang)
    sentence = said.clauses[acceptance.kind] if said else None
    if text is None or text.sha256 != acceptance.sha256:
        raise Altered(f"the text of acceptance {acceptance.id} is no longer held")
    if sentence is None or sentence.sha256 != acceptance.statement_sha256:
        raise Altered(f"the sentence of acceptance {acceptance.id} is no longer held")
    return sentence.words, text.source


# -- writing --


def record_versions(session: Session) -> int:
    """Record every published text that is not yet recorded; returns how many were new. Safe to run again.

    Raises `Altered` if a recorded text no longer fits its file or its dates (P-135).
    """
    before = session.scalar(sa.select(sa.func.count()).select_from(PolicyVersion)) or 0
    published = [text for kind in Kind for languages in texts.versions(kind) for text in languages.values()]
    for text in published:
        _recorded(session, text)
    return len(published) - before


def in_force(session: Session, kind: Kind) -> PolicyVersion:
    """The text in force in English as recorded; one that was published since the last setup is recorded now."""
    return _recorded(session, current(kind))


def accept(
    session: Session,
    account_id: int,
    kind: Agreed | str,
    lang: str,
    on_behalf_of: OnBehalfOf | str = OnBehalfOf.SELF,
) -> Acceptance:
    """Write down that the person ticked the box of `kind`, with the seals of what stood there (P-113 to P-116).

    Raises `ValueError` for an unknown kind, `Refusal` where somebody declares authority without naming a firm.
    """
    kind, on_behalf_of = Agreed(kind), OnBehalfOf(on_behalf_of)
    if kind is Agreed.AUTHORITY and on_behalf_of is not OnBehalfOf.FIRM:
        raise Refusal(N_("This declaration is for people who act for a firm."))
    text, said = current(DOCUMENT[kind], lang=lang), current(Kind.STATEMENT, lang=lang)
    row = Acceptance(
        subject_id=account_id,
        kind=kind,
        policy_version_id=_recorded(session, text).id,
        lang=said.lang,
        sha256=text.sha256,
        statement_version=said.version,
        statement_sha256=said.clauses[kind].sha256,
        on_behalf_of=on_behalf_of,
    )
    session.add(row)
    session.flush()
    return row


def _recorded(session: Session, text: Text) -> PolicyVersion:
    asked = sa.select(PolicyVersion).where(
        PolicyVersion.kind == text.kind, PolicyVersion.version == text.version, PolicyVersion.lang == text.lang
    )
    row = session.scalar(asked)
    if row is None:
        row = PolicyVersion(
            kind=text.kind,
            version=text.version,
            lang=text.lang,
            effective_on=text.effective_on,
            modified_on=text.modified_on,
            sha256=text.sha256,
        )
        session.add(row)
        session.flush()
    elif (row.sha256, row.effective_on, row.modified_on) != (text.sha256, text.effective_on, text.modified_on):
        raise Altered(f"{text.kind} {text.version} in {text.lang} is not the text that was recorded")
    return row
