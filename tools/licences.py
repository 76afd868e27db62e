"""Writes docs/licences.md: every library, file and data set that Intrakraft installs or carries, with its licence.

`check` compares the page with a fresh one and refuses a licence that would bind the whole (GPL, AGPL). Versions are
left out: the page changes when a licence or a library does, not with every release.
"""

import re
import sys
import tomllib
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path

from packaging.requirements import Requirement

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "licences.md"
MANIFEST = ROOT / "intrakraft" / "static" / "vendor" / "MANIFEST.toml"
EXTRAS = ("postgres", "redis")

# The page is the same on every machine: requirements are weighed for one platform, whichever runs this.
PLATFORM = {
    "python_version": "3.11",
    "python_full_version": "3.11.9",
    "implementation_name": "cpython",
    "platform_python_implementation": "CPython",
    "sys_platform": "linux",
    "platform_system": "Linux",
    "os_name": "posix",
    "platform_machine": "x86_64",
}
# Distributions that name their licence only in a file, read there.
READ_IN_FILE = {
    "huey": "MIT",
    "htmx-flask": "MIT",
    "flask-wtf": "BSD-3-Clause",
    "itsdangerous": "BSD-3-Clause",
    "jinja2": "BSD-3-Clause",
    "pyasn1-modules": "BSD-2-Clause",
    "segno": "BSD-3-Clause",
    "wtforms": "BSD-3-Clause",
}
SPDX = {
    "MIT License": "MIT",
    "BSD License": "BSD",
    "BSD": "BSD",
    "Apache Software License": "Apache-2.0",
    "Apache License, Version 2.0": "Apache-2.0",
    "Apache 2.0": "Apache-2.0",
    "The Unlicense (Unlicense)": "Unlicense",
    "GNU Lesser General Public License v3 (LGPLv3)": "LGPL-3.0-only",
}
BINDING = re.compile(r"(?<!L)(A|\b)GPL", re.IGNORECASE)


def name_of(text: str) -> str:
    """The one spelling of a distribution's name."""
    return re.sub(r"[-_.]+", "-", text).lower()


def required(root: str, extras: tuple[str, ...] = ()) -> set[str]:
    """Names of all distributions that `root[extras]` brings along, itself left out."""
    found: set[str] = set()
    waiting = [(root, frozenset(extras))]
    walked = set()
    while waiting:
        item = waiting.pop()
        if item in walked:
            continue
        walked.add(item)
        name, wanted = item
        for line in metadata.requires(name) or []:
            requirement = Requirement(line)
            marker = requirement.marker
            if marker is None or any(marker.evaluate({**PLATFORM, "extra": extra}) for extra in wanted | {""}):
                found.add(name_of(requirement.name))
                waiting.append((name_of(requirement.name), frozenset(requirement.extras)))
    return found - {name_of(root)}


def licence(name: str) -> str:
    """The licence a distribution declares, by its SPDX name where it has one."""
    facts = metadata.metadata(name)
    if stated := facts.get("License-Expression") or READ_IN_FILE.get(name):
        return stated
    stated = (facts.get("License") or "").strip()
    if stated and len(stated) < 40:
        return SPDX.get(stated, stated)
    classified = [c.rsplit(" :: ", 1)[-1] for c in facts.get_all("Classifier", []) if c.startswith("License ::")]
    return " OR ".join(SPDX.get(c, c) for c in classified) or "not stated"


def vendored() -> list[dict[str, str]]:
    """Entries of the manifest of files carried unmodified."""
    return tomllib.loads(MANIFEST.read_text())["file"] if MANIFEST.exists() else []


def data_sets() -> list[tuple[str, str]]:
    """What NOTICE says about data and files of others: titles at the margin, their text indented below."""
    found: list[tuple[str, str]] = []
    for line in (ROOT / "NOTICE").read_text().split("ask for:\n", 1)[-1].splitlines():
        if line and not line.startswith(" "):
            found.append((line, ""))
        elif line:
            found[-1] = (found[-1][0], f"{found[-1][1]} {line.strip()}".strip())
    return found


def page() -> str:
    """The whole page, as it should stand in docs/."""
    return "\n".join(_lines()) + "\n"


def _lines() -> Iterator[str]:
    runtime = required("intrakraft")
    optional = required("intrakraft", EXTRAS) - runtime
    yield "# Licences"
    yield ""
    yield "Intrakraft is under the Apache License 2.0. This page lists what it installs and carries;"
    yield "it is written by `python -m tools.licences write` and checked by `sh bin/check`."
    for title, names in (("Libraries", runtime), ("Libraries for PostgreSQL and Valkey", optional)):
        yield from ("", f"## {title}", "", "| library | licence |", "| --- | --- |")
        for name in sorted(names):
            yield f"| {name} | {licence(name)} |"
    yield from ("", "## Files carried unmodified", "", "| file | version | licence |", "| --- | --- | --- |")
    for file in sorted(vendored(), key=lambda file: file["path"]):
        yield f"| {file['package']}, `{file['path']}` | {file['version']} | {file['licence']} |"
    yield from ("", "## Data, pictures and other works", "")
    for title, text in data_sets():
        yield f"- **{title}**: {text}"


def problems() -> Iterator[str]:
    """A sentence for each licence that cannot be used, and one if the page is old."""
    for name in sorted(required("intrakraft", EXTRAS)):
        if BINDING.search(licence(name)) or licence(name) == "not stated":
            yield f"{name}: its licence is {licence(name)}"
    if not PAGE.exists() or PAGE.read_text() != page():
        yield "docs/licences.md is old: python -m tools.licences write"


if __name__ == "__main__":
    if sys.argv[1:] == ["write"]:
        PAGE.parent.mkdir(exist_ok=True)
        PAGE.write_text(page())
    else:
        print("\n".join(found := list(problems())))
        sys.exit(bool(found))
