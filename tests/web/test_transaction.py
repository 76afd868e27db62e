"""The request's transaction: one, committed below 400, gone otherwise, and never the work of a page that only reads."""

from __future__ import annotations

import threading

import pytest
import sqlalchemy as sa
from flask import Flask

from intrakraft.db import Database
from intrakraft.domain.accounts import SecurityEvent
from intrakraft.domain.errors import Refusal
from intrakraft.web.page import go
from intrakraft.web.state import db


def write(device: str) -> None:
    """One row in the request's transaction."""
    db.writing().add(SecurityEvent(kind="signed_in", device=device))


def written(database: Database) -> list[str]:
    """What stands in the table now."""
    with database.apart() as session:
        return list(session.scalars(sa.select(SecurityEvent.device).order_by(SecurityEvent.id)))


@pytest.fixture
def answers(app: Flask, client, database: Database):
    """Sends a request to a view that does this act; gives the status."""
    app.config["GUARD_FORMS"] = False
    app.testing = False
    acts = []
    app.add_url_rule("/act", "act", lambda: acts[-1](), methods=["GET", "POST"])
    app.add_url_rule("/next", "next", lambda: "next")

    def answers(act, method: str = "POST") -> int:
        acts.append(act)
        return int(client.open("/act", method=method).status_code)

    return answers


def test_below_400_is_kept_and_everything_else_is_gone(answers, database: Database) -> None:
    def ends(status):
        write(str(status))
        return "", status

    for status in (200, 204, 303, 400, 404, 409, 422, 500):
        app_status = answers(lambda status=status: ends(status))
        assert app_status == status
    assert written(database) == ["200", "204", "303"]


def test_what_is_raised_takes_the_work_along_and_leaves_what_must_outlive_it(answers, database: Database) -> None:
    def refused():
        write("work")
        session = db.session
        session.flush()
        raise Refusal("No.", afterwards=(lambda own: own.add(SecurityEvent(kind="x", device="noted")),))

    def fails():
        write("work")
        raise ZeroDivisionError

    assert (answers(refused), answers(fails)) == (409, 500)
    assert written(database) == ["noted"]


def test_a_page_that_only_reads_may_not_write(answers, database: Database, capsys: pytest.CaptureFixture[str]) -> None:
    def adds():
        db.session.add(SecurityEvent(kind="x", device="sneaked"))
        return "ok"

    def flushes():
        adds()
        db.session.flush()
        return "ok"

    def updates():
        db.session.execute(sa.update(SecurityEvent).values(device="sneaked"))
        return "ok"

    assert [answers(act, "GET") for act in (adds, flushes, updates)] == [500, 500, 500]
    assert answers(updates) == 500, "a POST asks for its transaction too"
    assert written(database) == [] and "/act" not in capsys.readouterr().err, "the log names routes, not addresses"


def test_go_keeps_the_work_before_the_next_page_is_made(answers, database: Database) -> None:
    seen = []

    def sends_on():
        write("kept")
        response = go("next")
        seen.append(written_apart(database))
        return response

    assert answers(sends_on) == 303
    assert seen == [["kept"]]


def written_apart(database: Database) -> list[str]:
    """The same, seen by another thread's connection."""
    found: list[list[str]] = []
    thread = threading.Thread(target=lambda: found.append(written(database)))
    thread.start()
    thread.join(20)
    assert found, "another writer never got its turn"
    return found[0]


def test_after_any_end_the_next_writer_gets_its_turn(answers, database: Database) -> None:
    def fails():
        write("lost")
        raise KeyError

    def answers_late():
        write("lost")
        return "no", 409

    for act in (fails, answers_late):
        answers(act)
        assert written_apart(database) == []


def test_rows_are_read_anew_when_writing_begins(database: Database) -> None:
    with database.apart() as session:
        session.add(SecurityEvent(kind="x", device="before"))
    event = database.session.scalars(sa.select(SecurityEvent)).one()
    thread = threading.Thread(target=lambda: change(database))
    thread.start()
    thread.join(20)
    assert event.device == "before"
    database.writing()
    assert event.device == "after"
    database.undo()


def change(database: Database) -> None:
    """Somebody else's write."""
    with database.apart() as session:
        session.execute(sa.update(SecurityEvent).values(device="after"))


def test_a_transaction_apart_needs_the_first_one_ended(database: Database) -> None:
    database.writing().add(SecurityEvent(kind="x", device="outer"))
    with pytest.raises(RuntimeError), database.apart():
        pass
    database.settle()
    with database.apart() as session:
        session.add(SecurityEvent(kind="x", device="apart"))
    assert written(database) == ["outer", "apart"]
    with pytest.raises(KeyError), database.apart() as session:
        session.add(SecurityEvent(kind="x", device="lost"))
        raise KeyError
    assert written(database) == ["outer", "apart"]
