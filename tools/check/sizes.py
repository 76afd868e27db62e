"""Line budgets: what has grown too long to be read in one sitting.

A file over its budget is split along its nouns; the budget is not raised.
"""

import ast
import statistics
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]
BUDGETS = (  # the first pattern that matches counts
    ("tests/conftest.py", 120),
    ("intrakraft/domain/**/*.py", 500),
    ("intrakraft/templates/**/*.*", 120),
    ("**/*.py", 600),
    ("intrakraft/static/**/*.css", 600),
    ("intrakraft/static/**/*.js", 600),
)
OUTSIDE = (".venv", "instance", "build", "dist", "vendor", "node_modules", "__pycache__")
VIEW_LONGEST, VIEW_MEDIAN = 25, 8
VERBS = {"get", "post", "put", "patch", "delete", "route"}


def long_files() -> Iterator[str]:
    """A sentence for each file over its budget."""
    seen: set[Path] = set()
    for pattern, budget in BUDGETS:
        for path in sorted(set(ROOT.glob(pattern)) - seen):
            if path.is_file() and not set(OUTSIDE) & set(path.relative_to(ROOT).parts):
                seen.add(path)
                lines = path.read_bytes().count(b"\n")
                if lines > budget:
                    yield f"{path.relative_to(ROOT)} has {lines} lines, its budget is {budget}"


def views() -> dict[str, int]:
    """Every view function of the blueprints with its number of lines, from `def` to its end."""
    found = {}
    for path in sorted((ROOT / "intrakraft/blueprints").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.FunctionDef) and any(map(_is_route, node.decorator_list)):
                found[f"{path.relative_to(ROOT)}:{node.lineno} {node.name}"] = node.end_lineno - node.lineno + 1
    return found


def long_views() -> Iterator[str]:
    """A sentence for each view over its budget, and one if the middle view is too long."""
    lengths = views()
    for place, lines in lengths.items():
        if lines > VIEW_LONGEST:
            yield f"{place} is a view of {lines} lines, at most {VIEW_LONGEST}"
    if lengths and (middle := statistics.median(lengths.values())) > VIEW_MEDIAN:
        yield f"half of the views are longer than {middle:g} lines, the median is to be {VIEW_MEDIAN}"


def _is_route(decorator: ast.expr) -> bool:
    return (
        isinstance(decorator, ast.Call) and isinstance(decorator.func, ast.Attribute) and decorator.func.attr in VERBS
    )


if __name__ == "__main__":
    problems = [*long_files(), *long_views()]
    print("\n".join(problems))
    sys.exit(bool(problems))
