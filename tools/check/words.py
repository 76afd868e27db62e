"""Finds words in templates that nobody can translate: text and speaking attributes outside `_()` and `{% trans %}`.

Code, names, the gallery's samples and the error page that speaks both languages at once are left alone.
"""

import re
import sys
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path

from jinja2 import Environment, nodes

TEMPLATES = Path(__file__).parents[2] / "intrakraft" / "templates"
AS_THEY_ARE = re.compile(r"gallery/|errors/500\.html")
SPEAKING = {"alt", "title", "placeholder", "aria-label", "aria-description", "data-l"}
SILENT = {"script", "style", "code"}
HOLE = "\ufffc"  # stands where a template puts a value
WORD = re.compile(r"[^\W\d_]{2}")
NAMES = re.compile(r"Intrakraft|UPI|GSTIN|PIN|PDF|CSV|JSON|₹")

PARSER = Environment(extensions=["jinja2.ext.i18n", "jinja2.ext.do", "jinja2.ext.loopcontrols"])


class Reader(HTMLParser):
    """Collects the words that a page would show or say."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.found: list[str] = []
        self.silent = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Look into the attributes that are read out or shown."""
        self.silent += tag in SILENT
        for name, value in attrs:
            if name in SPEAKING and value:
                self._look(value, f"{name}=")

    def handle_endtag(self, tag: str) -> None:
        """Words count again after code."""
        self.silent -= tag in SILENT

    def handle_data(self, data: str) -> None:
        """Look into a run of text."""
        if not self.silent:
            self._look(data)

    def _look(self, text: str, where: str = "") -> None:
        if WORD.search(NAMES.sub("", text)):
            self.found.append(where + " ".join(text.replace(HOLE, "…").split())[:60])


def literal(node: nodes.Node) -> Iterator[str]:
    """What a template writes itself, in its order, with a hole for each value."""
    for child in node.iter_child_nodes():
        if isinstance(child, nodes.TemplateData):
            yield child.data
        elif isinstance(node, nodes.Output):
            yield HOLE
        else:
            yield from literal(child)


def unmarked(source: str) -> list[str]:
    """The words of a template that are not marked for translation."""
    reader = Reader()
    reader.feed("".join(literal(PARSER.parse(source))))
    reader.close()
    return reader.found


if __name__ == "__main__":
    problems = [
        f"{path.relative_to(TEMPLATES)}: not marked for translation: {words}"
        for path in sorted(TEMPLATES.rglob("*.html"))
        if not AS_THEY_ARE.match(str(path.relative_to(TEMPLATES)))
        for words in unmarked(path.read_text())
    ]
    print("\n".join(problems))
    sys.exit(bool(problems))
