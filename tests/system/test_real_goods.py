"""The first deal on real goods: put up with real photographs and names in thirteen languages, found, asked about, seen."""

from __future__ import annotations

import csv
import io
from collections import Counter
from itertools import cycle
from pathlib import Path
from urllib.parse import quote

import pytest
from PIL import Image

from intrakraft.db import Database
from intrakraft.domain import interests
from intrakraft.domain.folding import words_of
from tests.makers import Person, make_person
from tests.people import Visit
from tests.system.test_addresses import addresses
from tests.visitor import FETCH, Visitor
from tests.web.test_interests import sent

LANGUAGES = ("en", "hi", "mr", "ta", "te", "bn", "gu", "kn", "ml", "pa", "or", "as", "ur")
PHOTOS = ("sylius_mugs.jpg", "saleor-cushion-blue.png", "bagisto_59_1.webp", "kari-shea-398668-unsplash.jpg")


def named(folder: Path) -> list[tuple[str, str]]:
    """A name of goods in each language, each of other goods: (language, name)."""
    with (folder / "lang" / "goods_names_13_languages.csv").open() as file:
        rows = iter([row for row in csv.DictReader(file) if row["subgroup"] in ("clothing", "tool", "household")])
    found = []
    for language in LANGUAGES:
        name = ""
        while sum(map(len, words_of(name))) < 3:
            name = next(rows)[f"{language}_name"]
        found.append((language, name))
    return found


def described(folder: Path) -> list[str]:
    """Descriptions as shops wrote them."""
    with (folder / "products" / "bagisto_products.csv").open(encoding="utf-8-sig") as file:
        return [row["description"] for row in csv.DictReader(file) if row["description"]]


def put_up(visitor: Visitor, title: str, about: str, photo: Path | None) -> int:
    """Put goods up through the form; the listing's id."""
    form = visitor.get("/listings/new?fresh=1").form("/draft")
    typed = {"title": title, "description": about, "category": "dupattas-stoles", "price": "1,234.50", "unit": "each"}
    sent = {**form.values(), **typed, "pin": "682001"}
    if photo is not None:
        sent["photos"] = (io.BytesIO(photo.read_bytes()), photo.name)
    answer = visitor.client.post("/listings/new/publication", data=sent, headers=FETCH)
    assert answer.status_code == 303, (title, answer.text[-2000:])
    return int(answer.location.rpartition("/")[2])


@pytest.fixture
def listers(database: Database, shared_data: Path) -> list[Person]:
    """Three shops at addresses as people write them."""
    typed = addresses(shared_data, 60)[::20]
    return [
        make_person(database, name, street=" ".join(address["street"].split()), pin=address["pin"])
        for name, address in zip(("asha", "esha", "farah"), typed, strict=True)
    ]


@pytest.mark.long
@pytest.mark.criterion("C1")
@pytest.mark.promise("P-096", "P-097", "P-099")
@pytest.mark.settings(interest_minute_limit=20)
def test_goods_in_thirteen_languages_are_found_asked_about_and_seen_in_the_ledger(
    visit: Visit, listers: list[Person], bina: Person, charu: Person, database: Database, shared_data: Path
) -> None:
    photos = [*(shared_data / "media" / "photos" / name for name in PHOTOS), *[None] * 9]
    shops = cycle([(lister, visit(lister)) for lister in listers])
    goods: dict[int, Person] = {}
    looked_for = {}
    for (language, name), about, photo in zip(named(shared_data), described(shared_data)[:13], photos, strict=True):
        lister, visitor = next(shops)
        listing_id = put_up(visitor, name, about, photo)
        goods[listing_id], looked_for[listing_id] = lister, (language, name)
    stranger = visit()
    for listing_id, (language, name) in looked_for.items():
        for word in words_of(name):
            found = stranger.get(f"/listings?q={quote(word)}").tree.xpath("//main//h3/a/@href | //main//a/@href")
            assert f"/listings/{listing_id}" in found, (language, word)
    buyers = {bina: visit(bina), charu: visit(charu)}
    for number, (listing_id, lister) in enumerate(goods.items()):
        for buyer in list(buyers)[: 1 + number % 2]:
            page = sent(buyers[buyer], listing_id, message=f"{number}?").get(f"/listings/{listing_id}")
            assert lister.email in page.text and lister.street in page.words("interest")
            others = [person for person in listers if person is not lister]
            assert not any(other.email in page.text for other in others)
    asked = Counter(lister.username for number, lister in enumerate(goods.values()) for _ in range(1 + number % 2))
    for lister in listers:
        with database.apart() as session:
            lines = interests.who_saw(session, lister.account(session), limit=100)
        assert len(lines) == asked[lister.username] and {goods[line.listing_id] for line in lines} == {lister}
        assert all(line.username in ("bina", "charu") and line.is_open for line in lines)


@pytest.mark.long
@pytest.mark.promise("P-016")
@pytest.mark.criterion("T3")
def test_photographs_are_shown_small_and_without_where_they_were_taken(
    visit: Visit, asha: Person, shared_data: Path
) -> None:

    visitor = visit(asha)
    listing_id = put_up(visitor, "Cotton with its place", "x", shared_data / "media" / "metadata" / "DSCN0010.jpg")
    page = visitor.get(f"/listings/{listing_id}")
    served = set(page.tree.xpath("//main//img/@src | //main//source/@srcset"))
    addresses = {one.split()[0] for src in served for one in src.split(",")}
    assert len(addresses) >= 3
    for address in addresses:
        data = visitor.client.get(address).data
        image = Image.open(io.BytesIO(data))
        assert not image.getexif() and b"GPS" not in data and b"NIKON" not in data.upper(), address
        assert len(data) < 200_000 and max(image.size) <= 960, address
