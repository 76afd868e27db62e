"""The queue and its worker: nothing is lost while the queue is away, and a worker stops without breaking off."""

from __future__ import annotations

import os
import pickle
import signal
import sqlite3
import subprocess
import sys
import time
from types import SimpleNamespace

import pytest

from intrakraft.adapters.jobs import Jobs, Work
from intrakraft.domain.notices import Kind, Outcome, State

WORKER = """
import pathlib, sys, time
from intrakraft.adapters.jobs import Jobs, Work
from intrakraft.domain.notices import Kind, Outcome, State
url, place, pause = sys.argv[1], pathlib.Path(sys.argv[2]), float(sys.argv[3])
def deliver(ids):
    if ids is None:
        return []
    (place / "begun").touch()
    time.sleep(pause)
    with open(place / "sent", "a") as file:
        file.writelines(f"{number}\\n" for number in ids)
    return [Outcome(number, Kind.PASSWORD_CHANGED, State.SENT, 1) for number in ids]
jobs = Jobs(url, "secret")
jobs.do(Work(deliver=deliver, sweeps={"touch": (place / "swept").touch}))
jobs.run_worker()
"""


@pytest.fixture(params=["sqlite", "valkey", pytest.param("postgres", marks=pytest.mark.postgres)])
def url(request, tmp_path) -> str:
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'queue.sqlite'}"
    return (
        request.getfixturevalue("valkey")
        if request.param == "valkey"
        else request.getfixturevalue("settings").database_url
    )


@pytest.fixture
def start(tmp_path):
    running = []

    def start_worker(url, pause=0.0):
        command = [sys.executable, "-c", WORKER, url, str(tmp_path), str(pause)]
        running.append(subprocess.Popen(command, stderr=subprocess.PIPE, text=True, cwd=os.getcwd()))
        return running[-1]

    yield start_worker
    for worker in running:
        worker.kill()
        worker.communicate()


def wait_for(condition, seconds=15.0):
    until = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < until, "waited in vain"
        time.sleep(0.05)


def sent(place) -> list[int]:
    return [int(line) for line in (place / "sent").read_text().split()] if (place / "sent").exists() else []


def work_of(calls: list, sweeps=None, outcomes=()) -> Work:
    answers = iter(outcomes)

    def deliver(ids):
        calls.append(ids)
        return next(answers, [])

    return Work(deliver=deliver, sweeps=sweeps or {})


def test_a_worker_sends_what_the_web_asked_for_and_says_that_it_lives(url, start, tmp_path):
    jobs = Jobs(url, "secret")
    assert jobs.worker_age() is None
    assert jobs.deliver(3, 1)
    worker = start(url)
    wait_for(lambda: sent(tmp_path) == [3, 1])
    assert jobs.deliver(7)
    wait_for(lambda: sent(tmp_path) == [3, 1, 7])
    wait_for((tmp_path / "swept").exists)
    assert jobs.worker_age() < 30
    assert worker.poll() is None


@pytest.mark.long
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_worker_that_is_told_to_stop_finishes_what_it_began(start, tmp_path, number):
    address = f"sqlite:///{tmp_path / 'queue.sqlite'}"
    Jobs(address, "secret").deliver(5)
    worker = start(address, pause=1.0)
    wait_for((tmp_path / "begun").exists)
    worker.send_signal(number)
    words = worker.communicate(timeout=15)[1]
    assert worker.returncode == 0, words
    assert sent(tmp_path) == [5]
    assert "worker stopped" in words and "Traceback" not in words


@pytest.mark.long
def test_a_forged_job_is_not_done(start, tmp_path):
    address = f"sqlite:///{tmp_path / 'queue.sqlite'}"
    Jobs(address, "secret").worker_age()

    class Evil:
        def __reduce__(self):
            return os.mkdir, (str(tmp_path / "owned"),)

    with sqlite3.connect(tmp_path / "queue.sqlite") as queue:
        queue.execute("insert into task (queue, data) values ('intrakraft', ?)", (pickle.dumps(Evil()),))
    Jobs(address, "another secret").deliver(4)
    Jobs(address, "secret").deliver(6)
    start(address)
    wait_for(lambda: sent(tmp_path) == [6])
    assert not (tmp_path / "owned").exists()


def test_the_queue_holds_ids_and_nothing_else(tmp_path):
    Jobs(f"sqlite:///{tmp_path / 'queue.sqlite'}", "secret").deliver(5)
    with sqlite3.connect(tmp_path / "queue.sqlite") as queue:
        (data,) = queue.execute("select data from task").fetchone()
    message = pickle.loads(data.rpartition(b":")[0])
    assert (message.name.rpartition(".")[2], message.args, message.kwargs) == ("deliver_notices", ([5],), {})


@pytest.mark.parametrize(
    "address", ["redis://127.0.0.1:9", "postgresql://127.0.0.1:9/x", "sqlite:////proc/no/queue.sqlite"]
)
def test_a_queue_that_is_away_never_reaches_the_request(address):
    jobs = Jobs(address, "secret")
    assert jobs.deliver(5) is False
    assert jobs.worker_age() is None


def test_a_busy_queue_file_does_not_hold_a_page_up(tmp_path):
    jobs = Jobs(f"sqlite:///{tmp_path / 'queue.sqlite'}", "secret")
    jobs.worker_age()
    with sqlite3.connect(tmp_path / "queue.sqlite") as other:
        other.execute("begin exclusive")
        begun = time.monotonic()
        assert jobs.deliver(5) is False
        assert time.monotonic() - begun < 1.0


def test_a_sweep_sends_what_no_job_sent_until_nothing_is_due(tmp_path):
    calls = []
    done = [Outcome(number, Kind.PASSWORD_CHANGED, State.SENT, 1) for number in range(20)]
    jobs = Jobs(f"sqlite:///{tmp_path / 'queue.sqlite'}", "secret")
    jobs.do(work_of(calls, outcomes=[done, done[:3], []]))
    jobs.sweep()
    assert calls == [None, None, None]


def test_a_part_of_a_sweep_that_fails_stops_no_other(tmp_path):
    calls = []
    jobs = Jobs("redis://127.0.0.1:9", "secret")
    jobs.do(work_of([], {"broken": lambda: 1 / 0, "whole": lambda: calls.append("whole")}))
    jobs.sweep()
    assert calls == ["whole"]


def test_what_could_not_be_sent_is_noted_without_the_person(capsys):
    from intrakraft import log

    log.configure(production=True)
    jobs = Jobs("immediate:", "secret")
    failed = Outcome(9, Kind.SIGN_IN_CODE, State.QUEUED, 2, "TryLater: mail server said 451")
    jobs.do(work_of([], outcomes=[[failed]]))
    jobs.deliver(9)
    words = capsys.readouterr().err
    assert '"kind": "sign_in_code"' in words and "451" in words
    log.configure()


def test_immediate_work_is_done_at_once_and_refused_in_production():
    calls = []
    jobs = Jobs("immediate:", "secret")
    jobs.do(work_of(calls))
    assert jobs.deliver(5, 6)
    assert calls == [[5, 6]]
    with pytest.raises(ValueError, match="production"):
        Jobs.from_settings(SimpleNamespace(queue_url="immediate:", secret_key="s", production=True))


def test_an_address_that_cannot_be_used_stops_the_start():
    with pytest.raises(ValueError, match="queue_url"):
        Jobs("amqp://host", "secret")


def test_a_worker_without_work_does_not_start():
    with pytest.raises(RuntimeError, match="work"):
        Jobs("immediate:", "secret").run_worker()
