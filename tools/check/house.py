"""House rules that no other tool knows: one clock, one commit, no drawer for odds and ends, nothing left for later.

Each rule is a pattern, the files it is looked for in, and the files that may hold it.
"""

import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[2]
DRAWERS = {"utils", "util", "services", "managers", "helpers", "common", "misc"}
SOURCE = ("*.py", "*.html", "*.txt", "*.xml", "*.css", "*.js", "*.sh", "*.toml", "*.md")


class Rule(NamedTuple):
    """A pattern that must not stand in some files, why, and the files that may hold it."""

    why: str
    pattern: str
    files: tuple[str, ...]
    but: tuple[str, ...] = ()


PYTHON = ("intrakraft/**/*.py",)
PAGES = ("intrakraft/templates/**/*.*",)
MAILS = ("intrakraft/templates/mail/*.html",)  # a mail reader knows no other way
CLOCKS = r"\bdatetime\.(now|utcnow|today)\(|\bdate\.today\(|\btime\.time\("
CLOCK_HOLDERS = ("intrakraft/domain/base.py", "intrakraft/adapters/limiter.py")  # the limiter's library reads its own
RULES = (
    Rule("the only clock is domain/base.py", CLOCKS, PYTHON, CLOCK_HOLDERS),
    Rule("the only commit is in db.py", r"\.commit\(\)", PYTHON, ("intrakraft/db.py",)),
    Rule("only the web server patches, in its own entry", r"\bpatch_all\(|\bmonkey\.patch_", PYTHON),
    Rule("nothing is left for later", r"\b(TODO|FIXME|XXX)\b", tuple(f"intrakraft/**/{end}" for end in SOURCE)),
    Rule("no inline script, no inline style", r"\s(on[a-z]+|style)\s*=\s*[\"']|<style", PAGES, MAILS),
    Rule("script stands in files", r"<script(?![^>]*\ssrc=)", PAGES),
    Rule("what is shown is escaped", r"\|\s*safe\b|\bMarkup\(", PAGES, ("intrakraft/templates/policy/show.html",)),
    Rule("no third party", r"(@import|url\()\s*[\"']?(https?:)?//", ("intrakraft/static/**/*.css",)),
)


def broken() -> Iterator[str]:
    """A sentence with its place for every rule that is broken."""
    for rule in RULES:
        for path in sorted(_matching(rule.files) - _matching(rule.but)):
            if "vendor" not in path.parts and path.is_file():
                for number, line in enumerate(path.read_text(errors="replace").splitlines(), 1):
                    if re.search(rule.pattern, line):
                        yield f"{path.relative_to(ROOT)}:{number}: {rule.why}: {line.strip()[:80]}"
    for path in sorted((ROOT / "intrakraft").rglob("*.py")):
        if DRAWERS & {part.removesuffix(".py") for part in path.relative_to(ROOT).parts}:
            yield f"{path.relative_to(ROOT)}: a module is named after its noun"


def _matching(patterns: tuple[str, ...]) -> set[Path]:
    return {path for pattern in patterns for path in ROOT.glob(pattern)}


if __name__ == "__main__":
    problems = list(broken())
    print("\n".join(problems))
    sys.exit(bool(problems))
