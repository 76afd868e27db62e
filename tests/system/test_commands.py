"""The commands of the README on this machine: `bin/run` starts, keeps and ends; what is missing is said in plain words.

They run as a person runs them, in a process group of their own, on an instance folder of their own.
"""

import os
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.servers import free_port

pytestmark = [pytest.mark.long, pytest.mark.sqlite]


@dataclass
class Run:
    """One `sh bin/run` with what it has said so far."""

    process: subprocess.Popen[str]
    port: int
    said: str = ""

    def until(self, words: str) -> str:
        """Read on until these words were said; everything said until then."""
        for line in self.process.stdout:
            self.said += line
            if words in line:
                return self.said
        raise AssertionError(f"it ended with {self.process.wait(30)} before saying {words!r}:\n{self.said}")

    def end(self, sign: signal.Signals) -> int:
        """Press Ctrl-C in its terminal, or ask it to terminate; its exit status."""
        if sign is signal.SIGINT:
            os.killpg(self.process.pid, sign)
        else:
            self.process.send_signal(sign)
        self.said += self.process.stdout.read()
        return self.process.wait(30)


@pytest.fixture
def start(root: Path, tmp_path: Path) -> Iterator[Callable[..., Run]]:
    """Starts `sh bin/run`; whatever still runs after the test is ended."""
    runs: list[Run] = []

    def start_one(port: int = 0, **environment: str) -> Run:
        port = port or free_port()
        own = {"INTRAKRAFT_INSTANCE": str(tmp_path / "instance"), "PORT": str(port), "VENV": sys.prefix, "DEMO": "no"}
        process = subprocess.Popen(
            ["sh", "bin/run"],
            cwd=root,
            env={**os.environ, **own, **environment},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        runs.append(Run(process, port))
        return runs[-1]

    yield start_one
    for run in runs:
        if alive(run):
            os.killpg(run.process.pid, signal.SIGKILL)
        run.process.stdout.close()
        run.process.wait(30)


def alive(run: Run) -> bool:
    """Whether any process of the run is left."""
    try:
        os.killpg(run.process.pid, 0)
    except ProcessLookupError:
        return False
    return True


def people(instance: Path) -> int:
    with closing(sqlite3.connect(instance / "intrakraft.sqlite")) as connection:
        return connection.execute("SELECT count(*) FROM account").fetchone()[0]


@pytest.mark.parametrize("sign", [signal.SIGINT, signal.SIGTERM])
def test_run_answers_and_ends_cleanly(start, sign):
    run = start()
    run.until("Open http://")
    with urllib.request.urlopen(f"http://127.0.0.1:{run.port}/healthz", timeout=10) as answer:
        assert answer.status == 200
    assert run.end(sign) == 0
    assert not alive(run)
    with socket.socket() as probe:
        assert probe.connect_ex(("127.0.0.1", run.port)) != 0
    assert "Nothing is lost" in run.said and "Traceback" not in run.said


def test_first_run_loads_the_bazaar_and_the_second_keeps_it(start, tmp_path):
    first = start(DEMO="yes")
    said = first.until("Open http://") + first.until("asha")
    assert [f"[{step}/5, " in said for step in range(1, 6)] == [True] * 5
    assert first.end(signal.SIGINT) == 0
    before = people(tmp_path / "instance")
    assert before >= 12
    second = start(DEMO="yes")
    second.until("Open http://")
    assert second.end(signal.SIGINT) == 0
    assert people(tmp_path / "instance") == before


def test_a_taken_port_is_said_with_the_way_out(start):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        run = start(port=taken.getsockname()[1])
        assert run.process.wait(60) == 1
    run.said += run.process.stdout.read()
    assert f"PORT={run.port + 1} sh bin/run" in run.said and "Traceback" not in run.said


def test_a_dead_worker_ends_the_run_and_says_so(start):
    run = start()
    run.until("Open http://")
    listed = subprocess.run(["ps", "-o", "pid=,args=", "-g", str(run.process.pid)], capture_output=True, text=True)
    [worker] = [line.split()[0] for line in listed.stdout.splitlines() if "flask worker" in line]
    os.kill(int(worker), signal.SIGKILL)
    run.said += run.process.stdout.read()
    assert run.process.wait(30) == 1
    assert "stopped by itself" in run.said and not alive(run)


def test_missing_python_is_said_in_plain_words(root, tmp_path):
    for name in ("dirname", "date", "cat", "cksum"):
        (tmp_path / name).symlink_to(shutil.which(name))
    environment = {"PATH": str(tmp_path), "VENV": str(tmp_path / "venv")}
    done = subprocess.run([shutil.which("sh"), "bin/run"], cwd=root, env=environment, capture_output=True, text=True)
    assert done.returncode == 3
    assert "Python 3.11 or newer" in done.stderr and "apt install python3 python3-venv" in done.stderr


def test_a_bad_setting_stops_the_start_and_is_named(start):
    run = start(INTRAKRAFT_PHOTO_LIMIT="many")
    run.said += run.process.stdout.read()
    assert run.process.wait(30) == 1
    assert "photo_limit" in run.said and "whole number" in run.said and "Traceback" not in run.said
