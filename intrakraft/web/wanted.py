"""What a person looks for, as the address says it: words, kind of goods, state, and from where to go on.

Anything may stand in an address; what means nothing here is passed over, never an error.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any

from flask import request, url_for
from flask_babel import gettext

from intrakraft.domain import categories, places
from intrakraft.domain.places import State
from intrakraft.web.choices import language
from intrakraft.web.forms import clean_text

LONGEST_TEXT = 200


@dataclass(frozen=True, slots=True)
class Wanted:
    """One search: `category` is a slug or "", `state` a state of India or None, `before` the number to go on from."""

    text: str = ""
    category: str = ""
    state: State | None = None
    before: int | None = None

    @property
    def state_code(self) -> str:
        """The GST code of the state, or ""."""
        return self.state.code if self.state else ""

    @property
    def state_short(self) -> str:
        """The state as addresses name it, such as RJ, or ""."""
        return self.state.short if self.state else ""

    @property
    def category_name(self) -> str:
        """The kind of goods in the language of the page, or ""."""
        return category_name(self.category) if self.category else ""

    @property
    def state_name(self) -> str:
        """The state in the language of the page, or ""."""
        return self.state.name_in(language()) if self.state else ""

    @property
    def heading(self) -> str:
        """What the page is called."""
        if self.text:
            return gettext("Goods for “%(words)s”", words=self.text)
        if self.category and self.state:
            return gettext("%(kind)s in %(state)s", kind=self.category_name, state=self.state_name)
        if self.state:
            return gettext("Goods in %(state)s", state=self.state_name)
        return self.category_name or gettext("All goods, newest first")

    @property
    def is_filtered(self) -> bool:
        """Whether a kind or a state is asked for."""
        return bool(self.category or self.state)

    @property
    def branch(self) -> str:
        """The slug of the branch that is looked into, or ""."""
        return categories.find_branch(self.category).slug if self.category else ""

    @property
    def filters(self) -> list[tuple[str, str]]:
        """The filters in use: words, and the address without that filter."""
        found = []
        if self.category:
            found.append((self.category_name, self.url(category=None)))
        if self.state:
            found.append((self.state_name, self.url(state=None)))
        return found

    def url(self, **changes: Any) -> str:
        """The address of this search with some of it changed; it starts again from the newest."""
        values = {"q": self.text or None, "category": self.category or None, "state": self.state_short or None}
        return url_for("listings.index", **{**values, **changes})

    def next_url(self, number: int | None) -> str | None:
        """The address of what follows, or None at the end."""
        return None if number is None else self.url(before=number)


def wanted() -> Wanted:
    """The search of this request."""
    slug = request.args.get("category", "")
    return Wanted(
        text=" ".join((clean_text(request.args.get("q")) or "").split())[:LONGEST_TEXT],
        category=slug if slug in _slugs() else "",
        state=places.state_called(request.args.get("state", "")[:60]) if request.args.get("state") else None,
        before=before(),
    )


def before() -> int | None:
    """The number after which a list goes on; None from the start, or where the address says nothing of use."""
    typed = request.args.get("before", "")
    return int(typed) if typed.isascii() and typed.isdecimal() and len(typed) < 16 else None


def category_name(slug: str) -> str:
    """The name of a leaf or a branch in the language of the page."""
    found = categories.find(slug) if categories.is_leaf(slug) else categories.find_branch(slug)
    return found.name(language())


@cache
def category_choices(language: str) -> tuple[tuple[str, str, str, tuple[tuple[str, str], ...]], ...]:
    """Every branch with its leaves, for a list to choose from: slug, name, block print, leaves as (slug, name)."""
    return tuple(
        (
            branch.slug,
            branch.name(language),
            branch.icon,
            tuple((leaf.slug, leaf.name(language)) for leaf in branch.leaves),
        )
        for branch in categories.branches()
    )


@cache
def state_choices(language: str) -> tuple[tuple[str, str], ...]:
    """Every state as (short name, name), in the order of the names."""
    return tuple(sorted(((state.short, state.name_in(language)) for state in places.STATES), key=lambda pair: pair[1]))


@cache
def _slugs() -> frozenset[str]:
    return frozenset(branch.slug for branch in categories.branches()) | {leaf.slug for leaf in categories.leaves()}
