"""A visitor: a browser without a screen that reviews every answer it gets and proves that both ways of sending agree.

Each page must be valid HTML with one h1, single ids, labelled fields, guarded forms, no inline script or style, nothing
from elsewhere and no cookie for strangers. Each form is sent twice from the same start, plain and by htmx.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urljoin, urlsplit

import brotli
import html5lib
import lxml.html
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from intrakraft.domain.labels import COOKIES
from intrakraft.web.state import of
from tests.snapshots import Restorable, take

PAGE_BUDGET = 14_000
HEAVY_BUDGET = 30_000
HEAVY = ("/policy", "/terms", "/gallery", "/outbox", "/privacy/data-map")
FETCH = {"Sec-Fetch-Site": "same-origin"}


def _strict(text: str, whole: bool) -> None:
    parser = html5lib.HTMLParser(strict=True)
    if whole:
        parser.parse(text)
    else:
        parser.parseFragment(text, container="div")


@dataclass
class Page:
    """One answer, parsed."""

    visitor: Visitor
    response: TestResponse
    path: str
    tree: Any = field(init=False)

    def __post_init__(self) -> None:
        self.text = self.response.get_data(as_text=True)
        self.status = self.response.status_code
        self.tree = lxml.html.fromstring(self.text) if self.text.strip() else lxml.html.fromstring("<p></p>")

    def part(self, name: str) -> Any:
        """The element with this id."""
        found = self.tree.xpath(f'//*[@id="{name}"]')
        assert len(found) == 1, f"{len(found)} elements #{name} on {self.path}"
        return found[0]

    def words(self, name: str | None = None) -> str:
        """What a person reads, of the page or of one part."""
        element = self.part(name) if name else self.tree
        return " ".join(element.text_content().split())

    def form(self, where: str = "") -> SentForm:
        """The form inside the element with that id, or the one whose action ends so; the only one if none is named."""
        forms = self.tree.xpath(f'//*[@id="{where}"]//form | //form[@id="{where}"]') if where else []
        forms = forms or [f for f in self.tree.forms if where and urlsplit(f.action or "").path.endswith(where)]
        if not where:
            forms = self.tree.xpath("//main//form")
        assert forms, f"no form {where!r} on {self.path}: {[f.action for f in self.tree.forms]}"
        return SentForm(self, forms[0])

    def link(self, words: str) -> Page:
        """Follow the link that reads so."""
        found = [a for a in self.tree.xpath("//a[@href]") if words in " ".join(a.text_content().split())]
        assert found, f"no link {words!r} on {self.path}"
        return self.visitor.get(urljoin(self.path, found[0].get("href")))


@dataclass
class SentForm:
    """A form of a page, filled and sent as a browser would."""

    page: Page
    element: Any

    def values(self, **typed: Any) -> dict[str, Any]:
        """What the form would send: its own values, changed by what is typed; None takes a field out."""
        known = set(filter(None, self.element.inputs.keys()))
        unknown = set(typed) - known - {"press"}
        assert not unknown, f"the form has no field {unknown}, only {sorted(known)}"
        own: dict[str, Any] = {}
        for name, value in self.element.form_values():
            own[name] = [*(own[name] if isinstance(own[name], list) else [own[name]]), value] if name in own else value
        sent = own | {k: v for k, v in typed.items() if k != "press"}
        return {name: value for name, value in sent.items() if value is not None}

    def submit(self, both: bool = True, **typed: Any) -> Page:
        """Send it plain; with `both`, first send it by htmx from the same start and hold the outcomes equal."""
        visitor, action = self.page.visitor, urljoin(self.page.path, self.element.get("action") or "")
        values = self.values(**typed)
        if not both or not self.element.get("hx-post"):
            return visitor.post(action, values)
        start = Restorable(visitor.database)
        cookies = visitor.cookies()
        part = (self.element.get("hx-target") or "").lstrip("#")
        live = visitor.send_live(action, values, part)
        after_live = take(visitor.database).comparable()
        start.restore()
        visitor.set_cookies(cookies)
        plain = visitor.post(action, values)
        assert after_live == take(visitor.database).comparable(), f"{action} leaves other rows by htmx than plain"
        _same_outcome(live, plain, part)
        return plain


def _same_outcome(live: TestResponse, plain: Page, part: str) -> None:
    target = live.headers.get("HX-Redirect")
    if target:
        assert urlsplit(target).path == urlsplit(plain.path).path
        return
    retargeted = live.headers.get("HX-Retarget", "").lstrip("#")
    text = live.get_data(as_text=True)
    if retargeted == "refusal":
        assert live.status_code == plain.status, "refused otherwise by htmx than plain"
        assert _told(lxml.html.fromstring(text).text_content()), "a refusal without words"
        return
    if retargeted == "body":
        _strict(text, whole=True)
        assert _heading(lxml.html.fromstring(text)) == _heading(plain.tree), "another page by htmx than plain"
        return
    _strict(text, whole=False)
    ours = _told(lxml.html.fragment_fromstring(text, create_parent="div").text_content())
    theirs = _told(plain.part(retargeted or part).text_content())
    assert ours == theirs, f"the part #{part} is not that of the page"


def _heading(tree: Any) -> str:
    return _told(tree.xpath("//h1")[0].text_content())


def _told(text: str) -> str:
    return re.sub(r"\d+ (seconds?|minutes?)|\d\d:\d\d", "", " ".join(text.split()))


class Visitor:
    """Somebody in front of the site: cookies, language and data saver of their own."""

    def __init__(self, client: FlaskClient, headers: dict[str, str] | None = None) -> None:
        self.client = client
        self.headers = headers or {}
        self.database = of(client.application).database

    def get(self, path: str, **headers: str) -> Page:
        """Open a page, following redirects, and review it."""
        response = self.client.get(path, headers={**self.headers, **headers}, follow_redirects=True)
        return self.review(response)

    def post(self, path: str, values: dict[str, Any]) -> Page:
        """Send a form plain and follow to the page it leads to."""
        response = self.client.post(path, data=values, headers={**self.headers, **FETCH}, follow_redirects=True)
        return self.review(response)

    def send_live(self, path: str, values: dict[str, Any], part: str) -> TestResponse:
        """Send a form as htmx does."""
        live = {"HX-Request": "true", "HX-Target": f"section#{part}", "HX-Request-Type": "partial"}
        copied = {k: _again(v) for k, v in values.items()}
        return self.client.post(path, data=copied, headers={**self.headers, **FETCH, **live})

    def live(self, path: str, part: str) -> TestResponse:
        """Ask for one part of a page as htmx does."""
        asked = {"HX-Request": "true", "HX-Target": f"ul#{part}", "HX-Request-Type": "partial"}
        return self.client.get(path, headers={**self.headers, **asked})

    def cookies(self) -> list[Any]:
        """What the browser keeps."""
        return list(self.client._cookies.items())  # type: ignore[union-attr]

    def set_cookies(self, cookies: list[Any]) -> None:
        """Go back to cookies kept before."""
        self.client._cookies = dict(cookies)

    @property
    def is_signed_in(self) -> bool:
        return any(name[2] == "session" for name, _ in self.cookies())

    def review(self, response: TestResponse) -> Page:
        """Every promise that any page of ours makes."""
        path = response.request.full_path.rstrip("?") if response.request else "/"
        page = Page(self, response, path)
        assert page.status < 500, f"{path} fails with {page.status}"
        if response.mimetype == "text/html":
            review_html(page)
        for name in (
            header.partition("=")[0].removeprefix("__Host-") for header in response.headers.getlist("Set-Cookie")
        ):
            assert name in COOKIES, f"{path} sets the cookie {name}"
        return page


def review_html(page: Page) -> None:
    """Valid, readable, guarded, light, and alone."""
    _strict(page.text, whole=True)
    tree, path = page.tree, page.path
    assert len(tree.xpath("//h1")) == 1, f"{len(tree.xpath('//h1'))} h1 on {path}"
    ids = tree.xpath("//@id")
    assert len(ids) == len(set(ids)), f"ids twice on {path}: {[i for i in set(ids) if ids.count(i) > 1]}"
    assert tree.get("lang"), f"no language on {path}"
    for control in tree.xpath("//input[not(@type='hidden')] | //select | //textarea"):
        named = control.get("aria-label") or control.get("aria-labelledby") or control.xpath("ancestor::label")
        assert named or tree.xpath(f'//label[@for="{control.get("id")}"]'), (
            f"{control.get('name')} has no label on {path}"
        )
    for form in tree.forms:
        assert form.get("method") and form.get("action"), f"a form without method or action on {path}"
        if form.get("method").lower() == "post":
            assert form.xpath('.//input[@name="csrf_token"]'), f"{form.get('action')} has no token on {path}"
    assert not tree.xpath("//script[not(@src)] | //style | //@style | //@*[starts-with(name(), 'on')]"), (
        f"inline on {path}"
    )
    for address in tree.xpath("//script/@src | //link[@rel='stylesheet']/@href | //img/@src | //source/@srcset"):
        assert address.startswith("/"), f"{address} on {path} comes from elsewhere"
    for target in tree.xpath("//@hx-target"):
        assert target == "this" or target.lstrip("#") in ids, f"hx-target {target} names nothing on {path}"
    budget = HEAVY_BUDGET if path.startswith(HEAVY) else PAGE_BUDGET
    packed = len(brotli.compress(page.text.encode(), quality=5))
    assert packed <= budget, f"{path} is {packed} bytes on the wire, over {budget}"


def _again(value: Any) -> Any:
    if isinstance(value, tuple) and hasattr(value[0], "seek"):
        content = value[0].getvalue()
        return (type(value[0])(content), *value[1:])
    if isinstance(value, list):
        return [_again(one) for one in value]
    return value
