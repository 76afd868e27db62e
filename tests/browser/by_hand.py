"""What a person does by hand in front of a running server: register, read the mailed code, sign in, put goods up, sign out.

Each act goes through the pages as they are, with script or without; only where signing in is not the point is a cookie laid.
"""

from __future__ import annotations

import itertools
import re
import time
from dataclasses import dataclass, replace
from email import policy
from email.parser import BytesParser
from pathlib import Path
from typing import TYPE_CHECKING

from flask import Flask
from flask.sessions import SecureCookieSessionInterface
from playwright.sync_api import expect

from intrakraft.db import Database
from tests.browsers import RunningServer
from tests.goods import picture
from tests.makers import Person, make_person, make_sign_in

if TYPE_CHECKING:
    from playwright.sync_api import Locator, Page

PASSWORD = "lantern harbour eleven spoons"
SYLLABLES = ("ba", "di", "ku", "lo", "ma", "ni", "pu", "ro", "sa", "ti")
_names = map("".join, itertools.product(SYLLABLES, repeat=3))


@dataclass(frozen=True)
class Newcomer:
    """Somebody who has no account yet, with everything the form asks for."""

    username: str
    name: str = "Farah Khan"
    place_of_business: str = "Khan Lamps"
    street: str = "7 Purana Bazar"
    pin: str = "244001"
    phone: str = "+91 98765 43210"
    password: str = PASSWORD

    @property
    def email(self) -> str:
        return f"{self.username}@mailbox.example.in"


def newcomer(name: str, **changes: str) -> Newcomer:
    """A newcomer whose username nobody has."""
    return replace(Newcomer(f"{name}-{next(_names)}"), **changes)


@dataclass(frozen=True)
class Town:
    """The running server, with a hand on its database and its mailboxes."""

    server: RunningServer
    database: Database

    def person(self, name: str = "asha", **changes: str) -> Person:
        """A person with an account, made without a page."""
        return make_person(self.database, f"{name}-{next(_names)}", **changes)

    def letter(self, to: str, since: float = 0.0, holds: str = "") -> str:
        """The text of the newest letter to this address after `since` that holds these words; waits for the worker."""
        folder = Path(self.server.settings.mail_url.removeprefix("folder:"))
        end = time.monotonic() + 15
        while time.monotonic() < end:
            for path in sorted(folder.glob("*.eml"), reverse=True):
                message = BytesParser(policy=policy.default).parsebytes(path.read_bytes())
                text = str(message.get_body(("plain",)).get_content())
                if to in str(message["To"]) and path.stat().st_mtime >= since and re.search(holds, text, re.MULTILINE):
                    return text
            time.sleep(0.05)
        raise AssertionError(f"no letter came to {to}")

    def code(self, to: str, since: float = 0.0) -> str:
        """The six digits that were mailed."""
        alone = r"^\s*(\d{6})\s*$"
        found = re.search(alone, self.letter(to, since, alone), re.MULTILINE)
        assert found, "the letter has no code"
        return found[1]

    def lay_cookie(self, page: Page, person: Person, **how: bool) -> None:
        """Sign this browser in without a page."""
        app = Flask("cookies")
        app.secret_key = self.server.settings.secret_key
        sign = SecureCookieSessionInterface().get_signing_serializer(app)
        token = make_sign_in(self.database, person, **how)
        value = sign.dumps({"_user_id": token, "_fresh": True})
        page.context.add_cookies([{"name": "session", "value": value, "url": self.server.url}])


# -- pressing and reading --


def press(page: Page, selector: str) -> None:
    """Press a button or a link and wait for what comes of it, in place or on another page."""
    with page.expect_response(lambda answer: answer.request.resource_type in ("document", "fetch", "xhr")):
        page.click(selector)
    page.wait_for_load_state("load")


def main(page: Page) -> Locator:
    """What the page is about."""
    return page.locator("main")


def faults(page: Page) -> dict[str, str]:
    """What stands under each field that is wrong, by the field's id."""
    wrong = page.locator("main .err").all()
    return {(one.get_attribute("id") or "").removesuffix("-error"): one.inner_text().strip() for one in wrong}


# -- whole acts --


def fill_registration(page: Page, who: Newcomer) -> None:
    """Fill the form in, all but the boxes; the PIN fills the place in, by script or by its button."""
    for field in ("name", "place_of_business", "street", "email", "phone", "username", "password"):
        page.fill(f"#{field}", getattr(who, field))
    page.fill("#pin", who.pin)


def register(page: Page, town: Town, who: Newcomer) -> None:
    """From the empty form to the first page of the account."""
    page.goto("/registration/new")
    fill_registration(page, who)
    for box in ("adult", "policy", "terms"):
        page.check(f"#{box}")
    since = time.time()
    page.click("#registration .btn.go")
    page.wait_for_url(re.compile("/registration/code"))
    page.fill("#code", town.code(who.email, since))
    page.click("main .btn.go")
    page.wait_for_url(re.compile("/welcome"))


def sign_in(page: Page, town: Town, who: Person | Newcomer) -> None:
    """Name, password and the mailed code, from the page of sign-in on."""
    since = time.time()
    give_password(page, who)
    page.fill("#code", town.code(who.email, since))
    page.click("#second form:has(#code) .btn.go")
    page.wait_for_url(lambda url: "/sign-in" not in url)


def give_password(page: Page, who: Person | Newcomer, password: str = "") -> None:
    """Name and password, up to the second step."""
    if "/sign-in" not in page.url:
        page.goto("/sign-in")
    page.fill("#name", who.username)
    page.fill("#password", password or who.password)
    page.click("#credentials .btn.go")
    page.wait_for_url(re.compile("/sign-in/second-step"))


def sign_out(page: Page) -> None:
    """By the button of the account."""
    page.goto("/account")
    page.click("form[action='/sign-out'] button")
    page.wait_for_url("**/")


def photographs(count: int = 2) -> list[dict[str, str | bytes]]:
    """Small pictures as a phone would choose them."""
    colours = ("indigo", "firebrick", "teal", "gold")
    return [
        {"name": f"IMG-{n}.jpg", "mimeType": "image/jpeg", "buffer": picture(colours[n % 4]).read()}
        for n in range(count)
    ]


def kept_by_the_browser(page: Page) -> list[object]:
    """Everything a browser may keep beside cookies: two storages, databases, caches; empty is `[0, 0, [], []]`."""
    found: list[object] = page.evaluate(
        """async () => [localStorage.length, sessionStorage.length,
            (await indexedDB.databases()).map((one) => one.name), await caches.keys()]"""
    )
    return found


def has_script(page: Page) -> bool:
    """Whether htmx runs in this page."""
    return bool(page.evaluate("Boolean(window.htmx)"))


def fill_place(page: Page) -> None:
    """Have town, district and state filled in from the PIN: by leaving the field, or by the button."""
    if has_script(page):
        page.press("#pin", "Tab")
    else:
        page.click("button[name=fill]")
    expect(page.locator("#state")).not_to_have_value("")
