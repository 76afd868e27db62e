"""The sealed security log: the host writes it, only the operator's private key reads it, and it survives crashes."""

from __future__ import annotations

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import fields
from datetime import date

import pytest
import time_machine

from intrakraft.adapters import seclog
from intrakraft.adapters.seclog import Entry, KeyNeeded, SecurityLog
from intrakraft.domain.labels import SECURITY_KEYS, Retention

pytestmark = pytest.mark.promise("P-034")

ADDRESS = "203.0.113.77"


@pytest.fixture
def place(tmp_path):
    return tmp_path


@pytest.fixture
def seclog_here(place) -> SecurityLog:
    log = log_at(place)
    log.prepare()
    return log


def log_at(place, *, production=False) -> SecurityLog:
    return SecurityLog(place / "security", place / "keys", production=production)


def private_key(place) -> str:
    return (place / "keys" / "security-log.private").read_text()


def files(place):
    return sorted((place / "security").glob("*.log"))


@time_machine.travel("2026-11-24 10:51:22+00:00", tick=False)
def test_what_was_written_is_read_with_the_private_key(seclog_here, place):
    seclog_here.write("request", address=ADDRESS, route="sign_in.create", method="POST", status=429, account=7)
    seclog_here.write("request", address=None)
    first, second = seclog_here.read(private_key(place)).entries
    assert first == Entry(seclog.now(), "request", ADDRESS, "sign_in.create", "POST", 429, 7)
    assert (second.address, second.account) == (None, None)


@pytest.mark.promise("P-011")
def test_the_file_shows_neither_address_nor_page_nor_person(seclog_here, place):
    for _ in range(3):
        seclog_here.write("request", address=ADDRESS, route="sign_in.create", account=123456)
    content = files(place)[0].read_text()
    assert len(set(content.splitlines())) == 3
    assert not any(word in content for word in (ADDRESS, "sign_in", "123456"))


def test_another_private_key_reads_nothing(seclog_here, place, tmp_path_factory):
    other = tmp_path_factory.mktemp("other")
    log_at(other).prepare()
    seclog_here.write("request", address=ADDRESS)
    assert seclog_here.read(private_key(other)) == seclog.Reading([], 1)
    with pytest.raises(ValueError, match="base64"):
        seclog_here.read("no key")


def test_changed_torn_and_moved_lines_are_counted_and_hurt_no_other(seclog_here, place):
    for number in range(4):
        seclog_here.write("request", address=ADDRESS, account=number)
    lines = files(place)[0].read_text().splitlines()
    lines[1] = lines[1][:-9] + ("A" if lines[1][-9] != "A" else "B") + lines[1][-8:]
    lines[2] = lines[2][: len(lines[2]) // 2]
    files(place)[0].write_text("\n".join(lines) + "\n")
    (place / "security" / "2026-01-01.log").write_text(lines[0] + "\n")
    reading = seclog_here.read(private_key(place))
    assert [entry.account for entry in reading.entries] == [0, 3]
    assert reading.unreadable == 3


def test_a_line_torn_by_a_crash_does_not_swallow_the_next(seclog_here, place):
    seclog_here.write("request", address=ADDRESS)
    with files(place)[0].open("a") as file:
        file.write("v1.torn")
    log_at(place).write("request", address=ADDRESS)
    reading = seclog_here.read(private_key(place))
    assert (len(reading.entries), reading.unreadable) == (2, 1)


KILLED = """
import os, signal, sys, pathlib
from intrakraft.adapters.seclog import SecurityLog
place = pathlib.Path(sys.argv[1])
log = SecurityLog(place / "security", place / "keys", production=False)
for number in range(50):
    log.write("request", address="203.0.113.77", account=number)
os.kill(os.getpid(), signal.SIGKILL)
"""


def test_a_killed_process_loses_no_line(seclog_here, place):
    subprocess.run([sys.executable, "-c", KILLED, place], check=False, cwd=os.getcwd(), timeout=60)
    assert [entry.account for entry in seclog_here.read(private_key(place)).entries] == list(range(50))


def test_many_writers_share_a_file(seclog_here, place):
    logs = [seclog_here, log_at(place)]
    with ThreadPoolExecutor(16) as pool:
        list(pool.map(lambda number: logs[number % 2].write("request", address=ADDRESS, account=number), range(200)))
    reading = seclog_here.read(private_key(place))
    assert sorted(entry.account for entry in reading.entries) == list(range(200))
    assert reading.unreadable == 0


def test_a_key_agreement_lives_for_minutes(seclog_here, place, monkeypatch):
    seclog_here.write("request", address=ADDRESS)
    start = seclog.time.monotonic()
    monkeypatch.setattr(seclog.time, "monotonic", lambda: start + seclog.EPHEMERAL_SECONDS + 1)
    seclog_here.write("request", address=ADDRESS)
    ephemeral = {line.split(".")[2] for line in files(place)[0].read_text().splitlines()}
    assert len(ephemeral) == 2
    assert len(seclog_here.read(private_key(place)).entries) == 2


def test_days_are_files_and_go_after_a_year(seclog_here, place):
    with time_machine.travel("2025-11-23 12:00:00+00:00", tick=False) as clock:
        for days in (1, 1, 364):
            seclog_here.write("request", address=ADDRESS)
            clock.shift(days * 86_400)
        seclog_here.write("request", address=ADDRESS)
        assert seclog_here.purge() == 1
    assert [file.stem for file in files(place)] == ["2025-11-24", "2025-11-25", "2026-11-24"]
    assert len(seclog_here.read(private_key(place), since=date(2025, 11, 25)).entries) == 2
    assert len(seclog_here.read(private_key(place), until=date(2025, 11, 24)).entries) == 1


def test_production_will_not_start_without_a_key_and_keeps_no_private_half(place):
    log = log_at(place, production=True)
    with pytest.raises(KeyNeeded, match="keygen"):
        log.prepare()
    private = log.keygen()
    log.prepare()
    log.write("request", address=ADDRESS)
    assert len(log.read(private).entries) == 1
    assert all(private not in file.read_text() for file in place.rglob("*") if file.is_file())


def test_a_new_key_leaves_old_lines_to_the_old_one(seclog_here, place):
    seclog_here.write("request", address=ADDRESS)
    new = seclog_here.keygen()
    seclog_here.write("request", address=ADDRESS)
    assert seclog_here.read(new).unreadable == seclog_here.read(private_key(place)).unreadable == 1


def test_a_full_disk_never_reaches_the_request(seclog_here, place, monkeypatch, capfd):
    monkeypatch.setattr(seclog.os, "write", lambda handle, line: 0)
    seclog_here.write("request", address=ADDRESS)
    log_at(place / "nowhere").write("request", address=ADDRESS)


def test_preparing_twice_keeps_the_key_and_files_are_private(seclog_here, place):
    before = private_key(place)
    seclog_here.prepare()
    seclog_here.write("request", address=ADDRESS)
    assert private_key(place) == before
    assert {oct(file.stat().st_mode & 0o777) for file in place.rglob("*.*") if file.is_file()} == {"0o600"}


@pytest.mark.promise("P-032")
def test_every_field_is_labelled_for_a_year():
    assert [field.name for field in fields(Entry)] == list(SECURITY_KEYS)
    assert {label.retention for label in SECURITY_KEYS.values()} == {Retention.LOG}
