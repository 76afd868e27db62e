"""From the commit to the mailbox: what a request queued leaves in the person's own words, by the worker of this installation."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import sqlalchemy as sa

from intrakraft.adapters.letters import PAGES
from intrakraft.domain import notices
from intrakraft.domain.notices import Kind, Notice, State
from intrakraft.web.state import of
from intrakraft.web.work import address_maker

ROOT = Path(__file__).parents[2]


@pytest.fixture
def nothing_waits(database, asha):
    """Asha's account, and an outbox without the letters that came of opening it."""
    with database.apart() as session:
        session.execute(sa.delete(Notice))


def tell(database, person) -> int:
    with database.apart() as session:
        return notices.queue(session, Kind.SIGN_IN_CODE, to=person.id, code="482913", minutes=10).id


def state_of(database, notice_id) -> str:
    with database.apart() as session:
        return session.get_one(Notice, notice_id).state


@pytest.mark.settings(queue_url="immediate:")
def test_what_is_committed_is_mailed_to_the_registered_address(app, database, asha, nothing_waits):
    notice_id = tell(database, asha)
    (letter,) = of(app).mail.latest(1)
    assert (letter.to, letter.subject) == (asha.email, "Your code to sign in")
    assert "482913" in letter.text and asha.name in letter.text
    assert state_of(database, notice_id) == State.SENT


def test_the_sweep_mails_what_no_job_mailed(app, database, asha, nothing_waits):
    notice_id = tell(database, asha)
    assert of(app).mail.latest(1) == []
    of(app).jobs.sweep()
    assert state_of(database, notice_id) == State.SENT
    assert of(app).mail.latest(1)[0].to == asha.email


@pytest.mark.promise("P-007")
def test_every_page_that_letters_link_is_there(app):
    known = {rule.endpoint for rule in app.url_map.iter_rules()}
    assert set(PAGES.values()) <= known


def test_addresses_in_letters_are_whole(app):
    address = address_maker(app, "https://intrakraft.example")
    assert address("listings.show", listing_id=7) == "https://intrakraft.example/listings/7"


@pytest.mark.long
def test_the_worker_command_sends_and_stops(settings, database, asha, nothing_waits):
    notice_id = tell(database, asha)
    environment = {**os.environ, "INTRAKRAFT_INSTANCE": str(settings.instance)}
    command = [sys.executable, "-m", "flask", "--app", "wsgi", "worker"]
    worker = subprocess.Popen(command, env=environment, cwd=ROOT, stderr=subprocess.PIPE, text=True)
    try:
        until = time.monotonic() + 30
        while state_of(database, notice_id) != State.SENT and time.monotonic() < until:
            time.sleep(0.1)
        assert state_of(database, notice_id) == State.SENT
    finally:
        worker.send_signal(signal.SIGTERM)
        words = worker.communicate(timeout=30)[1]
    assert worker.returncode == 0, words
