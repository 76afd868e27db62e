"""Heavy work leaves the event loop free, and answers as if it had been called directly."""

import subprocess
import sys

import pytest

from intrakraft.adapters.offload import offload, offload_long

pytestmark = pytest.mark.long

SCENE = """
from gevent import monkey
monkey.patch_all()
import sys, threading, time
import gevent
from argon2.low_level import Type, hash_secret_raw
from intrakraft.adapters.offload import offload, offload_long

run = {"offload": offload, "offload_long": offload_long}[sys.argv[1]]
ticks, gaps, last = 0, [], time.perf_counter()

def tick():
    global ticks, last
    while True:
        gevent.sleep(0.005)
        gaps.append(time.perf_counter() - last)
        last = time.perf_counter()
        ticks += 1

def heavy():
    for _ in range(4):
        hash_secret_raw(b"word", b"saltsaltsalt", 3, 65536, 4, 32, Type.ID)
    return "done"

def nested():
    return run(lambda: "inner")

def failing(reason, *, code):
    raise LookupError(reason, code)

gevent.spawn(tick)
gevent.sleep(0.02)
before = ticks
assert run(heavy) == "done"
assert ticks - before > 5, ("the hub stood still", ticks - before)
before = ticks
assert heavy() == "done"
gevent.sleep(0)
assert ticks - before <= 2, "called directly, the hub was expected to stand still"
assert run(nested) == "inner"
try:
    run(failing, "why", code=7)
except LookupError as error:
    assert error.args == ("why", 7)
else:
    raise SystemExit("the error was lost")
jobs = [gevent.spawn(run, sorted, [3, 1, 2]) for _ in range(30)]
assert [job.get(timeout=20) for job in jobs] == [[1, 2, 3]] * 30
print("free")
"""


@pytest.mark.parametrize("lane", ["offload", "offload_long"])
def test_the_hub_ticks_while_heavy_work_runs_and_stands_still_without(lane):
    done = subprocess.run([sys.executable, "-c", SCENE, lane], capture_output=True, text=True, timeout=60)
    assert (done.stdout.strip(), done.returncode) == ("free", 0), done.stderr
    assert not done.stderr, "an error that its caller answers for is not printed past the log"


@pytest.mark.parametrize("lane", [offload, offload_long])
def test_without_gevent_it_is_a_plain_call(lane):
    assert lane(sorted, [3, 1, 2], reverse=True) == [3, 2, 1]
    with pytest.raises(ZeroDivisionError):
        lane(lambda: 1 // 0)
