"""A crawl of everything that can be fetched: nobody finds a contact that was not opened to them, and nobody is written down.

It follows every link, source and part from every address that the house has, as each kind of person.
"""

from __future__ import annotations

import html
import itertools
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import unquote, urljoin, urlsplit

import brotli
import lxml.html
import pytest
from flask import Flask
from PIL import Image
from werkzeug.test import TestResponse

from intrakraft.adapters import metrics
from intrakraft.adapters.seclog import SecurityLog
from intrakraft.config import Settings
from intrakraft.domain.base import Model
from intrakraft.domain.labels import labelled
from intrakraft.web.state import of
from tests.goods import picture
from tests.makers import Person, make_listing, make_person
from tests.people import Visit
from tests.snapshots import take
from tests.visitor import FETCH, Page, Visitor
from tests.web.test_interests import sent

ADDRESS = "203.0.113.77"
MOST = 400
MOST_QUERIES = 2


@dataclass
class Crawl:
    """Everything one visitor can fetch: by address, and by address and part."""

    visitor: Visitor
    found: dict[str, TestResponse] = field(default_factory=dict)
    asked: Counter[str] = field(default_factory=Counter)

    def everything(self, seeds: list[str]) -> Crawl:
        """Follow what there is, from these addresses on."""
        waiting = list(seeds)
        while waiting:
            path = waiting.pop()
            if path in self.found or self.asked[(bare := path.partition("?")[0])] >= MOST_QUERIES:
                continue
            self.asked[bare] += "?" in path
            assert len(self.found) < MOST, "the crawl does not end"
            response = self.visitor.client.get(path)
            assert response.status_code < 500, f"{path} fails"
            self.found[path] = response
            if response.status_code in (301, 302, 303, 307, 308):
                waiting += self.own(path, [response.location])
            elif response.mimetype == "text/html":
                page = Page(self.visitor, response, path)
                waiting += self.own(path, addresses(page))
                self.parts(path, page)
        return self

    def own(self, base: str, links: list[str]) -> list[str]:
        """Those of the links that stay here."""
        parts = [urlsplit(urljoin(f"http://localhost{base}", link)) for link in links]
        own = [one for one in parts if one.scheme == "http" and one.netloc == "localhost"]
        return [one.path + (f"?{one.query}" if one.query else "") for one in own]

    def parts(self, path: str, page: Page) -> None:
        """Each part that htmx might ask this page for."""
        for part in {target.lstrip("#") for target in page.tree.xpath("//@hx-target | //section/@id[.='interest']")}:
            self.found[f"{path} #{part}"] = self.visitor.live(path, part)


def addresses(page: Page) -> list[str]:
    """Whatever a page names: links, pictures in all their widths, forms that only ask."""
    named = page.tree.xpath("//@href | //@src | //form[@method='get']/@action | //@hx-get")
    for choices in page.tree.xpath("//@srcset"):
        named += [one.split()[0] for one in choices.split(",")]
    return [str(name) for name in named]


def seeds(app: Flask, people: list[Person], listings: list[int]) -> list[str]:
    """An address for every page of the house, and for some that it does not have."""
    values = {
        "listing_id": listings,
        "disclosure_id": [1, 2, 3],
        "username": [person.username for person in people],
        "version": ["1"],
        "lang": ["en"],
        "pieces": ["1"],
    }
    found = [
        "/sitemap.xml",
        "/feed",
        "/feed.xml",
        "/listings.json",
        "/listings/1.json",
        "/api",
        "/favicon.ico",
        "/contact",
    ]
    for rule in app.url_map.iter_rules():
        if "GET" in rule.methods and rule.arguments <= values.keys():
            found += _filled(rule.rule, {name: values[name] for name in rule.arguments})
    return found


def _filled(rule: str, values: dict[str, list]) -> Iterator[str]:
    paths = [rule]
    for name, choices in values.items():
        paths = [re.sub(rf"<(?:\w+:)?{name}>", str(choice), path) for path in paths for choice in choices]
    return paths


def leaks(response: TestResponse, secrets: tuple[str, ...], phone: str) -> list[str]:
    """Which secrets stand anywhere in an answer, however they are written."""
    raw = response.data.decode("utf-8", "replace") + "\n".join(f"{k}: {v}" for k, v in response.headers)
    text = html.unescape(unquote(raw)).casefold()
    digits = r"[\s().\-–\u00a0]*".join([c for c in phone if c.isdigit()][-10:])
    return [secret for secret in secrets if secret.casefold() in text] + re.findall(digits, text)


@dataclass
class Market:
    """Two listings of Asha's with photos, one that Bina asked about, and people who look on."""

    asha: Person
    bina: Person
    asked: int
    other: int
    seeds: list[str]
    viewers: dict[str, Visitor]

    def found_by(self, name: str) -> dict[str, TestResponse]:
        """Everything this viewer can fetch."""
        found = Crawl(self.viewers[name]).everything(self.seeds).found
        assert len(found) > 60 and sum("/photos/" in path for path in found) > 10, "the crawl saw too little"
        return found

    def fetched_by(self, name: str) -> dict[str, TestResponse]:
        """Every page this viewer can name, without following any further."""
        return {path: self.viewers[name].client.get(path) for path in self.seeds}

    def where(self, found: dict[str, TestResponse]) -> set[str]:
        """Where in it anything of Asha's contact stands."""
        secrets = (self.asha.email, self.asha.name, self.asha.street)
        return {path for path, response in found.items() if leaks(response, secrets, self.asha.phone)}


@pytest.fixture
def market(app: Flask, visit: Visit, asha: Person, bina: Person, charu: Person) -> Market:
    """The people and goods of the crawl."""
    database = of(app).database
    esha = make_person(database, "esha")
    goods = [make_listing(database, asha, title=f"Cotton dupatta {number}") for number in range(2)]
    hers = make_listing(database, charu, title="Brass lamp")
    exif = Image.Exif()
    exif[0x010E], exif[0x013B] = f"{asha.name} {asha.phone}", asha.email
    seller = visit(asha)
    for listing_id in goods:
        token = seller.get("/account").form("choices").values()["csrf_token"]
        file = (picture(exif=exif.tobytes()), f"{asha.email}.jpg")
        answer = seller.client.post(
            f"/listings/{listing_id}/photos", data={"csrf_token": token, "photos": file}, headers=FETCH
        )
        assert answer.status_code == 303
        seller.post(f"/listings/{listing_id}/publication", {"csrf_token": token})
    viewers = {
        "stranger": visit(),
        "charu": visit(charu),
        "other interested": sent(visit(esha), hers),
        "bina": sent(visit(bina), goods[0]),
        "signed out": visit(bina),
    }
    page = viewers["signed out"].get(f"/listings/{goods[0]}")
    viewers["signed out"].post("/sign-out", {"csrf_token": page.form("choices").values()["csrf_token"]})
    return Market(asha, bina, *goods, seeds(app, [asha, bina, charu], [*goods, hers]), viewers)


# -- the contact --


@pytest.mark.criterion("C4", "T5")
@pytest.mark.promise("P-097", "P-016", "P-004", "P-007", "P-010", "P-151")
def test_nobody_but_bina_finds_the_contact_and_every_page_keeps_what_all_pages_promise(market: Market) -> None:
    assert market.where(market.fetched_by("signed out")) == set()
    for name in ("stranger", "charu", "other interested"):
        found = market.found_by(name)
        assert market.where(found) == set(), name
        if name == "stranger":
            review(market, name, found)
    found = market.found_by("bina")
    assert {path.partition(" #")[0] for path in market.where(found)} == {f"/listings/{market.asked}"}
    review(market, "bina", found)


def review(market: Market, name: str, found: dict[str, TestResponse]) -> None:
    """Each page links the policy, can be read aloud, and no address that leads out says who was there."""
    for path, response in found.items():
        if response.mimetype != "text/html" or " #" in path or response.location:
            continue
        page = market.viewers[name].review(response)
        assert page.tree.xpath("//footer//a[@href='/policy']"), f"{path} does not link the policy"
        assert 'rel="privacy-policy"' in page.response.headers["Link"], path
        assert not silent(page), f"{path}: {silent(page)}"
        for address in page.tree.xpath("//a[starts-with(@href, 'http')]/@href"):
            told = unquote(address)
            assert not any(word in told for word in (*market.asha.secrets, "@", "asha", "bina", "token")), path


def silent(page: Page) -> list[str]:
    """What somebody who cannot see this page would miss."""
    tree = page.tree
    pressed = tree.xpath("//a[@href] | //button[not(@hidden)]")
    without = [one for one in pressed if not (one.text_content().strip() or one.get("aria-label"))]
    pictures = tree.xpath(
        "//img[not(@alt)] | //svg[not(@aria-hidden) and not(@role='img' and (@aria-label or @aria-labelledby))]"
    )
    levels = [int(one.tag[1]) for one in tree.xpath("//h1 | //h2 | //h3 | //h4")]
    jumps = [f"h{level}" for before, level in itertools.pairwise(levels) if level > before + 1]
    skip = (
        [] if tree.xpath("//a[@class='skip' and @href='#main']") and tree.xpath("//main[@id='main']") else ["no skip"]
    )
    return [lxml.html.tostring(one, encoding="unicode")[:120] for one in (*without, *pictures)] + jumps + skip


def test_the_crawl_finds_what_is_hidden_in_any_spelling(client) -> None:
    hidden = (
        "+91 90000-00063", "(90000) 00063", "9000000063", "90 00 00 00 63", "+91&nbsp;90000&nbsp;00063", "%2B919000000063"
    )  # fmt: skip
    response = client.get("/healthz")
    for text in (*hidden, "ASHA@mail63.example.in", "asha%40mail63.example.in", "asha&#64;mail63.example.in"):
        response.data = f"<p>{text}</p>".encode()
        assert leaks(response, ("asha@mail63.example.in",), "+91 90000 00063"), text
    response.data = b"nothing"
    response.headers["X-Lister"] = "asha@mail63.example.in"
    assert leaks(response, ("asha@mail63.example.in",), "+91 90000 00063")


@pytest.mark.criterion("T2")
def test_the_first_view_is_light_and_the_next_one_lighter(visit: Visit, dupatta: int) -> None:
    visitor = visit()
    page = visitor.get("/")
    files = page.tree.xpath("//script/@src | //link[@rel='stylesheet' or @rel='icon']/@href")
    first = [page.response.data, *(visitor.client.get(path).data for path in files)]
    assert sum(len(brotli.compress(part)) for part in first) <= 30_000
    for path in (f"/listings/{dupatta}", "/listings", "/sign-in"):
        assert len(brotli.compress(visitor.get(path).response.data)) <= 8_000, path
    assert not re.search(rb"url\([^)]*\.(woff|ttf|otf)|@font-face", b"".join(first))


# -- nobody is written down --


def rows(app: Flask) -> dict[str, object]:
    """Every table that holds anything personal."""
    named = {column.table.name for column, _ in labelled(Model.metadata)}
    return {name: kept for name, kept in take(of(app).database).comparable().items() if name in named}


@pytest.mark.criterion("T1")
@pytest.mark.promise("P-011", "P-032")
def test_a_hundred_views_of_a_stranger_leave_no_row_and_no_address_in_the_log(
    app: Flask, market: Market, capfd: pytest.CaptureFixture[str]
) -> None:
    client = app.test_client()
    before = rows(app)
    capfd.readouterr()
    paths = [f"/listings?q=word{number}" for number in range(40)] + [f"/people/nobody{number}" for number in range(20)]
    paths += ["/", "/policy", "/support", "/sign-in", "/registration/new", *(f"/listings/{n}?x={n}" for n in range(40))]
    for path in paths:
        answer = client.get(path, environ_base={"REMOTE_ADDR": ADDRESS}, headers={"User-Agent": "Canary/7.1 (Phone 9)"})
        assert answer.status_code in (200, 404) and "Set-Cookie" not in answer.headers, path
    log = capfd.readouterr().err
    assert len(paths) > 100 and rows(app) == before
    assert log.count('"event": "request"') >= 100
    for never in (ADDRESS, "203.0.113", "Canary", "nobody7", "word7", "Phone 9"):
        assert never not in log


def everywhere(app: Flask, settings: Settings) -> Iterator[tuple[str, bytes]]:
    """Each place where something might be kept: tables, files, the limiter, kept pages, counters."""
    for table, kept in take(of(app).database).rows.items():
        yield (
            f"table {table}",
            repr([{k: bytes(v) if isinstance(v, memoryview) else v for k, v in row.items()} for row in kept]).encode(),
        )
    for path in sorted(Path(settings.instance).rglob("*")):
        if path.is_file():
            yield f"file {path.relative_to(settings.instance)}", path.read_bytes()
    yield (
        "limiter",
        repr(vars(of(app).limiter)).encode() + repr([vars(one) for one in _inside(of(app).limiter)]).encode(),
    )
    yield "kept pages", repr(app.wsgi_app.shelf).encode()  # type: ignore[attr-defined]
    yield "counters", metrics.exposition({}).encode()


def _inside(limiter: object) -> list[object]:
    storages = [value for value in vars(limiter).values() if hasattr(value, "__dict__")]
    return storages + [inner for one in storages for inner in vars(one).values() if hasattr(inner, "__dict__")]


@pytest.mark.promise("P-034", "P-011")
def test_the_address_of_a_journey_stands_in_the_sealed_log_alone(
    app: Flask,
    settings: Settings,
    visit: Visit,
    bina: Person,
    charu: Person,
    dupatta: int,
    capfd: pytest.CaptureFixture[str],
) -> None:
    addresses = (ADDRESS, "2001:db8:7:7::7")
    for address, person in zip(addresses, (bina, charu), strict=True):
        visitor = visit(person)
        visitor.client.environ_base["REMOTE_ADDR"] = address
        sent(visitor, dupatta), visitor.get("/account/security"), visitor.get("/nothing")
        stranger = visit()
        stranger.client.environ_base["REMOTE_ADDR"] = address
        form = stranger.get("/sign-in").form("credentials")
        assert form.submit(both=False, name=person.username, password="not this one at all").status == 422
        onward = form.submit(both=False, name=person.username, password=person.password)
        assert onward.path.startswith("/sign-in/second-step")
    log = SecurityLog.from_settings(settings)
    private = (Path(settings.instance) / "keys" / "security-log.private").read_text().strip()
    assert set(addresses) <= {entry.address for entry in log.read(private).entries}
    found = [
        (where, address)
        for where, kept in everywhere(app, settings)
        for address in (*addresses, "203.0.113.", "2001:db8")
        if address.encode() in kept
    ]
    assert found == []
    assert not re.search(r"203\.0\.113|2001:db8", capfd.readouterr().err)


# -- without cookies --


@pytest.mark.promise("P-052", "P-011")
def test_browsing_searching_reading_and_writing_to_us_work_with_cookies_refused(
    app: Flask, market: Market, visit: Visit
) -> None:
    visitor = Visitor(app.test_client(use_cookies=False))
    for path in (
        "/",
        "/listings?q=cotton",
        f"/listings/{market.asked}",
        "/policy",
        "/terms",
        "/support",
        "/people/asha",
    ):
        page = visitor.get(path)
        assert page.status == 200 and "Set-Cookie" not in page.response.headers, path
    page = visitor.get("/support/child-reports/new").form("report")
    page = page.submit(both=False, username="nobody", grounds="Because")
    assert page.status == 200 and page.path.endswith("/received")
    page = visitor.get(f"/listings/{market.asked}").form("interest").submit(both=False, message="Hello")
    assert page.path.startswith("/sign-in") and page.status == 200
