"""Listings as pages: found, narrowed, read, and taken off by their lister alone."""

import json
from pathlib import Path
from urllib.parse import urlencode

import pytest
from flask import Flask
from flask.testing import FlaskClient

from intrakraft.config import Settings
from intrakraft.domain.accounts import Status
from intrakraft.web.state import of
from tests.goods import listed, sign_in
from tests.visitor import Visitor
from tests.web.test_home import shown


@pytest.fixture
def stranger(client: FlaskClient) -> Visitor:
    return Visitor(client)


@pytest.fixture
def asha(app: Flask) -> Visitor:
    client = app.test_client()
    sign_in(client, "asha")
    return Visitor(client)


@pytest.fixture
def charu(app: Flask) -> Visitor:
    client = app.test_client()
    sign_in(client, "charu")
    return Visitor(client)


# -- finding --


def test_words_kind_and_state_narrow_the_list(stranger: Visitor, client: FlaskClient) -> None:
    listed(client, title="Cotton dupatta"), listed(client, title="Cotton sari", category="saris", pin="682001")
    assert shown(stranger.get("/listings")) == ["Cotton sari", "Cotton dupatta"]
    assert shown(stranger.get("/listings?q=dupattas")) == ["Cotton dupatta"]
    assert shown(stranger.get("/listings?q=cotton&category=saris")) == ["Cotton sari"]
    assert shown(stranger.get("/listings?state=KL")) == ["Cotton sari"]


def test_the_form_narrows_and_keeps_the_words(stranger: Visitor, client: FlaskClient) -> None:
    listed(client, title="Cotton dupatta"), listed(client, title="Cotton sari", category="saris")
    form = stranger.get("/listings?q=cotton&category=cloth").tree.xpath("//nav[@id='filters']//form")[0]
    form.fields["category"] = "saris"
    sent = "&".join(f"{name}={value}" for name, value in form.form_values())
    assert shown(stranger.get(f"/listings?{sent}")) == ["Cotton sari"]


def test_each_filter_in_use_can_be_taken_off(stranger: Visitor, client: FlaskClient) -> None:
    listed(client, title="Cotton dupatta")
    page = stranger.get("/listings?q=cotton&category=cloth&state=KL")
    assert "Cloth and garments" in page.words("main") and "Kerala" in page.words("main")
    off = page.tree.xpath("//a[contains(@aria-label, 'Take off: Kerala')]")[0].get("href")
    assert shown(stranger.get(off)) == ["Cotton dupatta"]
    assert "state" not in off and "category=cloth" in off


def test_nothing_found_shows_the_ways_on(stranger: Visitor, client: FlaskClient) -> None:
    listed(client, title="Cotton dupatta")
    page = stranger.get("/listings?q=cotton&state=KL")
    assert "Nothing like that today" in page.words("main")
    assert shown(page.link("Look in all India")) == ["Cotton dupatta"]
    assert "Nothing like that" in stranger.get("/listings?q=!!!").words("main")


@pytest.mark.criterion("T1")
def test_more_results_keep_what_was_asked(stranger: Visitor, client: FlaskClient) -> None:
    for number in range(25):
        listed(client, title=f"Cotton dupatta {number}")
    more = stranger.get("/listings?q=cotton&category=cloth").tree.xpath("//a[@rel='next']")[0].get("href")
    assert "q=cotton" in more and "category=cloth" in more
    assert shown(stranger.get(more)) == ["Cotton dupatta 0"]


def test_titles_carry_the_language_of_their_script(stranger: Visitor, client: FlaskClient) -> None:
    listing_id = listed(client, title="सूती दुपट्टा, बंधेज", description="பருத்தி")
    assert stranger.get("/listings").tree.xpath("//h3[@lang='hi']")
    page = stranger.get(f"/listings/{listing_id}")
    assert page.tree.xpath("//h1[@lang='hi']") and page.tree.xpath("//main//div[@lang='ta']")


@pytest.mark.long
def test_no_string_in_the_address_is_an_error(stranger: Visitor, client: FlaskClient, shared_data: Path) -> None:
    listed(client)
    for number, text in enumerate(json.loads((shared_data / "strings" / "blns.json").read_text())):
        asked = urlencode(dict.fromkeys(("q", "category", "state", "before"), text), errors="replace")
        open_ = stranger.get if number % 8 == 0 else client.get
        assert open_(f"/listings?{asked}").status in (200, "200 OK"), text


@pytest.mark.parametrize("path", ["/listings?q=cotton&category=cloth&state=RJ", "/listings?q=nothing+at+all"])
def test_a_stranger_searches_in_two_queries(client: FlaskClient, statements: list[str], path: str) -> None:
    for number in range(3):
        listed(client, title=f"Cotton dupatta {number}")
    statements.clear()
    assert client.get(path).status_code == 200
    assert len(statements) <= 2


@pytest.mark.promise("P-033")
def test_what_is_searched_for_reaches_no_disk(stranger: Visitor, client: FlaskClient, settings: Settings) -> None:
    listed(client)
    stranger.get("/listings?q=canary%40example.in+9812345678")
    kept = [path for path in settings.instance.rglob("*") if path.is_file()]
    assert len(kept) > 3
    assert not [path for path in kept if b"canary" in path.read_bytes() or b"9812345678" in path.read_bytes()]


# -- one listing --


def test_a_listing_shows_price_shop_and_town_and_never_the_pin(stranger: Visitor, client: FlaskClient) -> None:
    page = stranger.get(f"/listings/{listed(client)}")
    assert "₹1,150 each" in page.words("main") and "Rangrez Prints" in page.words("main")
    assert "Sanganer, Jaipur, Rajasthan" in page.words("main")
    assert "302029" not in page.text


def test_without_a_price_the_page_says_ask(stranger: Visitor, client: FlaskClient) -> None:
    assert "Ask the price" in stranger.get(f"/listings/{listed(client, price='')}").words("main")


@pytest.mark.promise("P-008")
def test_links_in_a_description_lead_out_marked(stranger: Visitor, client: FlaskClient) -> None:
    page = stranger.get(f"/listings/{listed(client, description='See https://example.org/cloth <b>now</b>')}")
    link = page.tree.xpath("//main//a[contains(text(), 'example.org')]")[0]
    assert set(link.get("rel").split()) >= {"noopener", "noreferrer", "nofollow", "ugc"}
    assert "&lt;b&gt;now" in page.text


def test_a_stranger_reads_a_listing_in_three_queries(client: FlaskClient, statements: list[str]) -> None:
    listing_id = listed(client)
    statements.clear()
    assert client.get(f"/listings/{listing_id}").status_code == 200
    assert len(statements) <= 3


def test_a_member_reads_a_listing_in_six_queries(charu: Visitor, client: FlaskClient, statements: list[str]) -> None:
    listing_id = listed(client)
    statements.clear()
    charu.get(f"/listings/{listing_id}")
    assert len(statements) <= 6


@pytest.mark.parametrize(
    "path", ["/listings/999", "/listings/999999999999999", "/listings/9999999999999999", "/listings/0"]
)
def test_what_is_not_there_is_not_there(stranger: Visitor, path: str) -> None:
    assert stranger.get(path).status == 404


def test_goods_of_a_suspended_person_are_not_there(app: Flask, stranger: Visitor, client: FlaskClient) -> None:
    listing_id = listed(client)
    with of(app).database.apart() as session:
        from intrakraft.domain import accounts

        accounts.find_by_username(session, "asha").status = Status.SUSPENDED  # type: ignore[union-attr]
    assert stranger.get(f"/listings/{listing_id}").status == 404
    assert "Rangrez" not in stranger.get("/listings?q=dupatta").text


# -- taking off and showing again --


def test_the_lister_pauses_closes_and_shows_again(asha: Visitor, stranger: Visitor, client: FlaskClient) -> None:
    listing_id = listed(client)
    asked = asha.get(f"/listings/{listing_id}").link("Pause")
    assert "leaves the lists" in asked.words("confirm")
    assert asked.form("confirm").submit().path == "/my/listings"
    assert "Paused" in stranger.get(f"/listings/{listing_id}").words("main")
    assert stranger.get("/listings").words("main").count("Rangrez") == 0
    asha.get(f"/listings/{listing_id}").form("/reopening").submit()
    asha.get(f"/listings/{listing_id}/closure").form("confirm").submit()
    assert "Closed" in stranger.get(f"/listings/{listing_id}").words("main")


@pytest.mark.parametrize("act", ["closure", "pause", "reopening", "draft", "publication", "photos", "disposal"])
def test_charu_can_do_nothing_to_it(charu: Visitor, asha: Visitor, client: FlaskClient, act: str) -> None:
    listing_id = listed(client)
    answer = charu.post(f"/listings/{listing_id}/{act}", {"csrf_token": token(charu), "title": "Mine now"})
    assert answer.status == 404
    assert "Mine now" not in asha.get(f"/listings/{listing_id}/edit").text
    assert charu.get("/listings").words("main").count("Rangrez Prints, Sanganer") == 1


@pytest.mark.parametrize("act", ["closure", "pause", "edit", "disposal"])
def test_charu_is_not_even_asked(charu: Visitor, asha: Visitor, client: FlaskClient, act: str) -> None:
    listing_id = listed(client)
    assert charu.get(f"/listings/{listing_id}/{act}").status == 404


@pytest.mark.parametrize("path", ["/listings/new", "/listings/1/edit", "/my/listings", "/listings/1/closure"])
def test_signed_out_people_are_sent_to_sign_in(client: FlaskClient, path: str) -> None:
    listed(client)
    answer = client.get(path)
    assert answer.status_code == 303 and "sign-in" in answer.location


def test_my_goods_show_every_state(asha: Visitor, client: FlaskClient) -> None:
    assert "Nothing here yet" in asha.get("/my/listings").words("main")
    listed(client, title="Brass lamp")
    page = asha.get("/my/listings")
    assert "Brass lamp" in page.words("main") and "On show" in page.words("main")


def token(visitor: Visitor) -> str:
    """The token that a form of this person would send."""
    return visitor.get("/listings/new").tree.xpath("//input[@name='csrf_token']")[0].get("value")
