"""Categories: the closed list of branches and leaves that goods are listed under.

A listing names a leaf of this list and nothing else; the names live in categories.toml beside this file.
"""

import tomllib
from dataclasses import dataclass
from functools import cache
from importlib import resources
from types import MappingProxyType

from intrakraft.domain.base import N_
from intrakraft.domain.errors import NotFound


@dataclass(frozen=True, slots=True)
class Names:
    """What one category is called in each language of the pages."""

    en: str
    hi: str

    def in_language(self, language: str) -> str:
        """The Hindi name for `hi` and `hi_IN`, the English one for every other language."""
        return self.hi if language[:2] == "hi" else self.en


@dataclass(frozen=True, slots=True)
class Leaf:
    """One category that goods may be listed under; `branch` is the slug of the branch that holds it."""

    slug: str
    names: Names
    branch: str
    icon: str

    def name(self, language: str = "en") -> str:
        """The leaf's name in a language."""
        return self.names.in_language(language)


@dataclass(frozen=True, slots=True)
class Branch:
    """A group of leaves with the block print (a symbol name such as `b-cloth`) that stands for all of them."""

    slug: str
    names: Names
    icon: str
    leaves: tuple[Leaf, ...]

    def name(self, language: str = "en") -> str:
        """The branch's name in a language."""
        return self.names.in_language(language)


@cache
def branches() -> tuple[Branch, ...]:
    """Every branch in the order pages show them."""
    text = resources.files(__package__).joinpath("categories.toml").read_text(encoding="utf-8")
    return tuple(
        Branch(
            slug=row["slug"],
            names=Names(row["en"], row["hi"]),
            icon=row["icon"],
            leaves=tuple(
                Leaf(leaf["slug"], Names(leaf["en"], leaf["hi"]), row["slug"], leaf.get("icon", row["icon"]))
                for leaf in row["leaves"]
            ),
        )
        for row in tomllib.loads(text)["branch"]
    )


@cache
def leaves() -> tuple[Leaf, ...]:
    """Every leaf, branch by branch."""
    return tuple(leaf for branch in branches() for leaf in branch.leaves)


@cache
def _leaf_by_slug() -> MappingProxyType[str, Leaf]:
    return MappingProxyType({leaf.slug: leaf for leaf in leaves()})


@cache
def _branch_by_slug() -> MappingProxyType[str, Branch]:
    return MappingProxyType({branch.slug: branch for branch in branches()})


def is_leaf(slug: str) -> bool:
    """Whether goods may be listed under this slug."""
    return slug in _leaf_by_slug()


def find(slug: str) -> Leaf:
    """The leaf with this slug. Raises NotFound."""
    leaf = _leaf_by_slug().get(slug)
    if leaf is None:
        raise NotFound(N_("There is no such category."))
    return leaf


def find_branch(slug: str) -> Branch:
    """The branch with this slug, or the branch that holds the leaf with this slug. Raises NotFound."""
    branch = _branch_by_slug().get(slug)
    return branch if branch is not None else _branch_by_slug()[find(slug).branch]


def within(slug: str) -> tuple[str, ...]:
    """The leaf slugs that browsing `slug` shows: all leaves of a branch, or the one leaf. Raises NotFound."""
    branch = _branch_by_slug().get(slug)
    return tuple(leaf.slug for leaf in branch.leaves) if branch is not None else (find(slug).slug,)


def choices(language: str = "en") -> dict[str, list[tuple[str, str]]]:
    """Options for a form's grouped list: branch name -> (slug, leaf name), in page order."""
    return {
        branch.name(language): [(leaf.slug, leaf.name(language)) for leaf in branch.leaves] for branch in branches()
    }
