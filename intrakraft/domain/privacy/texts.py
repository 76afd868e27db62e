"""Texts: the privacy policy, the terms and the statements, read from their dated files and cut into clauses.

A clause keeps its id for ever, in every language and version, so that a right can be followed through all of them.
"""

from __future__ import annotations

import hashlib
import html
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from functools import cache, lru_cache
from pathlib import Path

import nh3
from markdown_it import MarkdownIt

FOLDER = Path(__file__).resolve().parents[2] / "policy"
FACTS = frozenset({"company", "officer", "phone", "email", "hours"})
WORDS_A_MINUTE = 200

_HEADING = re.compile(r"^(#{1,2}) ([a-z0-9-]+) \| (.+)$", re.MULTILINE)
_PLACEHOLDER = re.compile(r"\{(\w+)\}")
_TAGS = {"p", "ul", "ol", "li", "strong", "em", "a", "table", "thead", "tbody", "tr", "th", "td"}
_MARKDOWN = MarkdownIt("js-default")


class Altered(Exception):
    """A published text no longer fits its seal. Published texts are never edited: write a new version."""


class Kind(StrEnum):
    """What a text is."""

    PRIVACY = "privacy"
    TERMS = "terms"
    STATEMENT = "statement"


class Effect(StrEnum):
    """What a clause does to the reader (P-003)."""

    RIGHT = "right"
    DUTY = "duty"
    LIMIT = "limit"


@dataclass(frozen=True, slots=True)
class Right:
    """One right, duty or limit of a version, and the clause that states it."""

    id: str
    kind: Effect
    clause: str


@dataclass(frozen=True, slots=True)
class Clause:
    """One clause: its lasting id, its title, its words as Markdown, and the promises it carries."""

    id: str
    title: str
    words: str
    promises: tuple[str, ...] = ()

    @property
    def sha256(self) -> str:
        """Seal of the words alone."""
        return seal(self.words)


@dataclass(frozen=True, slots=True)
class Part:
    """A group of clauses under one heading."""

    id: str
    title: str
    clauses: tuple[Clause, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Text:
    """One version in one language, exactly as published. `sha256` is the seal of `source`, the whole file."""

    kind: Kind
    version: str
    lang: str
    effective_on: date
    modified_on: date
    source: str
    sha256: str
    summary: str
    parts: tuple[Part, ...]
    rights: tuple[Right, ...]

    @property
    def clauses(self) -> dict[str, Clause]:
        """All clauses by id, in order."""
        return {clause.id: clause for part in self.parts for clause in part.clauses}

    @property
    def minutes(self) -> int:
        """Minutes to read it, at 200 words a minute."""
        return max(1, round(len(self.source.split()) / WORDS_A_MINUTE))


@dataclass(frozen=True, slots=True)
class Shown:
    """A text as HTML: the summary, and for each part (id, title, clauses as (id, title, HTML))."""

    summary: str
    parts: tuple[tuple[str, str, tuple[tuple[str, str, str], ...]], ...]


# -- reading --


@cache
def library(folder: Path = FOLDER) -> Mapping[Kind, Mapping[str, Mapping[str, Text]]]:
    """Every published text: kind -> version -> language, oldest version first.

    Raises `Altered` for a file that does not fit the seal in its `meta.toml`, `ValueError` for one that names an
    unknown clause or an unknown fact.
    """
    return {kind: {path.name: _version(kind, path) for path in sorted((folder / kind).iterdir())} for kind in Kind}


def find(kind: Kind, version: str, lang: str, folder: Path = FOLDER) -> Text | None:
    """That version in that language, in English where the language is missing, or None where the version is unknown."""
    languages = library(folder)[kind].get(version, {})
    return languages.get(lang) or languages.get("en")


def versions(kind: Kind, folder: Path = FOLDER) -> list[Mapping[str, Text]]:
    """All versions of a kind, newest first, each as language -> text."""
    return [languages for _, languages in sorted(library(folder)[kind].items(), reverse=True)]


def not_held(kind: Kind, folder: Path = FOLDER) -> tuple[date, date] | None:
    """First and last day for which something was in force whose text we do not hold, or None (P-141)."""
    oldest = versions(kind, folder)[-1]["en"]
    if oldest.effective_on == oldest.modified_on:
        return None
    return oldest.effective_on, oldest.modified_on - timedelta(days=1)


def in_force(kind: Kind, on: date, lang: str = "en", folder: Path = FOLDER) -> Text:
    """The version in force on a day: the latest that had started by then. Raises `LookupError` before the first."""
    started = [name for name, texts in library(folder)[kind].items() if texts["en"].modified_on <= on]
    if not started:
        raise LookupError(f"no {kind} was in force on {on}")
    found = find(kind, max(started), lang, folder)
    assert found is not None
    return found


def seal(words: str) -> str:
    """SHA-256 of a text in UTF-8, as 64 hexadecimal digits."""
    return hashlib.sha256(words.encode()).hexdigest()


@lru_cache(maxsize=64)
def shown(text: Text, facts: tuple[tuple[str, str], ...]) -> Shown:
    """The text as clean HTML with the operator's facts filled in; made once for each text and set of facts.

    `facts` are (name, value) pairs for every name in `FACTS`; values are escaped.
    """
    known = dict(facts)
    return Shown(
        as_html(text.summary, known),
        tuple((p.id, p.title, tuple((c.id, c.title, as_html(c.words, known)) for c in p.clauses)) for p in text.parts),
    )


def as_html(words: str, facts: Mapping[str, str] | None = None) -> str:
    """Markdown as HTML with plain tags only; no raw HTML, no outside scheme, placeholders filled and escaped."""
    rendered = _MARKDOWN.render(words)
    clean = nh3.clean(rendered, tags=_TAGS, attributes={"a": {"href"}}, url_schemes=set(), link_rel=None)
    return _PLACEHOLDER.sub(lambda found: html.escape((facts or {})[found[1]]), clean)


# -- files --


def _version(kind: Kind, path: Path) -> Mapping[str, Text]:
    meta = tomllib.loads((path / "meta.toml").read_text("utf-8"))
    if (meta["kind"], meta["version"]) != (kind, path.name):
        raise ValueError(f"{path} holds {meta['kind']} {meta['version']}")
    return {file.stem: _text(kind, file, meta) for file in sorted(path.glob("*.md"))}


def _text(kind: Kind, file: Path, meta: Mapping[str, object]) -> Text:
    source = file.read_bytes().decode("utf-8")
    if seal(source) != _seals(meta).get(file.stem):
        raise Altered(f"{file} is not the text that was published: its seal is {seal(source)}")
    strange = set(_PLACEHOLDER.findall(source)) - FACTS
    if strange:
        raise ValueError(f"{file} asks for unknown facts: {sorted(strange)}")
    promises = _promises(meta)
    summary, parts = _cut(source, promises)
    text = Text(
        kind=kind,
        version=str(meta["version"]),
        lang=file.stem,
        effective_on=_day(meta["effective_on"]),
        modified_on=_day(meta["modified_on"]),
        source=source,
        sha256=seal(source),
        summary=summary,
        parts=parts,
        rights=_rights(meta),
    )
    unknown = ({right.clause for right in text.rights} | set(promises)) - set(text.clauses)
    if unknown:
        raise ValueError(f"{file} lacks the clauses {sorted(unknown)}")
    return text


def _cut(source: str, promises: Mapping[str, tuple[str, ...]]) -> tuple[str, tuple[Part, ...]]:
    pieces = _HEADING.split(source)
    parts: list[tuple[str, str, list[Clause]]] = []
    for level, name, title, words in zip(pieces[1::4], pieces[2::4], pieces[3::4], pieces[4::4], strict=True):
        if level == "#":
            parts.append((name, title, []))
        else:
            parts[-1][2].append(Clause(name, title, words.strip(), promises.get(name, ())))
    return pieces[0].strip(), tuple(Part(name, title, tuple(clauses)) for name, title, clauses in parts)


def _promises(meta: Mapping[str, object]) -> dict[str, tuple[str, ...]]:
    table = meta.get("promises", {})
    assert isinstance(table, dict)
    return {clause: tuple(ids) for clause, ids in table.items()}


def _seals(meta: Mapping[str, object]) -> Mapping[str, str]:
    table = meta.get("seals", {})
    assert isinstance(table, dict)
    return table


def _rights(meta: Mapping[str, object]) -> tuple[Right, ...]:
    rows = meta.get("right", [])
    assert isinstance(rows, list)
    return tuple(Right(row["id"], Effect(row["kind"]), row["clause"]) for row in rows)


def _day(value: object) -> date:
    if not isinstance(value, date):
        raise ValueError(f"{value!r} is not a date")
    return value
