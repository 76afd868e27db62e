"""Finds the Chromium that browser tests drive, or installs one.

A browser that cannot be had ends the run with exit status 3 and says how to get one; no test is ever skipped for it.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "microsoft-edge")
FLAGS = (
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
ADVICE = """No Chromium was found and none could be installed.
Install one (as root on Debian or Ubuntu: apt-get install chromium),
or let Playwright fetch its own: .venv/bin/playwright install chromium
or name yours: INTRAKRAFT_CHROMIUM=/path/to/chromium sh bin/test"""


def flags() -> list[str]:
    """How to start it: quiet, and without its sandbox only for root, who cannot have one."""
    return [*FLAGS, "--no-sandbox"] if os.geteuid() == 0 else [*FLAGS]


def find() -> str | None:
    """The path of a Chromium: the one named, one on the PATH, or Playwright's own."""
    if named := os.environ.get("INTRAKRAFT_CHROMIUM"):
        return named if shutil.which(named) else None
    return next(filter(None, map(shutil.which, NAMES)), None) or _playwrights_own()


def install() -> str | None:
    """Install one: Debian's as root, otherwise Playwright's build, given a minute."""
    if os.geteuid() == 0 and shutil.which("apt-get"):
        quiet = {"stdout": subprocess.DEVNULL, "env": {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}}
        print("Installing Chromium with apt-get; this takes a minute", file=sys.stderr)
        subprocess.run(["apt-get", "update", "-q"], check=False, **quiet)
        subprocess.run(["apt-get", "install", "-y", "-q", "--no-install-recommends", "chromium"], check=False, **quiet)
        if found := find():
            return found
    try:
        subprocess.run(
            [sys.executable, "-m", "playwright", "install", "chromium"], check=False, timeout=60, stdout=sys.stderr
        )
    except subprocess.TimeoutExpired:
        return None
    return find()


def _playwrights_own() -> str | None:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        path = playwright.chromium.executable_path
    return path if Path(path).exists() else None


if __name__ == "__main__":
    browser = find() or (None if os.environ.get("INTRAKRAFT_CHROMIUM") else install())
    if browser is None:
        sys.exit(print(ADVICE, file=sys.stderr) or 3)
    print(browser)
