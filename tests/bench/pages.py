"""Page cost against the anchor: CPU of the whole server process a request, requests a second, memory, start.

`python -m tests.bench.pages --write docs/performance.md` starts two gunicorn servers on free ports (the anchor and this
application on a demo bazaar), takes the pages in turn for several rounds and prints medians with ratios.
"""

from __future__ import annotations

import argparse
import http.client
import os
import re
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from intrakraft.config import load
from tests.servers import free_port

ROOT = Path(__file__).parents[2]
BIN = Path(sys.executable).parent
ROUNDS, EACH = 7, 60
MARK = re.compile(r"<!-- pages -->.*?<!-- /pages -->", re.DOTALL)


@dataclass
class Server:
    """One gunicorn master with its worker."""

    port: int
    process: subprocess.Popen[bytes]
    started_in: float

    def workers(self) -> list[int]:
        found = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text().split()
        return [int(pid) for pid in found]

    def cpu(self) -> float:
        """Seconds of CPU that the workers have used so far."""
        threads = [path for pid in self.workers() for path in Path(f"/proc/{pid}/task").glob("*/schedstat")]
        return sum(int(path.read_text().split()[0]) for path in threads) / 1e9

    def memory(self) -> float:
        """Resident MB of a worker."""
        status = Path(f"/proc/{self.workers()[0]}/status").read_text()
        return int(re.search(r"VmRSS:\s+(\d+)", status).group(1)) / 1024  # type: ignore[union-attr]


@contextmanager
def serving(target: str, environment: dict[str, str], path: str) -> Iterator[Server]:
    """Start gunicorn on `target` and wait for its first answer."""
    port = free_port()
    began = time.perf_counter()
    run = [BIN / "gunicorn", "-c", ROOT / "gunicorn.conf.py", target]
    settings = {**os.environ, **environment, "HOST": "127.0.0.1", "PORT": str(port)}
    process = subprocess.Popen(run, cwd=ROOT, env=settings, stderr=subprocess.DEVNULL)
    try:
        while True:
            try:
                fetch(port, path, {})
                break
            except OSError:
                time.sleep(0.02)
        yield Server(port, process, time.perf_counter() - began)
    finally:
        process.terminate()
        process.wait(timeout=20)


def fetch(port: int, path: str, headers: dict[str, str], connection: http.client.HTTPConnection | None = None) -> int:
    """One request on loopback; gives the status."""
    own = connection or http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    own.request("GET", path, headers={"Accept-Encoding": "br", **headers})
    answer = own.getresponse()
    answer.read()
    if connection is None:
        own.close()
    return answer.status


@dataclass
class Shape:
    """One page measured: CPU ms a request in each round."""

    name: str
    server: Server
    path: str
    headers: dict[str, str] = field(default_factory=dict)
    unique: bool = False
    cpu: list[float] = field(default_factory=list)

    def round(self, number: int) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", self.server.port, timeout=20)
        cpu = self.server.cpu()
        for n in range(EACH):
            path = f"{self.path}{'&' if '?' in self.path else '?'}x={number}.{n}" if self.unique else self.path
            fetch(self.server.port, path, self.headers, connection)
        self.cpu.append((self.server.cpu() - cpu) * 1000 / EACH)
        connection.close()


def signed_in_cookie(instance: Path) -> str:
    """The session cookie of a demo person, made by the application itself."""
    code = "from intrakraft import create_app; from tests.people import signed_in_cookie; print(signed_in_cookie(create_app()))"
    environment = {**os.environ, "INTRAKRAFT_INSTANCE": str(instance)}
    made = subprocess.run([sys.executable, "-c", code], cwd=ROOT, env=environment, capture_output=True, check=True)
    return made.stdout.decode().strip().splitlines()[-1]


def measure() -> list[str]:
    """Run everything and give the table as lines."""
    with tempfile.TemporaryDirectory() as folder:
        instance = Path(folder)
        load(instance=instance)
        environment = {"INTRAKRAFT_INSTANCE": folder, "FLASK_APP": "wsgi"}
        for command in ("setup", "seed"):
            run = [BIN / "flask", command]
            subprocess.run(run, cwd=ROOT, env={**os.environ, **environment}, check=True, capture_output=True)
        cookie = {"Cookie": signed_in_cookie(instance)}
        with (
            serving("tests.bench.anchor:app", {}, "/hello") as bare,
            serving("wsgi:app", environment, "/healthz") as ours,
        ):
            shapes = [
                Shape("anchor: 24 cards, no database", bare, "/"),
                Shape("hello", bare, "/hello"),
                Shape("browse, uncached, anonymous", ours, "/listings", unique=True),
                Shape("listing, uncached, anonymous", ours, "/listings/1", unique=True),
                Shape("browse, signed in", ours, "/listings", cookie),
                Shape("listing, signed in", ours, "/listings/1", cookie),
                Shape("browse, packed bytes, anonymous", ours, "/listings"),
            ]
            for number in range(ROUNDS):
                for shape in shapes:
                    shape.round(number)
            return table(shapes, ours)


def table(shapes: list[Shape], ours: Server) -> list[str]:
    """Medians and ratios; requests a second are those one core of CPU would serve, so that the client costs nothing."""
    anchor, hello = statistics.median(shapes[0].cpu), statistics.median(shapes[1].cpu)
    lines = ["| page | CPU ms a request | x anchor | requests/s a core | of hello |", "|---|---|---|---|---|"]
    for shape in shapes:
        cpu = statistics.median(shape.cpu)
        lines.append(f"| {shape.name} | {cpu:.2f} | {cpu / anchor:.1f} | {1000 / cpu:.0f} | {hello / cpu:.0%} |")
    lines += [
        "",
        f"Start to first answer {ours.started_in:.1f} s; resident memory of the worker {ours.memory():.0f} MB.",
    ]
    return lines


if __name__ == "__main__":
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--write", type=Path)
    target = asked.parse_args().write
    found = "\n".join(measure())
    print(found)
    if target:
        text = target.read_text()
        target.write_text(MARK.sub(f"<!-- pages -->\n{found}\n<!-- /pages -->", text))
