"""Which promises and criteria are shown by a test: read from the marks, never from memory."""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

PROMISES = 153


def marks(folder: str | Path) -> dict[str, set[str]]:
    """Marks found in the tests under `folder`: id such as "P-096" or "C1" -> names of the tests that carry it."""
    found: dict[str, set[str]] = defaultdict(set)
    for path in sorted(Path(folder).rglob("test_*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            if not isinstance(node, ast.FunctionDef | ast.ClassDef):
                continue
            for mark in _marks_of(node):
                found[mark].add(f"{path.name}::{node.name}")
        for mark in _module_marks(path):
            found[mark].add(path.name)
    return dict(found)


def _marks_of(node: ast.FunctionDef | ast.ClassDef) -> Iterator[str]:
    for decorator in node.decorator_list:
        yield from _from_call(decorator)


def _module_marks(path: Path) -> Iterator[str]:
    for node in ast.parse(path.read_text()).body:
        if isinstance(node, ast.Assign) and any(isinstance(t, ast.Name) and t.id == "pytestmark" for t in node.targets):
            for part in ast.walk(node.value):
                yield from _from_call(part)


def _from_call(node: ast.AST) -> Iterator[str]:
    if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute):
        return
    if node.func.attr in ("promise", "criterion"):
        yield from (a.value for a in node.args if isinstance(a, ast.Constant) and isinstance(a.value, str))


def report(folder: str | Path) -> list[str]:
    """Lines for the operator: how many of the promises have a test, and which have none."""
    found = marks(folder)
    shown = [f"P-{n:03d}" for n in range(1, PROMISES + 1) if f"P-{n:03d}" in found]
    criteria = sorted(mark for mark in found if not mark.startswith("P-"))
    lines = [f"{name}  {len(found[name])} tests" for name in (*shown, *criteria)]
    missing = [f"P-{n:03d}" for n in range(1, PROMISES + 1) if f"P-{n:03d}" not in found]
    return [
        *lines,
        "",
        f"{len(shown)} of {PROMISES} promises and {len(criteria)} criteria have a test",
        "without one yet: " + " ".join(missing),
    ]
