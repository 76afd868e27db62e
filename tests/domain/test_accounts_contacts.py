"""Contacts: frozen values for one purpose at a time, and nothing a purpose does not cover."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from intrakraft.domain import accounts
from intrakraft.domain.accounts import Contact, Credential, contacts
from intrakraft.domain.labels import Purpose
from intrakraft.domain.notices import Recipient


@pytest.mark.promise("P-058")
@pytest.mark.parametrize(
    ("purpose", "given"),
    [
        (Purpose.EOI, {"name", "street", "email", "phone"}),
        (Purpose.NOTICE, {"name", "email"}),
        (Purpose.AUTH, {"email"}),
        (Purpose.SHIP, {"name", "street", "phone"}),
        (Purpose.POPULAR, set()),
        (Purpose.MARKET, set()),
    ],
)
def test_a_purpose_opens_its_own_fields_only(asha, session, purpose, given):
    found = accounts.contact_of(session, asha.id, purpose)
    assert {name for name in contacts.SEALED if getattr(found, name)} == given


def test_the_address_is_one_line_with_its_pin(asha, session):
    found = accounts.contact_of(session, asha.id, Purpose.EOI)
    assert found.address == f"{asha.street}, Jaipur, Rajasthan 302029"


def test_who_is_gone_has_no_contact(asha, session, database):
    database.keyring.destroy(asha.id)
    assert accounts.contact_of(session, asha.id, Purpose.EOI) is None
    assert accounts.recipient_of(session, asha.id) is None


def test_many_contacts_come_in_one_query(asha, bina, session):
    found = accounts.contacts_of(session, [asha.id, bina.id, 999], Purpose.EOI)
    assert {one.email for one in found.values()} == {asha.email, bina.email}


def test_a_notice_goes_to_the_registered_address_in_ones_language(asha, database):
    expected = Recipient(asha.email, "en", asha.name)
    assert accounts.recipient_of(database.session, asha.id) == expected
    with database.reading_for(Purpose.NOTICE) as reader:
        assert accounts.recipient_of(reader, asha.id) == expected


@pytest.mark.promise("P-058")
@pytest.mark.parametrize("column", [Contact.name, Contact.email, Contact.email_index, Credential.password_hash])
def test_the_application_cannot_read_what_is_gated(asha, session, column):
    with pytest.raises(sa.exc.DBAPIError):
        session.execute(sa.select(column)).all()


def test_a_change_counts_at_once_and_an_empty_phone_is_taken_away(asha, session, keep):
    contacts.change_contact(session, asha.id, name="Asha Devi", phone="")
    found = accounts.contact_of(keep(), asha.id, Purpose.EOI)
    assert (found.name, found.phone, found.email) == ("Asha Devi", "", asha.email)


def test_the_address_has_a_door_of_its_own(asha, session):
    with pytest.raises(KeyError):
        contacts.change_contact(session, asha.id, email="thief@example.in")


@pytest.mark.parametrize(
    ("email", "short"),
    [("Anitha@Example.in", "an••••@example.in"), ("abc@example.in", "a••••@example.in"), ("", "")],
)
def test_an_address_before_sign_in_is_shortened(email, short):
    assert contacts.shortened(email) == short
