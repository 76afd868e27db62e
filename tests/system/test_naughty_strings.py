"""Strings that break programs, through every field and every address: nothing fails, nothing runs, nothing typed is lost.

Every string goes through every rule that reads a field. In front of the site each form and page takes every tenth of
them, each another tenth, so that each string is sent through a form and a page, and each field gets more than fifty.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any
from urllib.parse import quote

import lxml.html
import pytest
from flask import Flask

from intrakraft.db import Database
from intrakraft.domain import listings, money, places
from intrakraft.domain.accounts import codes, corrections, passwords, profile, registering, second_factors, signing_in
from intrakraft.domain.accounts.registering import Registration
from intrakraft.domain.accounts.second_factors import Site
from intrakraft.domain.errors import DomainError
from intrakraft.web.access import local_path
from intrakraft.web.choices import parse
from intrakraft.web.forms import clean_text
from intrakraft.web.links import user_text
from tests.makers import Person
from tests.people import Visit
from tests.visitor import FETCH, Visitor

pytestmark = [pytest.mark.long, pytest.mark.promise("P-126"), pytest.mark.settings(throttle=False)]

ACTIVE = "//script | //iframe | //object | //embed | //img | //svg | //style | //link | //base | //meta"
EACH = 10


@pytest.fixture(scope="session")
def strings(shared_data: Path) -> list[str]:
    """All of them, as a browser can send them."""
    found = json.loads((shared_data / "strings" / "blns.json").read_text())
    return [text.encode("utf-8", "replace").decode() for text in found]


def active(tree: Any) -> Counter[str]:
    """What a page makes a browser do."""
    found = Counter(str(one.tag) for one in tree.xpath(ACTIVE))
    found["handlers"] = len(tree.xpath("//@*[starts-with(name(), 'on')] | //@style | //@srcdoc"))
    led = ["".join(address.split()).casefold() for address in tree.xpath("//@href | //@action | //@formaction")]
    found["addresses"] = sum(address.startswith(("javascript:", "data:", "vbscript:")) for address in led)
    return found


def clean(text: str) -> list[str]:
    """The words of a text as it is kept."""
    return (clean_text(text) or "").split()


# -- every rule that reads what people type --


def test_every_rule_reads_every_string_or_refuses_it_in_words(
    app: Flask, database: Database, asha: Person, strings: list[str]
) -> None:
    with app.test_request_context("/"):
        session = database.session
        account = asha.account(session)
        rules: dict[str, Callable[[str], object]] = {
            "registration": lambda text: registering.checked(session, registered(text)),
            "address": lambda text: corrections.checked_place_and_phone(pin=text, state=text, phone=text),
            "offer": lambda text: listings.read(dict.fromkeys(listings.FIELDS, text)),
            "contact": listings.contact_in,
            "search": lambda text: listings.find(session, text),
            "name": lambda text: signing_in.find_account(session, text),
            "profile": lambda text: profile.find_visible(session, text, None),
            "circle": lambda text: profile.choose(session, account, dict.fromkeys(profile.FIELDS, text)),
            "code": codes.digits_of,
            "paper code": lambda text: second_factors.check_recovery_code(session, asha.id, text),
            "passkey": lambda text: second_factors.check_passkey(session, asha.id, text, Site("a", "http://a")),
            "price": money.paise_of,
            "pin": places.normalise_pin,
            "state": places.state_called,
            "onward": local_path,
            "choices": parse,
        }
        for text in strings:
            for name, rule in rules.items():
                try:
                    rule(text)
                except DomainError as refusal:
                    assert refusal.status < 500 and str(refusal), (name, text)


def registered(text: str) -> Registration:
    """A registration with this in every field."""
    return Registration(
        **{field.name: text for field in fields(Registration) if field.name not in ("kind", "language")}
    )


def test_what_people_write_is_text_whatever_it_holds(app: Flask, strings: list[str]) -> None:
    with app.test_request_context("/"):
        for text in strings:
            tree = lxml.html.fromstring(f"<div>{user_text(text)}</div>")
            assert not tree.xpath(ACTIVE) and not tree.xpath("//b | //i | //a[not(starts-with(@href, '/'))]"), text
            assert not active(tree)["handlers"] and not active(tree)["addresses"], text


def test_passwords_of_any_letters_are_hashed_whole_or_refused(strings: list[str]) -> None:
    for text in strings[::80]:
        try:
            passwords.check_choice(text, ("asha",))
        except DomainError:
            continue
        assert passwords.verify_password(passwords.hash_password(text), text)


# -- every form --


@dataclass
class Sent:
    """One form of a page, sent again and again."""

    visitor: Visitor
    path: str
    action: str

    def take(self, strings: list[str]) -> None:
        """Put each string into every field but passwords, at once; what is refused comes back as it was typed."""
        page = self.visitor.get(self.path)
        form = page.form(self.action).element
        secret = {"csrf_token", "fill", *form.xpath(".//input[@type='password']/@name")}
        names = sorted({str(name) for name in form.xpath(".//*/@name")} - secret)
        plain, values = active(page.tree), page.form(self.action).values()
        for text in strings:
            sent = {**values, **dict.fromkeys(names, text)}
            answer = self.visitor.client.post(form.get("action"), data=sent, headers=FETCH)
            assert answer.status_code in (303, 409, 422), (self.action, text, answer.status_code)
            if answer.status_code == 422:
                self.review(lxml.html.fromstring(answer.text), plain, text)

    def review(self, tree: Any, plain: Counter[str], text: str) -> None:
        """The page that came back holds the string as text, and nothing more active than before."""
        assert not active(tree) - plain - Counter(svg=50), (self.action, text)
        typed = tree.xpath("//main//input[@type='text' or @type='email' or @type='tel']")
        for one in typed:
            assert clean(one.get("value") or "") == clean(text), (self.action, one.get("name"), text)
        for area in tree.xpath("//main//textarea"):
            assert clean(area.text or "") == clean(text), (self.action, area.get("name"), text)


@pytest.fixture
def forms(visit: Visit, asha: Person, bina: Person, dupatta: int) -> list[Sent]:
    """Every form that takes text, apart from that of a listing, which has a test of its own."""
    stranger, seller, buyer = visit(), visit(asha), visit(bina)
    return [
        Sent(stranger, "/sign-in", "/sign-in"),
        Sent(stranger, "/registration/new", "/registration"),
        Sent(stranger, "/password-reset", "/password-reset"),
        Sent(stranger, "/support/child-reports/new", "/support/child-reports"),
        Sent(stranger, "/", "/choices/language"),
        Sent(buyer, f"/listings/{dupatta}", "/interests"),
        Sent(seller, "/account/profile", "/account/profile"),
        Sent(seller, "/account/contact", "/account/contact"),
        Sent(seller, "/account/email", "/account/email"),
        Sent(seller, "/account/security/passkeys", "/account/security/passkeys"),
    ]


def test_every_form_takes_them_and_gives_them_back(forms: list[Sent], strings: list[str]) -> None:
    for number, form in enumerate(forms):
        form.take(strings[number % EACH :: EACH])


# -- every address --

QUERIES = (
    "q",
    "category",
    "state",
    "before",
    "next",
    "message",
    "username",
    "pin",
    "city",
    "way",
    "after",
    "u",
    "lang",
    "fresh",
)
ASKED = (
    "/",
    "/listings",
    "/listings/1",
    "/sign-in",
    "/registration/new",
    "/policy",
    "/out",
    "/support/child-reports/new",
)
OWN = ("/interests", "/interests/sent", "/privacy/who-saw", "/notices", "/my/listings", "/verification", "/welcome")
NAMED = ("/people/", "/photos/", "/policy/versions/", "/password-reset/link/", "/gallery/taken/", "/listings/")


def test_every_query_is_read_or_passed_over(
    visit: Visit, asha: Person, bina: Person, dupatta: int, strings: list[str]
) -> None:
    viewers = {path: visit() for path in ASKED} | {path: visit(bina) for path in OWN}
    for number, (path, visitor) in enumerate(viewers.items()):
        plain = active(visitor.get(path).tree)
        for text in strings[number % EACH :: EACH]:
            answer = visitor.client.get(path, query_string=dict.fromkeys(QUERIES, text))
            assert answer.status_code in (200, 400), (path, text)
            assert not active(lxml.html.fromstring(answer.text)) - plain - Counter(svg=50), (path, text)


def test_every_name_in_an_address_is_found_or_not_there(visit: Visit, dupatta: int, strings: list[str]) -> None:
    client = visit().client
    for number, start in enumerate(NAMED):
        for text in strings[number % EACH :: EACH]:
            answer = client.get(start + quote(text, safe=""))
            assert answer.status_code in (200, 303, 308, 404, 405, 409), (start, text)
            if answer.mimetype == "text/html" and start != "/gallery/taken/":
                assert not active(lxml.html.fromstring(answer.text or "<p>"))["handlers"], (start, text)


@pytest.mark.promise("P-097")
def test_pages_stay_valid_whatever_stands_in_their_address(visit: Visit, dupatta: int, strings: list[str]) -> None:
    visitor = visit()
    for number, text in enumerate(strings[::25]):
        path = ("/listings", "/sign-in", f"/listings/{dupatta}", "/registration/new")[number % 4]
        visitor.get(path + "?" + "&".join(f"{name}={quote(text, safe='')}" for name in QUERIES))
