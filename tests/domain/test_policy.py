"""The published texts and who agreed to them: nothing is lost, nothing changes afterwards, words can be shown again."""

import re
import shutil
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
import sqlalchemy as sa
import time_machine
from sqlalchemy.orm import Session

from intrakraft.domain.accounts import Account
from intrakraft.domain.base import now
from intrakraft.domain.errors import Refusal
from intrakraft.domain.keys import keyring
from intrakraft.domain.labels import unlabelled
from intrakraft.domain.privacy import policy, texts
from intrakraft.domain.privacy.policy import Acceptance, Agreed, OnBehalfOf, PolicyVersion
from intrakraft.domain.privacy.texts import Altered, Effect, Kind

ALL_PROMISES = {f"P-{number:03}" for number in range(1, 154)}
FACTS = tuple((name, f"<{name}>") for name in sorted(texts.FACTS))
EVERY_TEXT = [text for kind in Kind for held in texts.versions(kind) for text in held.values()]
names = [f"{text.kind}-{text.version}-{text.lang}" for text in EVERY_TEXT]


@pytest.fixture
def account_id(session: Session) -> int:
    """An open account."""
    words = dict.fromkeys(("place_of_business", "city", "district", "state", "state_code", "pin"), "x")
    account = Account(username="asha", status="active", email_verified_at=now(), **words)
    session.add(account)
    session.flush()
    keyring(session).create(account.id)
    return account.id


# -- the texts --


@pytest.mark.promise("P-004")
@pytest.mark.parametrize("lang", ["en", "hi"])
def test_the_policy_carries_every_promise(lang: str) -> None:
    text = policy.current(Kind.PRIVACY, lang=lang)
    assert text.lang == lang
    assert {promise for clause in text.clauses.values() for promise in clause.promises} == ALL_PROMISES
    assert all(clause.words and clause.promises for clause in text.clauses.values())


@pytest.mark.promise("P-006")
def test_the_first_policy_bears_the_promised_dates() -> None:
    oldest = texts.versions(Kind.PRIVACY)[-1]["en"]
    assert (oldest.effective_on, oldest.modified_on) == (date(2017, 8, 1), date(2020, 3, 1))


@pytest.mark.promise("P-141")
def test_the_lost_text_is_named_by_its_days() -> None:
    assert texts.not_held(Kind.PRIVACY) == (date(2017, 8, 1), date(2020, 2, 29))
    assert texts.not_held(Kind.TERMS) is None
    with pytest.raises(LookupError):
        policy.current(Kind.PRIVACY, on=date(2019, 1, 1))


@pytest.mark.promise("P-003")
def test_every_policy_names_rights_duties_and_limits() -> None:
    for held in (*texts.versions(Kind.PRIVACY), *texts.versions(Kind.TERMS)):
        rights = held["en"].rights
        assert {right.kind for right in rights} == set(Effect)
        assert len({right.id for right in rights}) == len(rights)


@pytest.mark.parametrize("text", EVERY_TEXT, ids=names)
def test_languages_have_the_same_clauses_links_and_facts(text: texts.Text) -> None:
    english = texts.find(text.kind, text.version, "en")
    assert english is not None
    assert list(text.clauses) == list(english.clauses)
    for pattern in (r"\]\([^)]+\)", r"\{\w+\}"):
        assert sorted(re.findall(pattern, text.source)) == sorted(re.findall(pattern, english.source))


@pytest.mark.parametrize("text", EVERY_TEXT, ids=names)
def test_languages_name_the_same_figures(text: texts.Text) -> None:
    english = texts.find(text.kind, text.version, "en")
    assert english is not None
    spelled = {"10", "2", "6", "3", "5", "7", "24", "4"}
    for ours, theirs in zip(text.clauses.values(), english.clauses.values(), strict=True):
        assert set(re.findall(r"\d+", ours.words)) ^ set(re.findall(r"\d+", theirs.words)) <= spelled, ours.id


@pytest.mark.parametrize("text", EVERY_TEXT, ids=names)
def test_links_inside_a_text_lead_to_its_clauses(text: texts.Text) -> None:
    inside = re.findall(r"\]\(#([^)]+)\)", text.source)
    assert set(inside) <= set(text.clauses)


def test_hindi_is_written_with_latin_digits() -> None:
    assert not re.search("[०-९]", "".join(text.source for text in EVERY_TEXT))


def test_facts_are_filled_and_escaped() -> None:
    shown = texts.shown(policy.current(Kind.PRIVACY), FACTS)
    contact = next(words for part in shown.parts for name, _, words in part[2] if name == "contact")
    assert "&lt;officer&gt;" in contact and "&lt;hours&gt;" in contact
    assert not re.search(r"\{\w+\}", str(shown))


def test_no_operator_is_written_into_a_text() -> None:
    everything = "".join(text.source for text in EVERY_TEXT)
    assert "Intrakraft" not in everything and "@" not in everything and "Sharma" not in everything


def test_raw_html_and_foreign_schemes_never_pass() -> None:
    hostile = "<script>x</script> [a](javascript:alert(1)) [b](https://x.example) <b onclick=x>c</b>"
    assert not re.search(r"<(?!/?(p|a)\b)|href=\"(javascript|https)", texts.as_html(hostile))


@pytest.mark.promise("P-006")
@pytest.mark.promise("P-135")
def test_a_published_file_that_is_edited_is_refused(tmp_path: Path) -> None:
    shutil.copytree(texts.FOLDER, tmp_path / "policy")
    file = tmp_path / "policy" / "terms" / "2026-11-24" / "en.md"
    file.write_text(file.read_text("utf-8").replace("never hold", "may hold"), "utf-8")
    with pytest.raises(Altered, match="2026-11-24"):
        texts.library(tmp_path / "policy")


# -- recorded versions --


@pytest.mark.promise("P-006")
def test_versions_are_recorded_once_with_their_seals(session: Session) -> None:
    policy.record_versions(session)
    assert policy.record_versions(session) == 0
    rows = session.scalars(sa.select(PolicyVersion)).all()
    assert {(r.kind, r.version, r.lang, r.sha256) for r in rows} == {
        (t.kind, t.version, t.lang, t.sha256) for t in EVERY_TEXT
    }


@pytest.mark.promise("P-006")
@pytest.mark.promise("P-135")
def test_a_text_that_no_longer_fits_its_row_is_refused(session: Session) -> None:
    policy.record_versions(session)
    session.execute(sa.update(PolicyVersion).where(PolicyVersion.kind == "privacy").values(sha256="0" * 64))
    session.expire_all()
    with pytest.raises(Altered):
        policy.record_versions(session)


# -- agreements --


@pytest.mark.promise("P-115")
@pytest.mark.parametrize("lang", ["en", "hi"])
def test_an_agreement_gives_back_the_exact_words(session: Session, account_id: int, lang: str) -> None:
    with time_machine.travel(datetime(2026, 11, 25, 4, 30, tzinfo=UTC), tick=False):
        row = policy.accept(session, account_id, "policy", lang, OnBehalfOf.FIRM)
    sentence, whole = policy.words_of(session, row)
    assert sentence == policy.statement(Agreed.POLICY, lang).words
    assert whole == policy.current(Kind.PRIVACY, lang=lang).source and texts.seal(whole) == row.sha256
    assert (row.lang, row.on_behalf_of, row.accepted_at) == (lang, "firm", datetime(2026, 11, 25, 4, 30, tzinfo=UTC))


@pytest.mark.promise("P-115")
def test_words_that_are_no_longer_held_are_not_invented(session: Session, account_id: int) -> None:
    row = policy.accept(session, account_id, "terms", "en")
    row.sha256 = "0" * 64
    with pytest.raises(Altered):
        policy.words_of(session, row)


@pytest.mark.promise("P-116")
@pytest.mark.parametrize(("ticked", "other"), [("policy", Agreed.TERMS), ("terms", Agreed.POLICY)])
def test_agreeing_to_one_is_not_agreeing_to_the_other(
    session: Session, account_id: int, ticked: str, other: Agreed
) -> None:
    policy.accept(session, account_id, ticked, "en")
    assert policy.has_accepted(session, account_id, Agreed(ticked))
    assert not policy.has_accepted(session, account_id, other)
    assert not policy.has_accepted(session, account_id, Agreed(ticked), version="2027-01-01")


@pytest.mark.promise("P-113")
@pytest.mark.promise("P-114")
def test_what_is_missing_depends_on_for_whom_one_speaks(session: Session, account_id: int) -> None:
    for kind in ("policy", "terms"):
        policy.accept(session, account_id, kind, "en")
    assert policy.missing(session, account_id, OnBehalfOf.SELF) == [Agreed.ADULT]
    assert policy.missing(session, account_id, OnBehalfOf.FIRM) == [Agreed.ADULT, Agreed.AUTHORITY]
    policy.accept(session, account_id, "adult", "hi")
    assert policy.missing(session, account_id, OnBehalfOf.SELF) == []
    assert policy.missing(session, account_id, OnBehalfOf.FIRM) == [Agreed.AUTHORITY]


@pytest.mark.promise("P-113")
def test_adulthood_is_a_yes_and_a_time_never_a_birth_date(session: Session, account_id: int) -> None:
    row = policy.accept(session, account_id, "adult", "en")
    assert "18 or over" in policy.words_of(session, row)[0]
    columns = {f"{t.name}.{c.name}" for t in PolicyVersion.metadata.tables.values() for c in t.columns}
    assert not [name for name in columns if re.search(r"birth|dob\b|\.age$", name)]


@pytest.mark.promise("P-114")
def test_authority_is_declared_for_a_firm_only(session: Session, account_id: int) -> None:
    with pytest.raises(Refusal):
        policy.accept(session, account_id, "authority", "en", "self")
    row = policy.accept(session, account_id, "authority", "en", "firm")
    assert row.statement_sha256 == texts.seal(policy.words_of(session, row)[0])


@pytest.mark.promise("P-114")
def test_the_database_itself_refuses_authority_without_a_firm(session: Session, account_id: int) -> None:
    row = policy.accept(session, account_id, "authority", "en", "firm")
    row.on_behalf_of = "self"
    with pytest.raises(sa.exc.IntegrityError):
        session.flush()


def test_an_unknown_kind_is_an_error(session: Session, account_id: int) -> None:
    with pytest.raises(ValueError):
        policy.accept(session, account_id, "marketing", "en")


def test_every_column_here_has_its_label() -> None:
    ours = ("policy_version.", "acceptance.", "child_report.")
    assert not [name for name in unlabelled(Acceptance.metadata) if name.startswith(ours)]
