"""A report that an account belongs to a child: frozen at once, looked at by a person, and nobody learns who exists."""

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from intrakraft.domain import accounts
from intrakraft.domain.accounts import Account
from intrakraft.domain.base import now
from intrakraft.domain.errors import Invalid, Refusal
from intrakraft.domain.keys import keyring
from intrakraft.domain.privacy import minors
from intrakraft.domain.privacy.minors import ChildReport, report_child


@pytest.fixture
def account_id(session: Session) -> int:
    """An open account."""
    words = dict.fromkeys(("place_of_business", "city", "district", "state", "state_code", "pin"), "x")
    account = Account(username="asha", status="active", email_verified_at=now(), **words)
    session.add(account)
    session.flush()
    keyring(session).create(account.id)
    return account.id


def reports(session: Session) -> list[ChildReport]:
    return list(session.scalars(sa.select(ChildReport)))


@pytest.mark.promise("P-117")
def test_a_report_freezes_the_account_at_once(session: Session, account_id: int) -> None:
    account = session.get_one(accounts.Account, account_id)
    report = report_child(session, username=account.username, grounds=" She is in my class. ")
    assert account.frozen_at is not None
    assert report is not None and (report.subject_id, report.grounds) == (account_id, "She is in my class.")


@pytest.mark.promise("P-117")
def test_an_unknown_name_leaves_nothing_behind(session: Session, account_id: int) -> None:
    assert report_child(session, username="nobody-here", grounds="I know.") is None
    assert reports(session) == []


@pytest.mark.promise("P-117")
def test_further_reports_are_kept_too(session: Session, account_id: int) -> None:
    name = session.get_one(accounts.Account, account_id).username
    for grounds in ("one", "two"):
        report_child(session, username=name, grounds=grounds)
    assert [report.grounds for report in reports(session)] == ["one", "two"]


@pytest.mark.promise("P-117")
def test_staff_cannot_be_locked_out_by_a_report(session: Session, account_id: int) -> None:
    account = session.get_one(accounts.Account, account_id)
    account.is_staff_role = "operator"
    report_child(session, username=account.username, grounds="I want the desk empty.")
    assert account.frozen_at is None and len(reports(session)) == 1


def test_a_report_without_grounds_is_asked_again(session: Session, account_id: int) -> None:
    name = session.get_one(accounts.Account, account_id).username
    with pytest.raises(Invalid):
        report_child(session, username=name, grounds=" \n")
    assert reports(session) == []


def test_long_grounds_are_cut(session: Session, account_id: int) -> None:
    name = session.get_one(accounts.Account, account_id).username
    report = report_child(session, username=name, grounds="x" * 5000)
    assert report is not None and len(report.grounds) == minors.GROUNDS_MAX


@pytest.mark.promise("P-117")
def test_a_dismissed_report_thaws_the_account_and_is_closed(session: Session, account_id: int) -> None:
    account = session.get_one(accounts.Account, account_id)
    report_child(session, username=account.username, grounds="I know.")
    minors.dismiss_child(session, account, by="operator")
    assert account.frozen_at is None and (report := reports(session)[0]).decision == "dismissed"
    assert report.decided_by == "operator" and report.decided_at is not None
    with pytest.raises(Refusal):
        minors.confirm_child(session, account, by="operator")


@pytest.mark.promise("P-117")
def test_an_account_reinstated_after_its_report_was_confirmed_is_not_erased_by_a_later_report(
    session: Session, account_id: int
) -> None:
    account = session.get_one(accounts.Account, account_id)
    report_child(session, username=account.username, grounds="I know.")
    minors.confirm_child(session, account, by="operator")
    assert minors.confirmed(session) == [account_id]
    account.frozen_at = None
    session.flush()
    assert minors.confirmed(session) == []
    report_child(session, username=account.username, grounds="Again.")
    assert minors.confirmed(session) == []
