"""Runs the checks by name, one line each with its seconds; the first that fails stops the run and shows what it said.

A check is a command: other tools do the work where they can, modules beside this one do the rest. With `--go-on` a
failure does not stop the others.
"""

import os
import subprocess
import sys
import time
from pathlib import Path

BIN = Path(sys.executable).parent
ROOT = Path(__file__).parents[2]


def own(module: str, *words: str) -> list[str]:
    """A command that runs a module of this project."""
    return [sys.executable, "-m", module, *words]


CHECKS = {
    "format": [f"{BIN}/ruff", "format", "--check", "--quiet", "."],
    "lint": [f"{BIN}/ruff", "check", "--quiet", "."],
    "types": [f"{BIN}/mypy", "--no-error-summary"],
    "imports": [f"{BIN}/lint-imports", "--no-logo", "--no-cache"],
    "house": own("tools.check.house"),
    "sizes": own("tools.check.sizes"),
    "templates": [f"{BIN}/djlint", "--lint", "--quiet", "intrakraft/templates"],
    "words": own("tools.check.words"),
    "translations": own("tools.translations", "check"),
    "labels": [f"{BIN}/flask", "--app", "wsgi", "privacy", "check"],
    "migrations": own("tools.check.migrations"),
    "licences": own("tools.licences", "check"),
    "weight": own("tools.check.weight"),
}


def run(name: str) -> bool:
    """Run one check and print its line; what it said is printed only when it failed."""
    began = time.monotonic()
    print(f"{name:<14}", end="", flush=True)
    done = subprocess.run(CHECKS[name], cwd=ROOT, env=_environment(), capture_output=True, text=True)
    good = done.returncode == 0
    print(f"{'ok' if good else 'FAILED':<8}{time.monotonic() - began:5.1f} s", flush=True)
    if not good:
        print(done.stdout + done.stderr, end="")
    return good


def _environment() -> dict[str, str]:
    """The checks read the source, so the settings of this machine's own installation stay out of them."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("INTRAKRAFT_")}
    return {**kept, "INTRAKRAFT_INSTANCE": str(ROOT / "build" / "check-instance"), "NO_COLOR": "1"}


def main(words: list[str]) -> int:
    """Run the checks named, or all; 1 when one failed, 2 when there is no such check."""
    names = [word for word in words if word != "--go-on"] or list(CHECKS)
    if unknown := [name for name in names if name not in CHECKS]:
        print(f"No such check: {', '.join(unknown)}. There are: {', '.join(CHECKS)}")
        return 2
    outcomes = map(run, names)
    return int(not all(list(outcomes) if "--go-on" in words else outcomes))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
