"""Steps that tests of accounts share: a second step really passed, and a sign-in found by its token."""

from __future__ import annotations

from intrakraft.db import Database
from intrakraft.domain import accounts
from intrakraft.domain.accounts import Browser, Challenge, SignIn, codes, second_steps
from intrakraft.domain.accounts.codes import CodeKind
from intrakraft.domain.accounts.second_steps import Answer, SecondStepProof, Site, Way
from intrakraft.domain.notices import Kind
from tests.mails import code
from tests.makers import Person

CHROME, FIREFOX = Browser("Chrome", "Android 14"), Browser("Firefox", "Windows 10")
HERE = Site("localhost", "http://localhost")


def proof_of(database: Database, person: Person) -> SecondStepProof:
    """A second step passed by a mailed code, as the gate gives it."""
    with database.apart() as session:
        challenge, _ = codes.begin(session, CodeKind.SIGN_IN, person.id)
        codes.mail(session, challenge)
    answer = Answer(Way.MAIL, code(database, Kind.SIGN_IN_CODE, to=person.id), HERE)
    with database.apart() as session:
        waiting = session.get(Challenge, challenge.id)
        return second_steps.check_second_step(session, person.id, answer, waiting).or_raise()


def find(database: Database, token: str) -> SignIn | None:
    """The sign-in of a token, if it still lets somebody in."""
    with database.apart() as session:
        return accounts.find_sign_in(session, token)
