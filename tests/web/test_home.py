"""Home: the newest goods for everybody, light, without script, with as many queries for one card as for a page of them."""

import pytest
from flask.testing import FlaskClient

from tests.goods import listed, sign_in
from tests.visitor import Visitor


@pytest.fixture
def stranger(client: FlaskClient) -> Visitor:
    return Visitor(client)


def shown(page: object) -> list[str]:
    return [link.text for link in page.tree.xpath("//*[@id='goods']//a[@class='cover']")]  # type: ignore[attr-defined]


def test_nothing_listed_yet_says_so_and_how_to_begin(stranger: Visitor) -> None:
    page = stranger.get("/")
    assert "Nothing is listed yet" in page.words("main")
    assert page.tree.xpath("//main//a[@href='/listings/new']")


def test_the_newest_goods_stand_first(stranger: Visitor, client: FlaskClient) -> None:
    listed(client, title="First of the goods"), listed(client, title="Second of the goods")
    assert shown(stranger.get("/")) == ["Second of the goods", "First of the goods"]


@pytest.mark.criterion("T1")
def test_more_goods_come_by_a_link_or_into_the_list(stranger: Visitor, client: FlaskClient) -> None:
    for number in range(26):
        listed(client, title=f"Goods number {number}")
    first = stranger.get("/")
    more = first.tree.xpath("//a[@rel='next']")[0].get("href")
    assert len(shown(first)) == 24
    assert shown(stranger.get(more)) == ["Goods number 1", "Goods number 0"]
    part = stranger.live(more, "goods").text
    assert part.lstrip().startswith("<li>") and part.count("<li>") == 2 and "<html" not in part
    assert "<use" not in part and part.count("<path") == 2, "the block prints come with the part"


def test_every_kind_of_goods_is_a_link(stranger: Visitor, client: FlaskClient) -> None:
    listed(client, title="Brass lamp", category="brassware"), listed(client, title="Cotton dupatta")
    assert shown(stranger.get("/").link("Metalware")) == ["Brass lamp"]


@pytest.mark.parametrize("before", ["0", "-1", "x", "9" * 30, "", "1e5", "१"])
def test_any_place_in_the_list_can_be_asked_for(stranger: Visitor, before: str) -> None:
    assert stranger.get(f"/?before={before}").status == 200


@pytest.mark.criterion("T3")
def test_data_saver_sends_no_picture(client: FlaskClient) -> None:
    listed(client)
    page = Visitor(client, {"Save-Data": "on"}).get("/")
    assert not page.tree.xpath("//img | //source | //script")
    assert "No photos are fetched" in page.words("main")


def test_a_stranger_gets_a_page_in_two_queries(stranger: Visitor, client: FlaskClient, statements: list[str]) -> None:
    listed(client)
    counts = []
    for _ in range(2):
        statements.clear()
        client.get("/")
        counts.append(len(statements))
        for number in range(12):
            listed(client, title=f"Goods number {number}")
    assert counts[0] == counts[1] <= 2


def test_a_member_gets_a_page_in_four_queries(client: FlaskClient, statements: list[str]) -> None:
    listed(client)
    sign_in(client, "bina")
    statements.clear()
    assert client.get("/").status_code == 200
    assert len(statements) <= 4


def test_reading_writes_nothing(stranger: Visitor, client: FlaskClient, statements: list[str]) -> None:
    listing_id = listed(client)
    sign_in(client, "bina")
    statements.clear()
    for path in ("/", "/listings?q=cotton", f"/listings/{listing_id}", "/listings/new", "/my/listings"):
        stranger.get(path)
    assert not [text for text in statements if text.lstrip().upper().startswith(("INSERT", "UPDATE", "DELETE"))]
