"""The outbox: what was committed is told once, to the right person, and secrets do not stay."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa
import time_machine

from intrakraft.domain import notices
from intrakraft.domain.keys import keyring
from intrakraft.domain.labels import MAIL_FIELDS, Purpose
from intrakraft.domain.notices import (
    BACKOFF,
    CONTENTS,
    SHOWN,
    Channel,
    Kind,
    Letter,
    Notice,
    Outcome,
    Recipient,
    State,
    TryLater,
    Undeliverable,
    UnlabelledField,
    Written,
)
from tests.makers import make_person

LISTING = {"listing_id": 7, "listing_title": "Cotton dupatta", "other_username": "bina"}
CODE = {"code": "482913", "minutes": 10}


class PostBox:
    """A mailer that keeps letters, or fails as often as it is told."""

    def __init__(self, *failures: Exception) -> None:
        self.letters: list[Letter] = []
        self.failures = list(failures)

    def send(self, letter: Letter) -> None:
        if self.failures:
            raise self.failures.pop(0)
        self.letters.append(letter)


def words(kind, language, fields):
    return Written(str(kind), " ".join(str(value) for value in fields.values() if value), "")


def deliver(database, post, *, only=None, limit=20, address_of=None) -> list[Outcome]:
    found = address_of or (lambda subject_id: Recipient(f"{subject_id}@example.com", "hi", "Asha"))
    return notices.deliver(database, post, address_of=found, render=words, only=only, limit=limit)


@pytest.fixture
def make_account(database):
    """Makes somebody who has been told nothing yet; gives the id of the account."""

    def make(username: str) -> int:
        person = make_person(database, username)
        with database.apart() as session:
            session.execute(sa.delete(Notice).where(Notice.subject_id == person.id))
        return person.id

    return make


@pytest.fixture
def asha(make_account) -> int:
    return make_account("asha")


def put(database, kind, to, **fields) -> int:
    with database.apart() as session:
        return notices.queue(session, kind, to=to, **fields).id


def row(database, notice_id) -> Notice:
    with database.apart() as session:
        return session.get_one(Notice, notice_id)


def payload(database, notice_id) -> bytes | None:
    with database.reading_for(Purpose.NOTICE) as reader:
        return reader.execute(sa.select(Notice.payload).where(Notice.id == notice_id)).scalar_one()


# -- what may be told --


@pytest.mark.promise("P-080")
@pytest.mark.parametrize(
    "fields",
    [{**LISTING, "phone": "98201"}, {**LISTING, "code": "1"}, {"listing_id": 7}],
    ids=["no label", "strange", "gap"],
)
def test_only_labelled_fields_of_the_kind_may_leave(database, asha, fields):
    with pytest.raises(UnlabelledField):
        put(database, Kind.INTEREST_RECEIVED, asha, **fields)


@pytest.mark.promise("P-076")
@pytest.mark.parametrize("kind", Kind)
def test_every_field_of_every_kind_has_a_label(kind):
    contents = CONTENTS[kind]
    assert contents.needs | contents.may <= MAIL_FIELDS.keys()
    assert (contents.shown or frozenset()) <= contents.needs | contents.may


@pytest.mark.promise("P-096")
@pytest.mark.parametrize("secret", ["code", "link", "address", "message"])
def test_no_secret_stays_for_the_page(secret):
    assert all(secret not in (contents.shown or ()) for contents in CONTENTS.values())


def test_work_that_is_rolled_back_tells_nobody(database, asha):
    with pytest.raises(ZeroDivisionError), database.apart() as session:
        notices.queue(session, Kind.SIGN_IN_CODE, to=asha, **CODE)
        raise ZeroDivisionError
    assert deliver(database, PostBox()) == []


@pytest.mark.promise("P-090")
def test_the_words_are_sealed_in_the_database(database, asha):
    kept = payload(database, put(database, Kind.SIGN_IN_CODE, asha, **CODE))
    assert b"482913" not in kept
    with database.apart() as session:
        assert keyring(session).open(asha, "notice.payload", kept) == '{"code": "482913", "minutes": 10}'


@pytest.mark.promise("P-090")
def test_the_words_are_read_only_for_the_purpose_of_notices(database, asha):
    put(database, Kind.SIGN_IN_CODE, asha, **CODE)
    with database.apart() as session, pytest.raises(sa.exc.DBAPIError):
        session.execute(sa.select(Notice.payload)).all()


# -- sending --


def test_a_letter_goes_to_the_address_of_the_moment_in_the_persons_language(database, asha):
    put(database, Kind.NEW_DEVICE, asha, device="Firefox on Android", when=datetime(2026, 11, 24, 5, 21, tzinfo=UTC))
    post = PostBox()
    (outcome,) = deliver(database, post)
    assert (outcome.state, outcome.attempt, outcome.error) == (State.SENT, 1, None)
    (letter,) = post.letters
    assert (letter.to, letter.language, letter.name) == (f"{asha}@example.com", "hi", "Asha")
    assert "2026-11-24T05:21:00+00:00" in letter.words.text


def test_a_code_for_a_new_address_goes_to_that_address(database, asha):
    put(database, Kind.EMAIL_CHANGE_CODE, asha, address="new@example.com", **CODE)
    post = PostBox()
    deliver(database, post)
    assert post.letters[0].to == "new@example.com"


@pytest.mark.promise("P-015")
def test_a_code_is_wiped_once_sent(database, asha):
    notice_id = put(database, Kind.SIGN_IN_CODE, asha, **CODE)
    deliver(database, PostBox())
    assert payload(database, notice_id) is None
    assert row(database, notice_id).sent_at is not None


def test_what_is_shown_on_the_page_stays_without_the_message(database, asha):
    notice_id = put(database, Kind.INTEREST_RECEIVED, asha, message="Call me on 98201 12345", **LISTING)
    deliver(database, PostBox())
    with database.apart() as session:
        kept = keyring(session).open(asha, "notice.payload", payload(database, notice_id))
    assert "dupatta" in kept and "98201" not in kept


def test_sending_again_finds_nothing_to_send(database, asha):
    put(database, Kind.SIGN_IN_CODE, asha, **CODE)
    assert [len(deliver(database, PostBox())) for _ in range(2)] == [1, 0]


def test_only_the_named_notices_are_sent(database, asha):
    first, second = (put(database, Kind.SIGN_IN_CODE, asha, **CODE) for _ in range(2))
    assert [outcome.notice_id for outcome in deliver(database, PostBox(), only=[second])] == [second]
    assert row(database, first).state == State.QUEUED


def test_many_workers_send_each_notice_once(database, asha):
    ids = [put(database, Kind.PASSWORD_CHANGED, asha) for _ in range(30)]
    post = PostBox()
    with ThreadPoolExecutor(8) as pool:
        runs = list(pool.map(lambda _: deliver(database, post, limit=10), range(24)))
    assert sorted(outcome.notice_id for run in runs for outcome in run) == ids
    assert len({letter.reference for letter in post.letters}) == len(post.letters) == 30


def test_nothing_is_sent_inside_a_write_transaction(database, asha):
    put(database, Kind.PASSWORD_CHANGED, asha)
    post = PostBox()
    post.send = lambda letter: put(database, Kind.PASSWORD_CHANGED, asha)
    assert deliver(database, post)[0].state is State.SENT


# -- when sending fails --


def test_a_failure_waits_longer_each_time_and_then_is_final(database, asha):
    notice_id = put(database, Kind.PASSWORD_CHANGED, asha)
    post, seen = PostBox(*[TryLater("mail server said 451")] * 9), []
    with time_machine.travel(datetime.now(UTC) + timedelta(seconds=5), tick=False) as clock:
        for pause in (*BACKOFF, timedelta(days=9)):
            seen += deliver(database, post)
            clock.shift(pause - timedelta(seconds=1))
            assert deliver(database, post) == []
            clock.shift(2)
    assert [outcome.state for outcome in seen] == [State.QUEUED] * 5 + [State.FAILED]
    assert seen[0].error == "TryLater: mail server said 451"
    assert row(database, notice_id).attempts == 6


@pytest.mark.parametrize(
    ("failure", "state"),
    [(Undeliverable("mail server said 550"), State.FAILED), (ValueError("asha@example.com"), State.QUEUED)],
)
def test_a_final_no_ends_it_and_a_fault_of_ours_does_not(database, asha, failure, state):
    put(database, Kind.PASSWORD_CHANGED, asha)
    second = put(database, Kind.PASSWORD_CHANGED, asha)
    first, other = deliver(database, PostBox(failure))
    assert first.state is state
    assert "asha" not in first.error
    assert (other.notice_id, other.state) == (second, State.SENT)


def test_a_worker_that_died_is_followed_by_another_with_the_same_reference(database, asha):
    put(database, Kind.PASSWORD_CHANGED, asha)
    post = PostBox()
    deliver(database, post)
    with database.apart() as session:
        session.execute(sa.update(Notice).values(state=State.QUEUED, sent_at=None))
    assert deliver(database, post) == []
    with time_machine.travel(datetime.now(UTC) + notices.LEASE + timedelta(seconds=5), tick=False):
        assert deliver(database, post)[0].attempt == 2
    assert len({letter.reference for letter in post.letters}) == 1


def test_a_code_that_works_no_more_is_dropped(database, asha):
    notice_id = put(database, Kind.SIGN_IN_CODE, asha, **CODE)
    with time_machine.travel(datetime.now(UTC) + timedelta(minutes=11), tick=False):
        assert deliver(database, PostBox())[0].state is State.DROPPED
    assert payload(database, notice_id) is None


def test_nobody_to_tell_is_no_failure(database, asha):
    put(database, Kind.PASSWORD_CHANGED, asha)
    assert deliver(database, PostBox(), address_of=lambda subject_id: None)[0].state is State.DROPPED


@pytest.mark.promise("P-124")
def test_a_person_whose_key_is_destroyed_is_told_nothing_any_more(database, asha):
    notice_id = put(database, Kind.INTEREST_RECEIVED, asha, **LISTING)
    database.keyring.destroy(asha)
    post = PostBox()
    assert deliver(database, post)[0].state is State.DROPPED
    assert (post.letters, payload(database, notice_id)) == ([], None)


# -- the notices page --


def test_the_page_shows_newest_first_and_only_ones_own(database, asha, make_account):
    first = put(database, Kind.INTEREST_RECEIVED, asha, **LISTING)
    put(database, Kind.SIGN_IN_CODE, asha, **CODE)
    second = put(database, Kind.PASSWORD_CHANGED, asha)
    put(database, Kind.PASSWORD_CHANGED, make_account("bina"))
    lines = notices.lines(database.session, asha)
    assert [line.id for line in lines] == [second, first]
    assert lines[1].fields == LISTING
    assert [line.id for line in notices.lines(database.session, asha, before=second)] == [first]
    assert len(notices.lines(database.session, asha, limit=1)) == 1


@pytest.mark.parametrize("kind", SHOWN)
def test_a_notice_reads_the_same_before_and_after_its_mail(database, asha, kind):
    fields = {name: name for name in CONTENTS[kind].needs | CONTENTS[kind].may if name != "when"}
    put(database, kind, asha, **fields)
    before = notices.lines(database.session, asha)[0].fields
    database.session.commit()
    deliver(database, PostBox())
    assert notices.lines(database.session, asha)[0].fields == before


def test_unread_is_counted_from_the_page_itself(database, asha):
    ids = [put(database, Kind.PASSWORD_CHANGED, asha) for _ in range(3)]
    put(database, Kind.SIGN_IN_CODE, asha, **CODE)
    assert notices.unread_count(database.session, asha) == 3
    with database.apart() as session:
        assert notices.mark_read(session, asha, ids[:1]) == 1
    assert [line.read_at is None for line in notices.lines(database.session, asha)] == [True, True, False]
    with database.apart() as session:
        assert notices.mark_read(session, asha) == 2
        assert notices.unread_count(session, asha) == 0


def test_nobody_marks_the_notices_of_another(database, asha, make_account):
    notice_id, charu = put(database, Kind.PASSWORD_CHANGED, asha), make_account("charu")
    with database.apart() as session:
        assert notices.mark_read(session, charu, [notice_id]) == 0


def test_a_notice_for_the_screen_alone_is_never_mailed(database, asha):
    put(database, Kind.INTEREST_WITHDRAWN, asha, channel=Channel.SCREEN, **LISTING)
    assert deliver(database, PostBox()) == []
    assert notices.unread_count(database.session, asha) == 1


# -- what is over --


def test_old_notices_go_after_their_time(database, asha):
    put(database, Kind.SIGN_IN_CODE, asha, **CODE)
    shown = put(database, Kind.PASSWORD_CHANGED, asha)
    for days, gone in ((29, 0), (31, 1), (89, 0), (91, 1)):
        with time_machine.travel(datetime.now(UTC) + timedelta(days=days), tick=False), database.apart() as session:
            assert notices.forget_old(session) == gone, days
            assert (session.get(Notice, shown) is None) is (days == 91)


def test_the_backlog_counts_every_state(database, asha):
    put(database, Kind.PASSWORD_CHANGED, asha)
    deliver(database, PostBox())
    put(database, Kind.PASSWORD_CHANGED, asha)
    with database.apart() as session:
        assert notices.backlog(session) == {State.QUEUED: 1, State.SENT: 1, State.FAILED: 0, State.DROPPED: 0}
