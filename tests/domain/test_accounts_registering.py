"""Registering: the promised fields, no account before its code, and not a word about who is known."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
import sqlalchemy as sa
import time_machine

from intrakraft.domain import accounts
from intrakraft.domain.accounts import Account, Challenge, Contact, Kind, Registration, Status, codes, registering
from intrakraft.domain.base import Model, now
from intrakraft.domain.errors import Invalid, NotAllowed, NotFound, Refusal
from intrakraft.domain.labels import label_of
from intrakraft.domain.notices import Kind as Told
from intrakraft.domain.privacy import policy
from tests.accounts import CHROME
from tests.mails import code, told

ASKED = Registration(
    name="Farah Khan",
    place_of_business="Khan Lamps",
    street="7 Purana Bazar",
    city="Moradabad",
    district="Moradabad",
    state="uttar pradesh",
    pin="244 001",
    email="Farah@Example.in",
    username="Farah-Lamps",
)


def checked(database, **changes) -> Registration:
    with database.apart() as session:
        return registering.checked(session, replace(ASKED, **changes))


def named(database, username) -> Account | None:
    with database.apart() as session:
        return accounts.find_by_username(session, username)


def begin(database, **changes) -> tuple[int, int, str]:
    """Register; gives the ids of account and attempt, and the token of the browser."""
    asked = checked(database, **changes)
    with database.apart() as session:
        account = registering.register(session, asked, "$hash$")
        for box in policy.NEEDED[policy.OnBehalfOf.SELF]:
            policy.accept(session, account.id, box, "en")
        token = registering.ask_code(session, account, asked.email, browser=CHROME)
        attempt = codes.find_attempt(session, codes.CodeKind.REGISTRATION, token)
        return account.id, attempt.id, token


def finish(database, attempt_id, typed) -> Account:
    with database.apart() as session:
        tried = codes.attempt(session, session.get(Challenge, attempt_id), typed)
    tried.or_raise()
    with database.apart() as session:
        return registering.verify_registration(session, session.get_one(Challenge, attempt_id), browser=CHROME)


def problems(database, **changes) -> set[str]:
    with pytest.raises(Invalid) as refused:
        checked(database, **changes)
    return set(refused.value.problems)


# -- fields --


def test_everything_is_kept_in_one_spelling(database):
    found = checked(database, phone="98290 12345")
    assert (found.username, found.email, found.pin) == ("farah-lamps", "Farah@example.in", "244001")
    assert (found.state, found.phone) == ("Uttar Pradesh", "+91 98290 12345")


@pytest.mark.promise("P-013")
def test_a_phone_is_not_needed(database):
    assert checked(database).phone == ""


def test_everything_that_is_wrong_is_said_at_once(database):
    wrong = {"username": "a", "email": "nowhere", "phone": "12", "pin": "30290", "state": "Atlantis"}
    assert problems(database, **wrong) == set(wrong)


@pytest.mark.parametrize("username", ["ab", "-farah", "farah-", "fa rah", "फराह", "a" * 31, "a..b", "admin", ""])
def test_usernames_that_will_not_do(database, username):
    assert problems(database, username=username) == {"username"}


@pytest.mark.parametrize("username", ["abc", "a1-b_c.d", "9to9", "a" * 30])
def test_usernames_that_will_do(database, username):
    assert checked(database, username=username).username == username


def test_a_taken_username_comes_with_three_that_are_free(database, asha):
    with pytest.raises(Invalid) as refused:
        checked(database, username="ASHA")
    _, params = refused.value.problems["username"]
    assert params["others"] == "asha-shop, asha-store, asha-trade"


@pytest.mark.promise("P-114")
def test_a_representative_names_the_firm_and_the_role(database):
    assert problems(database, kind=Kind.REPRESENTATIVE) == {"entity_name", "entity_role"}
    found = checked(database, kind=Kind.REPRESENTATIVE, entity_name="Khan & Sons", entity_role="partner")
    assert found.entity_name == "Khan & Sons"


@pytest.mark.promise("P-012")
def test_who_signs_up_for_themselves_leaves_no_firm(database):
    assert checked(database, entity_name="Khan & Sons").entity_name == ""


@pytest.mark.promise("P-113")
def test_there_is_no_birth_date_anywhere():
    names = {f"{table.name}.{column.name}" for table in Model.metadata.sorted_tables for column in table.columns}
    assert not {name for name in names if any(word in name for word in ("birth", "dob", "born"))}


# -- the code --


@pytest.mark.criterion("A2")
@pytest.mark.promise("P-013")
def test_the_account_opens_with_its_code_and_not_before(database):
    account_id, attempt, _ = begin(database)
    with database.apart() as session:
        assert accounts.find_by_email(session, ASKED.email) is None
    assert named(database, "farah-lamps") is None
    finish(database, attempt, code(database, Told.REGISTRATION_CODE))
    account = named(database, "farah-lamps")
    assert account.id == account_id and account.can_list and account.email_verified_at is not None
    with database.apart() as session:
        assert accounts.find_by_email(session, ASKED.email.upper()) == account_id


@pytest.mark.criterion("A2")
def test_without_the_code_nothing_opens(database):
    _, attempt, _ = begin(database)
    with database.apart() as session, pytest.raises(NotFound):
        registering.verify_registration(session, session.get_one(Challenge, attempt), browser=CHROME)


def test_the_database_itself_refuses_an_open_account_without_a_proved_address(database):
    account_id, _, _ = begin(database)
    with pytest.raises(sa.exc.IntegrityError), database.apart() as session:
        session.get_one(Account, account_id).status = Status.ACTIVE


@pytest.mark.criterion("A5")
def test_a_known_address_is_answered_alike_and_its_owner_is_told(database, asha):
    account_id, attempt, token = begin(database, email=asha.email.upper())
    assert token and database.session.get_one(Challenge, attempt).has_live_code
    assert told(database, Told.REGISTRATION_CODE, to=account_id) == []
    assert len(told(database, Told.REGISTRATION_KNOWN, to=asha.id)) == 1
    for typed in ("000000", "123456"):
        with pytest.raises(Invalid):
            finish(database, attempt, typed)


def test_two_may_ask_with_one_address_and_the_first_code_wins(database):
    first, second = begin(database), begin(database, username="farah-two")
    finish(database, second[1], code(database, Told.REGISTRATION_CODE, to=second[0]))
    with pytest.raises(Refusal):
        finish(database, first[1], code(database, Told.REGISTRATION_CODE, to=first[0]))


def test_an_unfinished_registration_holds_no_username(database):
    first, second = begin(database), begin(database, email="other@example.in")
    finish(database, second[1], code(database, Told.REGISTRATION_CODE, to=second[0]))
    with database.apart() as session:
        late = session.get_one(Account, first[0])
        assert registering.is_name_taken(session, late)
        registering.rename(session, late, "farah-late")
    finish(database, first[1], code(database, Told.REGISTRATION_CODE, to=first[0]))
    assert named(database, "farah-late").id == first[0]


@pytest.mark.promise("P-115")
def test_what_was_agreed_is_written_before_the_account_opens(database):
    account_id, _, _ = begin(database)
    assert policy.missing(database.session, account_id, policy.OnBehalfOf.SELF) == []


def test_the_blocked_are_refused_without_a_word_of_why(database, asha):
    with database.apart() as session:
        accounts.states.block(session, asha.account(session), reason="rule 4.2", by="operator")
    with pytest.raises(NotAllowed) as refused:
        begin(database, email=asha.email)
    assert refused.value.message == registering.NOT_THESE


# -- unfinished ones --


def _own_rows(database, account_id) -> set[str]:
    with database.apart() as session:
        owned = [(t, c) for t in Model.metadata.sorted_tables for c in t.columns if label_of(c).subject]
        return {
            table.name
            for table, column in owned
            if session.scalar(sa.select(sa.func.count()).select_from(table).where(column == account_id))
        }


@pytest.mark.criterion("A2")
def test_an_unfinished_registration_is_gone_after_a_day(database):
    with time_machine.travel(now(), tick=False) as clock:
        account_id, _, _ = begin(database)
        clock.shift(timedelta(hours=24, seconds=1))
        with database.apart() as session:
            assert registering.forget_unfinished(session) == 1
    assert _own_rows(database, account_id) == set() and not database.keyring.has(account_id)
    assert begin(database)[0] > account_id


def test_an_open_account_is_never_discarded(database, asha):
    with database.apart() as session:
        registering.discard(session, asha.id)
        assert registering.forget_unfinished(session) == 0
    assert {"contact", "credential", "acceptance"} <= _own_rows(database, asha.id)


@pytest.mark.promise("P-015")
@pytest.mark.sqlite
def test_what_is_sealed_is_nowhere_in_the_clear(database, settings):
    begin(database, phone="+91 98290 12345")
    held = b"".join(file.read_bytes() for file in settings.instance.glob("intrakraft.sqlite*"))
    for secret in ("Farah Khan", "7 Purana Bazar", "Farah@example.in", "98290 12345", "$hash$"):
        assert secret.encode() not in held


def test_an_address_can_be_proved_by_one_account_alone(database, asha, bina):
    """The last word is the database's, whatever the code forgets."""
    with pytest.raises(Refusal), database.apart() as session:
        accounts.set_email(session, bina.id, asha.email.upper())
    with database.apart() as session:
        assert session.scalar(sa.select(sa.func.count(Contact.subject_id)).where(Contact.email_is_proved)) == 2
