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
    """A pattern that must not stand in some files, why, and the one file that may hold it."""

    why: str
    pattern: str
    files: tuple[str, ...]
    but: str = ""


PYTHON = ("intrakraft/**/*.py",)
PAGES = ("intrakraft/templates/**/*.*",)
CLOCKS = r"\bdatetime\.(now|utcnow|today)\(|\bdate\.today\(|\btime\.time\("
RULES = (
    Rule("the only clock is domain/base.py", CLOCKS, PYTHON, "intrakraft/domain/base.py"),
    Rule("the only commit is in db.py", r"\.commit\(\)", PYTHON, "intrakraft/db.py"),
    Rule("only the web server patches, in its own entry", r"\bmonkey\b", PYTHON),
    Rule("nothing is left for later", r"\b(TODO|FIXME|XXX)\b", tuple(f"intrakraft/**/{end}" for end in SOURCE)),
    Rule("no inline script, no inline style", r"\s(on[a-z]+|style)\s*=\s*[\"']|<style", PAGES),
    Rule("script stands in files", r"<script(?![^>]*\ssrc=)", PAGES),
    Rule("what is shown is escaped", r"\|\s*safe\b|\bMarkup\(", PAGES),
    Rule("no third party", r"(@import|url\()\s*[\"']?(https?:)?//", ("intrakraft/static/**/*.css",)),
)


def broken() -> Iterator[str]:
    """A sentence with its place for every rule that is broken."""
    for rule in RULES:
        for path in sorted({path for pattern in rule.files for path in ROOT.glob(pattern)} - {ROOT / rule.but}):
            if "vendor" not in path.parts and path.is_file():
                for number, line in enumerate(path.read_text(errors="replace").splitlines(), 1):
                    if re.search(rule.pattern, line):
                        yield f"{path.relative_to(ROOT)}:{number}: {rule.why}: {line.strip()[:80]}"
    for path in sorted((ROOT / "intrakraft").rglob("*.py")):
        if DRAWERS & {part.removesuffix(".py") for part in path.relative_to(ROOT).parts}:
            yield f"{path.relative_to(ROOT)}: a module is named after its noun"


if __name__ == "__main__":
    problems = list(broken())
    print("\n".join(problems))
    sys.exit(bool(problems))
