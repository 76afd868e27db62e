"""Templates as a whole: what no single page can show."""

import re
from pathlib import Path

import pytest

TEMPLATES = Path(__file__).parents[2] / "intrakraft" / "templates"


@pytest.mark.promise("P-126")
def test_only_literal_sentences_are_translated_in_place(root: Path) -> None:
    """`_(variable)` would be marked as safe and formatted, whatever a person typed; the filter `said` is not."""
    loose = re.compile(r"(?<![\w.])(?:_|gettext)\((?![\"'])")
    found = [path.name for path in sorted(TEMPLATES.rglob("*.html")) if loose.search(path.read_text())]
    assert found == []


@pytest.mark.promise("P-126")
def test_nothing_typed_is_called_safe() -> None:
    """Only our own published texts are, and those come cleaned from `texts.shown`."""
    safe = (path for path in sorted(TEMPLATES.rglob("*.html")) if re.search(r"\|\s*safe\b", path.read_text()))
    assert [path.relative_to(TEMPLATES).as_posix() for path in safe] == ["policy/show.html"]
