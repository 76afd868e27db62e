"""Second factors: the code app, the paper codes and passkeys of a person.

Secrets are sealed and read only to check them; a code works once, even for two requests at the same moment
(P-120, P-128; RFC 6238, W3C WebAuthn Level 3).
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import pyotp
import sqlalchemy as sa
from sqlalchemy.orm import Mapped, Session

from intrakraft.domain.accounts.codes import digits_of
from intrakraft.domain.base import N_, BigId, CreatedAt, Id, Model, UtcDateTime, now
from intrakraft.domain.errors import Invalid, NotFound, Refusal
from intrakraft.domain.keys import keyring
from intrakraft.domain.labels import (
    Category,
    Erase,
    Purpose,
    Retention,
    Visibility,
    personal,
    plain,
    reading_for,
    subject,
)

if TYPE_CHECKING:
    from webauthn.helpers.structs import PublicKeyCredentialDescriptor

STEP = 30
DRIFT_STEPS = 1
PAPER_CODES = 10
ALPHABET = "23456789BCDFGHJKLMNPQRSTVWXYZ"
CEREMONY = timedelta(minutes=5)
MOST_PASSKEYS = 10
MALFORMED = (ValueError, LookupError, TypeError, AttributeError, EOFError, RecursionError)
"""What reading an answer may raise that no browser gave."""


class TotpSecret(Model):
    """The secret shared with a code app; it counts once a first code from it was right."""

    __tablename__ = "totp_secret"

    subject_id: Mapped[int] = subject(BigId, sa.ForeignKey("account.id"), primary_key=True, autoincrement=False)
    secret: Mapped[bytes] = personal(
        sa.LargeBinary,
        category=Category.AUTH,
        purposes={Purpose.AUTH},
        retention=Retention.ACCT,
        visibility=Visibility.NOBODY,
        erase=Erase.KEY,
        why="checks the codes of your code app",
        gated=True,
    )
    confirmed_at: Mapped[datetime | None] = plain(UtcDateTime(), default=None, why="since when codes are asked for")
    last_step: Mapped[int] = plain(BigId, default=0, why="keeps a used code from working again")
    created_at: Mapped[CreatedAt]


class RecoveryCode(Model):
    """One paper code: only a keyed hash of it is kept, and it works once."""

    __tablename__ = "recovery_code"

    id: Mapped[Id]
    subject_id: Mapped[int] = subject(BigId, sa.ForeignKey("account.id"), index=True)
    code_hash: Mapped[bytes] = personal(
        sa.LargeBinary,
        category=Category.AUTH,
        purposes={Purpose.AUTH},
        retention=Retention.ACCT,
        visibility=Visibility.NOBODY,
        erase=Erase.DELETE,
        why="checks a paper code when your phone is lost",
        gated=True,
    )
    used_at: Mapped[datetime | None] = plain(UtcDateTime(), default=None)
    created_at: Mapped[CreatedAt]


class Passkey(Model):
    """One passkey of a person; its private half never leaves their device."""

    __tablename__ = "passkey"

    id: Mapped[Id]
    subject_id: Mapped[int] = subject(BigId, sa.ForeignKey("account.id"), index=True)
    credential_id: Mapped[bytes] = personal(
        sa.LargeBinary,
        category=Category.AUTH,
        purposes={Purpose.AUTH},
        retention=Retention.ACCT,
        visibility=Visibility.NOBODY,
        erase=Erase.DELETE,
        why="names your passkey to your device",
        gated=True,
        unique=True,
    )
    public_key: Mapped[bytes] = personal(
        sa.LargeBinary,
        category=Category.AUTH,
        purposes={Purpose.AUTH},
        retention=Retention.ACCT,
        visibility=Visibility.NOBODY,
        erase=Erase.DELETE,
        why="checks what your passkey signs",
        gated=True,
    )
    sign_count: Mapped[int] = plain(BigId, default=0, why="shows a copied passkey")
    device: Mapped[str] = personal(
        sa.String(80),
        category=Category.DEV,
        purposes={Purpose.AUTH},
        retention=Retention.ACCT,
        visibility=Visibility.ME,
        erase=Erase.DELETE,
        why="tells your passkeys apart in the list",
        default="",
    )
    created_at: Mapped[CreatedAt]
    last_used_at: Mapped[datetime | None] = plain(UtcDateTime(), default=None)


class PasskeyCeremony(Model):
    """A challenge given to a browser; it is answered once, within minutes."""

    __tablename__ = "passkey_ceremony"

    id: Mapped[Id]
    subject_id: Mapped[int] = subject(BigId, sa.ForeignKey("account.id"), index=True)
    challenge: Mapped[bytes] = personal(
        sa.LargeBinary,
        category=Category.AUTH,
        purposes={Purpose.AUTH},
        retention=Retention.SES,
        visibility=Visibility.NOBODY,
        erase=Erase.DELETE,
        why="keeps an old answer of a passkey from working again",
        gated=True,
    )
    expires_at: Mapped[datetime] = plain(UtcDateTime())


@dataclass(frozen=True, slots=True)
class Site:
    """Where passkeys are bound to: host name without port, and the origin as browsers say it."""

    host: str
    origin: str


@dataclass(frozen=True, slots=True)
class Factors:
    """What a person has set up."""

    totp: bool
    passkeys: int
    paper_codes: int


# -- reading --


def factors_of(session: Session, account_id: int) -> Factors:
    """Which second factors a person may use besides the mailed code."""
    count = sa.select(sa.func.count())
    totp = count.where(TotpSecret.subject_id == account_id, TotpSecret.confirmed_at.is_not(None))
    keys = count.select_from(Passkey).where(Passkey.subject_id == account_id)
    paper = count.where(RecoveryCode.subject_id == account_id, RecoveryCode.used_at.is_(None))
    row = session.execute(
        sa.select(totp.select_from(TotpSecret).scalar_subquery(), keys.scalar_subquery(), paper.scalar_subquery())
    ).one()
    return Factors(bool(row[0]), row[1], row[2])


def has_totp(session: Session, account_id: int) -> bool:
    """Whether a code app is set up and confirmed."""
    found = sa.select(TotpSecret.subject_id).where(
        TotpSecret.subject_id == account_id, TotpSecret.confirmed_at.is_not(None)
    )
    return session.scalar(found) is not None


def passkeys_of(session: Session, account_id: int) -> list[tuple[int, str, datetime, datetime | None]]:
    """(id, device, created, last used) of each passkey, newest first."""
    query = sa.select(Passkey.id, Passkey.device, Passkey.created_at, Passkey.last_used_at)
    rows = session.execute(query.where(Passkey.subject_id == account_id).order_by(Passkey.id.desc())).all()
    return [tuple(row) for row in rows]  # type: ignore[misc]


def _secret_of(session: Session, account_id: int) -> str | None:
    with reading_for(session, Purpose.AUTH) as reader:
        sealed = reader.scalar(sa.select(TotpSecret.secret).where(TotpSecret.subject_id == account_id))
    return None if sealed is None else keyring(session).open(account_id, "totp_secret.secret", sealed)


def _matching_step(secret: str, typed: str) -> int | None:
    try:
        code = digits_of(typed)
    except Invalid:
        return None
    totp, here = pyotp.TOTP(secret), int(now().timestamp()) // STEP
    steps = range(here - DRIFT_STEPS, here + DRIFT_STEPS + 1)
    return max((step for step in steps if secrets.compare_digest(totp.at(step * STEP), code)), default=None)


# -- code app --


def begin_totp(session: Session, account_id: int) -> str:
    """Make a new secret, which counts only once `confirm_totp` saw a code of it. Gives it for the one time it is shown.

    Raises `Refusal` while a confirmed one exists: it is removed first.
    """
    if has_totp(session, account_id):
        raise Refusal(N_("A code app is set up already. Remove it first."))
    secret = pyotp.random_base32()
    sealed = keyring(session).seal(account_id, "totp_secret.secret", secret)
    session.execute(sa.delete(TotpSecret).where(TotpSecret.subject_id == account_id))
    session.add(TotpSecret(subject_id=account_id, secret=sealed))
    session.flush()
    return secret


def pending_secret(session: Session, account_id: int) -> str | None:
    """The secret that waits for its first code, so that a mistyped code does not cost a new scan."""
    return None if has_totp(session, account_id) else _secret_of(session, account_id)


def provisioning_uri(secret: str, username: str) -> str:
    """The otpauth:// address that code apps read from a QR code."""
    return pyotp.TOTP(secret).provisioning_uri(name=username, issuer_name="Intrakraft")


def confirm_totp(session: Session, account_id: int, typed: str) -> list[str]:
    """Turn the code app on with a first right code; gives new paper codes. Raises `Invalid` for a wrong code."""
    secret = pending_secret(session, account_id)
    step = _matching_step(secret, typed) if secret else None
    if step is None:
        raise Invalid({"code": N_("This is not the code the app shows now. Is the phone’s clock set by itself?")})
    session.execute(
        sa.update(TotpSecret)
        .where(TotpSecret.subject_id == account_id, TotpSecret.confirmed_at.is_(None))
        .values(confirmed_at=now(), last_step=step)
    )
    return new_recovery_codes(session, account_id)


def check_totp(session: Session, account_id: int, typed: str) -> bool:
    """Whether the code is right and not used before; 30 seconds early or late is fine. Uses it up."""
    secret = _secret_of(session, account_id) if has_totp(session, account_id) else None
    step = _matching_step(secret, typed) if secret else None
    if step is None:
        return False
    used = sa.update(TotpSecret).where(TotpSecret.subject_id == account_id, TotpSecret.last_step < step)
    return _changed(session, used.values(last_step=step))


def remove_totp(session: Session, account_id: int) -> None:
    """Take the code app away, and the paper codes with it."""
    session.execute(sa.delete(TotpSecret).where(TotpSecret.subject_id == account_id))
    session.execute(sa.delete(RecoveryCode).where(RecoveryCode.subject_id == account_id))


def _changed(session: Session, statement: sa.Update) -> bool:
    result = session.execute(statement.execution_options(synchronize_session=False))
    return getattr(result, "rowcount", 0) == 1


# -- paper codes --


def new_recovery_codes(session: Session, account_id: int) -> list[str]:
    """Ten new paper codes, shown this once; older ones stop working."""
    codes = ["".join(secrets.choice(ALPHABET) for _ in range(10)) for _ in range(PAPER_CODES)]
    session.execute(sa.delete(RecoveryCode).where(RecoveryCode.subject_id == account_id))
    session.add_all(RecoveryCode(subject_id=account_id, code_hash=_hash(session, account_id, code)) for code in codes)
    session.flush()
    return [f"{code[:5]} {code[5:]}" for code in codes]


def check_recovery_code(session: Session, account_id: int, typed: str) -> bool:
    """Whether this is one of the person's unused paper codes. Uses it up."""
    code = "".join(c for c in typed.upper() if c.isalnum())
    wanted = _hash(session, account_id, code)
    with reading_for(session, Purpose.AUTH) as reader:
        found = reader.scalar(
            sa.select(RecoveryCode.id).where(RecoveryCode.subject_id == account_id, RecoveryCode.code_hash == wanted)
        )
    if found is None:
        return False
    used = sa.update(RecoveryCode).where(RecoveryCode.id == found, RecoveryCode.used_at.is_(None))
    return _changed(session, used.values(used_at=now()))


def _hash(session: Session, account_id: int, code: str) -> bytes:
    return keyring(session).blind("recovery code", f"{account_id}:{code}")


# -- passkeys --


def begin_passkey(session: Session, account_id: int, username: str, site: Site) -> str:
    """Options (JSON) for a browser to make a new passkey. Raises `Refusal` beyond ten."""
    import webauthn
    from webauthn.helpers.structs import (
        AuthenticatorSelectionCriteria,
        ResidentKeyRequirement,
        UserVerificationRequirement,
    )

    known = _credentials(session, account_id)
    if len(known) >= MOST_PASSKEYS:
        raise Refusal(N_("Ten passkeys are enough. Remove one first."))
    options = webauthn.generate_registration_options(
        rp_id=site.host,
        rp_name="Intrakraft",
        user_id=str(account_id).encode(),
        user_name=username,
        exclude_credentials=_descriptors(known),
        authenticator_selection=AuthenticatorSelectionCriteria(
            resident_key=ResidentKeyRequirement.DISCOURAGED, user_verification=UserVerificationRequirement.PREFERRED
        ),
    )
    _remember(session, account_id, options.challenge)
    return webauthn.options_to_json(options)


def finish_passkey(session: Session, account_id: int, answer: str, device: str, site: Site) -> Passkey:
    """Keep the passkey a browser made. Raises `Invalid` where its answer does not fit the challenge."""
    import webauthn

    challenge = _take(session, account_id)
    try:
        made = webauthn.verify_registration_response(
            credential=answer, expected_challenge=challenge, expected_rp_id=site.host, expected_origin=site.origin
        )
    except (webauthn.helpers.exceptions.WebAuthnException, *MALFORMED) as error:
        raise Invalid({"answer": N_("The passkey could not be read. Try once more.")}) from error
    passkey = Passkey(
        subject_id=account_id,
        credential_id=made.credential_id,
        public_key=made.credential_public_key,
        sign_count=made.sign_count,
        device=device[:80],
    )
    session.add(passkey)
    session.flush()
    return passkey


def passkey_options(session: Session, account_id: int, site: Site) -> str | None:
    """Options (JSON) for a browser to sign with one of the person's passkeys; None where there is none."""
    import webauthn

    known = _credentials(session, account_id)
    if not known:
        return None
    options = webauthn.generate_authentication_options(rp_id=site.host, allow_credentials=_descriptors(known))
    _remember(session, account_id, options.challenge)
    return webauthn.options_to_json(options)


def check_passkey(session: Session, account_id: int, answer: str, site: Site) -> bool:
    """Whether the answer is signed by one of the person's passkeys over the challenge given. Uses the challenge up."""
    import webauthn

    challenge = _take(session, account_id)
    try:
        said = webauthn.helpers.parse_authentication_credential_json(answer)
        passkey_id, public_key, count = _credentials(session, account_id)[said.raw_id]
        result = webauthn.verify_authentication_response(
            credential=said,
            expected_challenge=challenge,
            expected_rp_id=site.host,
            expected_origin=site.origin,
            credential_public_key=public_key,
            credential_current_sign_count=count,
        )
    except (webauthn.helpers.exceptions.WebAuthnException, *MALFORMED):
        return False
    used = sa.update(Passkey).where(Passkey.id == passkey_id)
    return _changed(session, used.values(sign_count=result.new_sign_count, last_used_at=now()))


def remove_passkey(session: Session, account_id: int, passkey_id: int) -> None:
    """Forget one passkey. Raises `NotFound` for anybody else's."""
    gone = sa.delete(Passkey).where(Passkey.id == passkey_id, Passkey.subject_id == account_id)
    if getattr(session.execute(gone), "rowcount", 0) != 1:
        raise NotFound(N_("There is no such passkey."))


def _credentials(session: Session, account_id: int) -> dict[bytes, tuple[int, bytes, int]]:
    with reading_for(session, Purpose.AUTH) as reader:
        query = sa.select(Passkey.credential_id, Passkey.id, Passkey.public_key, Passkey.sign_count)
        rows = reader.execute(query.where(Passkey.subject_id == account_id)).all()
    return {row[0]: (row[1], row[2], row[3]) for row in rows}


def _descriptors(known: dict[bytes, tuple[int, bytes, int]]) -> list[PublicKeyCredentialDescriptor]:
    from webauthn.helpers.structs import PublicKeyCredentialDescriptor

    return [PublicKeyCredentialDescriptor(id=credential_id) for credential_id in known]


def _remember(session: Session, account_id: int, challenge: bytes) -> None:
    session.execute(sa.delete(PasskeyCeremony).where(PasskeyCeremony.subject_id == account_id))
    session.add(PasskeyCeremony(subject_id=account_id, challenge=challenge, expires_at=now() + CEREMONY))
    session.flush()


def _take(session: Session, account_id: int) -> bytes:
    with reading_for(session, Purpose.AUTH) as reader:
        row = reader.execute(
            sa.select(PasskeyCeremony.id, PasskeyCeremony.challenge).where(
                PasskeyCeremony.subject_id == account_id, PasskeyCeremony.expires_at > now()
            )
        ).first()
    gone = sa.delete(PasskeyCeremony).where(PasskeyCeremony.id == row[0]) if row else None
    if gone is None or getattr(session.execute(gone), "rowcount", 0) != 1:
        raise Invalid({"answer": N_("That took too long. Try once more.")})
    return bytes(row[1])  # type: ignore[index]
