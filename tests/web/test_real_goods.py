"""Real goods through the web: product lists of shops with photographs, and names in thirteen languages, put up and found."""

import csv
import io
from itertools import cycle
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from intrakraft.domain import listings
from intrakraft.domain.folding import words_of
from tests.goods import account, put_up, sign_in
from tests.visitor import FETCH, Visitor
from tests.web.test_drafts import values
from tests.web.test_home import shown


def products(folder: Path) -> list[tuple[str, str, str]]:
    """Name, description and price of every product of the lists that has them."""
    found = []
    for path in sorted((folder / "products").glob("*.csv")):
        with path.open(encoding="utf-8-sig") as file:
            for line in csv.DictReader(file):
                row = {(name or "").strip(): value for name, value in line.items()}
                name = " ".join((row.get("name") or "").split())[:120]
                if name:
                    found.append((name, (row.get("description") or "").strip(), (row.get("price") or "").strip()))
    return found


@pytest.mark.long
@pytest.mark.criterion("T1")
def test_a_shop_puts_up_its_list_with_photographs_and_all_of_it_is_found(
    client: FlaskClient, shared_data: Path
) -> None:
    sign_in(client, "asha")
    visitor = Visitor(client)
    pictures = cycle(sorted((shared_data / "media" / "photos").glob("*_*.webp")))
    goods = products(shared_data)
    assert len(goods) > 20
    for number, (name, description, price) in enumerate(goods):
        page = visitor.get("/listings/new?fresh=1")
        sent = values(page, title=name, description=description, price=price, category="garments")
        if number % 10 == 0:
            sent["photos"] = (io.BytesIO(next(pictures).read_bytes()), "photo.webp")
        answer = client.post("/listings/new/publication", data=sent, headers=FETCH)
        assert answer.status_code == 303, (name, answer.text[-3000:])
    for name, _, _ in goods:
        assert name in shown(visitor.get(f"/listings?q={name.replace('&', '%26').replace('+', '%2B')}")), name


@pytest.mark.long
def test_names_in_thirteen_languages_find_their_goods(session: Session, shared_data: Path) -> None:
    asha = account(session)
    with (shared_data / "lang" / "goods_names_13_languages.csv").open() as file:
        rows = [{k: v for k, v in row.items() if k.endswith("_name") and v} for row in csv.DictReader(file)]
    for row in rows:
        about = "\n".join(row.values())
        row["id"] = str(put_up(session, asha, f"{row['en_name']} goods", description=about).id)
    looked_for = 0
    for row in rows:
        for language in ("en", "hi", "mr", "ta", "te", "bn", "gu", "kn", "ml", "pa", "or", "as", "ur"):
            name = row.get(f"{language}_name", "")
            if words_of(name):
                found = [card.id for card in listings.find(session, name, limit=300).cards]
                assert int(row["id"]) in found, (language, name)
                looked_for += 1
    assert looked_for > 3000
