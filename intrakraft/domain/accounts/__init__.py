"""Accounts: people and firms, how they are reached, how they prove who they are, and where they are signed in.

Other features import these names; nothing personal leaves here but as a frozen value for one purpose.
"""

from __future__ import annotations

from intrakraft.domain.accounts.contacts import (
    ContactDetails,
    change_contact,
    contact_of,
    contacts_of,
    email_of,
    find_by_email,
    recipient_of,
    set_email,
    shortened,
)
from intrakraft.domain.accounts.events import EVENT_NAMES, EventKind, note_event, security_events_of
from intrakraft.domain.accounts.registering import Registration, register, verify_registration
from intrakraft.domain.accounts.second_steps import SecondStepProof, Way, check_second_step, ways_of
from intrakraft.domain.accounts.signing_in import (
    Browser,
    any_account,
    devices_of,
    end_other_sign_ins,
    end_sign_in,
    find_account,
    find_by_username,
    find_sign_in,
    forget_device,
    is_staff_for,
    named,
    sign_ins_of,
)
from intrakraft.domain.accounts.states import freeze
from intrakraft.domain.accounts.tables import (
    STATUS_NAMES,
    Account,
    BlockedIdentifier,
    Challenge,
    Contact,
    Credential,
    Device,
    Kind,
    SecurityEvent,
    SignIn,
    Status,
)

__all__ = [
    "EVENT_NAMES",
    "STATUS_NAMES",
    "Account",
    "BlockedIdentifier",
    "Browser",
    "Challenge",
    "Contact",
    "ContactDetails",
    "Credential",
    "Device",
    "EventKind",
    "Kind",
    "Registration",
    "SecondStepProof",
    "SecurityEvent",
    "SignIn",
    "Status",
    "Way",
    "any_account",
    "change_contact",
    "check_second_step",
    "contact_of",
    "contacts_of",
    "devices_of",
    "email_of",
    "end_other_sign_ins",
    "end_sign_in",
    "find_account",
    "find_by_email",
    "find_by_username",
    "find_sign_in",
    "forget_device",
    "freeze",
    "is_staff_for",
    "named",
    "note_event",
    "recipient_of",
    "register",
    "security_events_of",
    "set_email",
    "shortened",
    "sign_ins_of",
    "verify_registration",
    "ways_of",
]
