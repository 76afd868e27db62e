"""A real browser against a real server process: gunicorn and the worker on an installation of their own.

A page that reports an error or asks another host for anything fails the test that opened it.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pytest

from intrakraft.config import Settings, load
from tests.installations import Template, process_name
from tests.servers import free_port
from tools import browser as chromium

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext, Page, Request

ROOT = Path(__file__).parents[1]
SCREENS = (
    {"width": 360, "script": True},
    {"width": 360, "script": False},
    {"width": 1280, "script": True},
    {"width": 1280, "script": False},
)
every_screen = pytest.mark.parametrize(
    "browser_page", SCREENS, indirect=True, ids=lambda s: f"{s['width']}px-{'script' if s['script'] else 'plain'}"
)


@dataclass(frozen=True)
class RunningServer:
    """A web server with its worker, and the settings of their installation."""

    url: str
    settings: Settings
    web: subprocess.Popen[bytes]
    worker: subprocess.Popen[bytes]


@contextmanager
def running(folder: Path, database_url: str, **changes: str) -> Iterator[RunningServer]:
    """Web server and worker on the installation in `folder`, until the block ends."""
    port = free_port()
    url = f"http://localhost:{port}"  # a passkey belongs to a name, never to a bare address
    names = {"instance": str(folder), "database_url": database_url, "public_url": url, **changes}
    environment = {**os.environ, **{f"INTRAKRAFT_{name.upper()}": value for name, value in names.items()}}
    environment |= {"HOST": "127.0.0.1", "PORT": str(port), "FLASK_APP": "wsgi"}
    with (folder / "server.log").open("wb") as log:
        run: dict[str, Any] = {"cwd": ROOT, "env": environment, "stdout": log, "stderr": subprocess.STDOUT}
        worker = subprocess.Popen([sys.executable, "-m", "flask", "worker"], **run)
        web = subprocess.Popen([sys.executable, "-m", "gunicorn", "wsgi:app"], **run)
        try:
            _wait_for(f"{url}/healthz", web, folder / "server.log")
            yield RunningServer(url, load(**names), web, worker)
        finally:
            for process in (web, worker):
                process.terminate()
            for process in (web, worker):
                process.wait(timeout=20)


def _wait_for(url: str, web: subprocess.Popen[bytes], log: Path) -> None:
    end = time.monotonic() + 60
    while time.monotonic() < end and web.poll() is None:
        try:
            with urllib.request.urlopen(url, timeout=5):
                return
        except OSError:
            time.sleep(0.05)
    raise RuntimeError(f"the web server does not answer:\n{log.read_text()}")


@pytest.fixture(scope="session")
def server(template: Template, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    """One server for all browser tests of this process; each test makes people and goods of its own."""
    folder = tmp_path_factory.mktemp("server") / "instance"
    url = template.copy_to(folder, f"server_{process_name()}")
    with running(folder, url, throttle="no") as server:
        yield server


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """The browser that `bin/test` found; without one the run ends, no test is skipped."""
    from playwright.sync_api import sync_playwright

    path = chromium.find()
    if path is None:
        pytest.exit(chromium.ADVICE, returncode=3)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=chromium.flags())
        yield browser
        browser.close()


class Watch:
    """What went wrong in a context while a test ran."""

    def __init__(self, context: BrowserContext, own: str) -> None:
        self.faults: list[str] = []
        self.own = urlsplit(own).netloc
        context.on("weberror", lambda error: self.faults.append(f"script error: {error.error}"))
        context.on("request", self._asked)
        context.on("console", lambda message: self._said(message.type, message.text))

    def _asked(self, request: Request) -> None:
        parts = urlsplit(request.url)
        if parts.scheme in ("http", "https", "ws", "wss") and parts.netloc != self.own:
            self.faults.append(f"asked another host: {request.url}")

    def _said(self, kind: str, text: str) -> None:
        if kind == "error" and not text.startswith("Failed to load resource"):
            self.faults.append(f"console: {text}")


@pytest.fixture
def open_page(browser: Browser, server: RunningServer) -> Iterator[Callable[..., Page]]:
    """Opens a page of a visitor's own: `open_page(width=1280, script=False)`; its base is the server's address."""
    opened: list[tuple[BrowserContext, Watch]] = []

    def open_one(width: int = 360, script: bool = True, **options: Any) -> Page:
        size = {"width": width, "height": 640 if width < 640 else 800}
        phone = {"is_mobile": width < 640, "has_touch": width < 640}
        context = browser.new_context(
            base_url=server.url, viewport=size, java_script_enabled=script, locale="en-IN", **phone, **options
        )
        context.set_default_timeout(10_000)
        opened.append((context, Watch(context, server.url)))
        return context.new_page()

    yield open_one
    faults = [fault for context, watch in opened for fault in watch.faults]
    for context, _ in opened:
        context.close()
    assert not faults, "\n".join(faults)


@pytest.fixture
def browser_page(open_page: Callable[..., Page], request: pytest.FixtureRequest) -> Page:
    """A page on a phone of 360 px; `@every_screen` runs the test with and without script, narrow and wide."""
    return open_page(**getattr(request, "param", {}))
