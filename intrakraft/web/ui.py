"""The components, reached as one name in every template: `ui.button(...)` is the macro `button` of ui/button.html.

A macro gets everything as arguments, because a block that is rendered alone has no variables of the page to lend.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from typing import Any

import brotli
from flask import Flask, Response, current_app, g, url_for
from jinja2 import Environment, TemplateNotFound
from markupsafe import Markup

from intrakraft.domain.base import N_
from intrakraft.web.assets import SOURCE
from intrakraft.web.filters import size
from intrakraft.web.page import asked_by_htmx

CORE = frozenset(
    {"i-check", "i-alert", "i-close", "i-send", "i-chat", "i-truck"}
    | {"i-clock", "i-photo", "i-play", "i-down", "i-phone", "i-mail"}
)
"""Drawings that every page carries, so that a part swapped into it may use them."""

WEIGHT = "\u2063weight\u2063"
"""Stands in a page for its own size until that is known."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Photo:
    """A picture as sent: `src` for every browser, `avif` and `webp` as srcsets; `bytes` what one rendition weighs."""

    src: str
    avif: str = ""
    webp: str = ""
    width: int = 416
    height: int = 416
    alt: str = ""
    bytes: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """One thing of a list of goods. `print` is the block print of its category, `facts` short words under the place."""

    url: str
    title: str
    print: str
    price_paise: int | None = None
    per: str = ""
    business: str = ""
    city: str = ""
    photo: Photo | None = None
    lang: str = ""
    facts: tuple[str, ...] = ()
    stamp: str = ""
    stamp_kind: str = ""


@dataclass(frozen=True, slots=True)
class Place:
    """One place of the phone's dock and the bar; it shows only where its endpoint exists."""

    name: str
    endpoint: str
    icon: str


PLACES = {
    "browse": Place(N_("Browse"), "listings.index", "search"),
    "interests": Place(N_("Interests"), "interests.received", "hand"),
    "sell": Place(N_("Sell"), "drafts.new", "plus"),
    "mine": Place(N_("My goods"), "listings.mine", "box"),
    "seen": Place(N_("Who saw my details"), "ledger.show", "eye"),
    "notices": Place(N_("Notices"), "notices.index", "bell"),
    "account": Place(N_("Account"), "profile.show", "user"),
    "home": Place(N_("Home"), "home.show", "home"),
    "sign_in": Place(N_("Sign in"), "sign_in.new", "user"),
    "sign_up": Place(N_("Open an account"), "registration.new", "user"),
    "privacy": Place(N_("Privacy policy"), "policy.show", "lock"),
    "terms": Place(N_("Terms of use"), "terms.show", "file"),
    "help": Place(N_("Help and contact"), "support.show", "phone"),
}


class Ui:
    """Finds a macro in the file of its name, once; also keeps which drawings this page uses."""

    Photo = Photo
    Card = Card

    def __init__(self, environment: Environment) -> None:
        self._environment = environment
        self._urls: dict[str, str | None] = {}

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        try:
            macro = getattr(self._environment.get_template(f"ui/{name}.html").module, name)
        except TemplateNotFound as error:
            raise AttributeError(f"there is no component {name}") from error
        if not self._environment.auto_reload:
            setattr(self, name, macro)
        return macro

    @property
    def weight(self) -> str:
        """Where the page says its own size; filled in when the page is made."""
        g.says_weight = True
        return WEIGHT

    def drawn(self, kind: str, name: str) -> str:
        """The id of a drawing, `i` a stroke icon or `b` a block print, noted for the end of the page."""
        identity = name if name.startswith(f"{kind}-") else f"{kind}-{name}"
        if identity not in drawings():
            raise KeyError(f"there is no drawing {identity}")
        g.setdefault("drawings", set()).add(identity)
        return identity

    def is_part(self) -> bool:
        """Whether htmx asked for this answer: rows it puts into a page bring their block prints with them."""
        return asked_by_htmx()

    def paths(self, name: str) -> Markup:
        """The lines of a block print, to stand in an svg of their own of 48 by 48."""
        return Markup(_INSIDE.sub("", drawings()[f"b-{name.removeprefix('b-')}"]))

    def symbols(self) -> Markup:
        """Every drawing this page used, and the core; each once."""
        known = drawings()
        return Markup("").join(known[name] for name in sorted(CORE | g.get("drawings", set())))

    def url(self, endpoint: str) -> str | None:
        """The address of an endpoint without arguments, or None where this installation has none; looked up once."""
        if endpoint not in self._urls:
            self._urls[endpoint] = url_for(endpoint) if endpoint in current_app.view_functions else None
        return self._urls[endpoint]

    def place(self, key: str) -> str | None:
        """The address of one of `PLACES`, or None."""
        return self.url(PLACES[key].endpoint)

    def places(self, *keys: str) -> list[tuple[str, Place, str]]:
        """Of these places the ones that exist: (key, place, address)."""
        return [(key, PLACES[key], url) for key in keys if (url := self.place(key))]


def strays() -> set[str]:
    """Drawings used in this answer that a part could not count on; empty for a part that is well made."""
    return set(g.get("drawings", set())) - CORE


@cache
def drawings() -> dict[str, Markup]:
    """Every symbol of icons.svg by its id, as it stands in the file."""
    text = (SOURCE / "icons.svg").read_text()
    return {found[1]: Markup(found[0]) for found in re.finditer(r'<symbol id="([^"]+)".*?</symbol>', text)}


def weighed(page: str) -> str:
    """The page with its own size on the wire written in."""
    return page.replace(WEIGHT, size(len(brotli.compress(page.encode(), quality=5))))


_INSIDE = re.compile(r"</?symbol[^>]*>")


def _say_weight(response: Response) -> Response:
    if g.pop("says_weight", False) and not response.is_streamed:
        response.set_data(weighed(response.get_data(as_text=True)))
    return response


def init_app(app: Flask) -> None:
    """Give templates `ui`; a page that says its size is weighed before it is packed."""
    app.jinja_env.globals["ui"] = Ui(app.jinja_env)
    app.after_request(_say_weight)
