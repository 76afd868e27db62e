"""Drafts as pages: nothing typed is ever lost, not by errors, sign-out, the back button, a second window or two presses."""

import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from intrakraft.db import Database
from intrakraft.domain import accounts
from intrakraft.domain.accounts import Status
from intrakraft.domain.listings import Listing
from intrakraft.web.forms import clean_text
from intrakraft.web.state import of
from tests.goods import TYPED, sign_in
from tests.makers import make_person
from tests.people import Visit
from tests.visitor import FETCH, Page, Visitor

WRONG = {**TYPED, "title": "ab", "price": "about 500", "pin": "30202"}


@pytest.fixture
def asha(client: FlaskClient) -> Visitor:
    sign_in(client, "asha")
    return Visitor(client)


def typed(page: Page) -> dict[str, str]:
    """What stands in the fields."""
    form = page.form("/draft").element
    return {name: form.fields[name].replace("\r\n", "\n").strip() for name in TYPED}


def values(page: Page, **changes: Any) -> dict[str, Any]:
    """What the form would send."""
    return page.form("/draft").values(**{**TYPED, **changes})


def rows(app: Flask) -> list[Listing]:
    with of(app).database.apart() as session:
        return list(session.scalars(sa.select(Listing).order_by(Listing.id)))


@pytest.mark.criterion("T1")
def test_goods_go_up_in_one_press_without_script(asha: Visitor) -> None:
    page = asha.get("/listings/new")
    shown = asha.post("/listings/new/publication", values(page))
    assert shown.status == 200 and shown.path.startswith("/listings/1")
    assert "₹1,150 each" in shown.words("main") and "Your goods" in shown.words("main")


@pytest.mark.criterion("B1")
def test_what_is_typed_is_kept_as_it_is_typed(asha: Visitor) -> None:
    page = asha.get("/listings/new").form("/draft").submit(**WRONG)
    assert "Draft kept at" in page.words("draft")
    assert typed(asha.get("/listings/new")) == WRONG


@pytest.mark.criterion("B1")
def test_an_error_keeps_everything_and_says_what_to_do(asha: Visitor, app: Flask) -> None:
    page = asha.post("/listings/new/publication", values(asha.get("/listings/new"), **WRONG))
    assert page.status == 422
    assert "3 things to put right" in page.words("main")
    assert typed(page) == WRONG and page.tree.xpath("//*[@id='price' and @aria-invalid='true']")
    assert typed(asha.get("/listings/new")) == WRONG
    assert [listing.status for listing in rows(app)] == ["draft"]


@pytest.mark.criterion("B1")
def test_going_back_and_pressing_again_makes_one_listing(asha: Visitor, app: Flask) -> None:
    page = asha.get("/listings/new")
    asha.post("/listings/new/publication", values(page))
    asha.post("/listings/new/publication", values(page, title="Corrected after going back"))
    assert [listing.title for listing in rows(app)] == ["Corrected after going back"]


@pytest.mark.criterion("B1")
def test_many_presses_at_once_make_one_listing(asha: Visitor, app: Flask) -> None:
    sent = values(asha.get("/listings/new"))
    cookies = asha.cookies()

    def press(_: int) -> int:
        client = app.test_client()
        client._cookies = dict(cookies)
        return client.post("/listings/new/publication", data=sent, headers=FETCH).status_code

    with ThreadPoolExecutor(8) as pool:
        assert set(pool.map(press, range(8))) == {303}
    assert [listing.status for listing in rows(app)] == ["live"]


@pytest.mark.criterion("c15")
def test_two_windows_on_one_draft_keep_what_came_last(asha: Visitor, app: Flask) -> None:
    first = asha.get("/listings/new").form("/draft").submit(both=False, **TYPED)
    second = asha.get(first.path)
    first.form("/draft").submit(both=False, price="640")
    second.form("/draft").submit(both=False, title="Typed in the second window", price="640")
    assert typed(asha.get("/listings/new")) == {**TYPED, "title": "Typed in the second window", "price": "640"}
    assert len(rows(app)) == 1


@pytest.mark.criterion("c15")
def test_a_draft_outlives_the_sign_in(asha: Visitor, app: Flask) -> None:
    asha.get("/listings/new").form("/draft").submit(both=False, **WRONG)
    again = app.test_client()
    again._cookies = dict(asha.cookies())
    assert typed(Visitor(again).get("/listings/new")) == WRONG


@pytest.mark.criterion("c15")
@pytest.mark.parametrize("act", ["draft", "publication", "photos"])
def test_a_sign_in_that_ended_loses_nothing_typed(asha: Visitor, app: Flask, act: str) -> None:
    page = asha.get("/listings/new")
    sent = values(page, description="Line one\nline two")
    outside = Visitor(app.test_client())
    sent["csrf_token"] = stranger_token(app)
    held = outside.post(f"/listings/new/{act}", sent)
    assert held.status == 401
    kept = dict(held.tree.xpath("//main//form")[0].form_values())
    assert {name: kept[name].replace("\r\n", "\n") for name in TYPED} == {**TYPED, "description": "Line one\nline two"}
    assert kept["key"] == sent["key"] and rows(app) == []


def stranger_token(app: Flask) -> str:
    """The token of a form that stands on a page for everybody."""
    page = Visitor(app.test_client()).get("/")
    return str(page.tree.xpath("//form[@id='choices']//input[@name='csrf_token']")[0].get("value"))


def test_loading_the_address_of_a_form_with_errors_shows_the_form(asha: Visitor) -> None:
    asha.post("/listings/new/publication", values(asha.get("/listings/new"), **WRONG))
    assert typed(asha.get("/listings/new/publication")) == typed(asha.get("/listings/1/publication")) == WRONG


def test_changes_of_a_listing_stay_apart_until_they_are_put_up(asha: Visitor, app: Flask) -> None:
    asha.post("/listings/new/publication", values(asha.get("/listings/new")))
    edit = asha.get("/listings/1/edit").form("/draft").submit(title="Half a new ti")
    assert "not put up yet" in edit.words("draft")
    assert TYPED["title"] in asha.get("/listings/1").words("main")
    shown = asha.post("/listings/1/publication", edit.form("/draft").values(title="The whole new title"))
    assert "The whole new title" in shown.words("main")
    assert typed(asha.get("/listings/1/edit")) == {**TYPED, "title": "The whole new title", "price": "1150"}


def test_a_wrong_change_leaves_the_listing_as_it_was(asha: Visitor) -> None:
    asha.post("/listings/new/publication", values(asha.get("/listings/new")))
    page = asha.get("/listings/1/edit")
    assert asha.post("/listings/1/publication", values(page, **WRONG)).status == 422
    assert "₹1,150 each" in asha.get("/listings/1").words("main")


def test_finish_later_leads_to_my_goods(asha: Visitor) -> None:
    page = asha.get("/listings/new")
    mine = asha.post("/listings/new/draft", {**values(page, title=""), "later": "1"})
    assert mine.path == "/my/listings"
    assert "Goods without a name yet" in mine.words("main")


def test_throwing_away_asks_first_and_then_it_is_gone(asha: Visitor, app: Flask) -> None:
    asha.get("/listings/new").form("/draft").submit(both=False, **TYPED)
    asked = asha.get("/listings/1/disposal")
    assert "cannot be brought back" in asked.words("confirm")
    assert asked.form("confirm").submit().path == "/my/listings"
    assert rows(app) == []


@pytest.mark.criterion("B1")
def test_another_draft_can_be_begun_beside_the_first(asha: Visitor, app: Flask) -> None:
    asha.get("/listings/new").form("/draft").submit(both=False, **TYPED)
    assert asha.get("/listings/new").path == "/listings/1/edit"
    asha.get("/listings/new?fresh=1").form("/draft").submit(both=False, **{**TYPED, "title": "Another thing"})
    assert len(rows(app)) == 2


@pytest.mark.promise("P-023")
def test_only_what_is_needed_has_to_be_typed(asha: Visitor) -> None:
    bare = {**TYPED, "description": "", "price": ""}
    shown = asha.post("/listings/new/publication", values(asha.get("/listings/new"), **bare))
    assert shown.status == 200 and "Ask the price" in shown.words("main")


@pytest.mark.parametrize("status", [Status.LIMITED, Status.SUSPENDED])
def test_who_is_held_back_cannot_put_up(asha: Visitor, app: Flask, status: Status) -> None:
    sent = values(asha.get("/listings/new"))
    with of(app).database.apart() as session:
        accounts.find_by_username(session, "asha").status = status  # type: ignore[union-attr]
    assert asha.post("/listings/new/publication", sent).status == 403
    assert asha.get("/listings/new").status == 403


@pytest.mark.promise("P-097")
def test_a_phone_number_in_the_text_is_refused_and_kept(asha: Visitor) -> None:
    text = "Call 98765 43210 for more"
    page = asha.post("/listings/new/publication", values(asha.get("/listings/new"), description=text))
    assert page.status == 422 and "Take the phone number out" in page.words("main")
    assert typed(page)["description"] == text


@pytest.mark.long
def test_every_naughty_string_is_kept_and_nothing_runs(asha: Visitor, shared_data: Path) -> None:
    strings = json.loads((shared_data / "strings" / "blns.json").read_text())
    page = asha.get("/listings/new").form("/draft").submit(both=False, **TYPED)
    sent = page.form("/draft").values()
    for number, text in enumerate(strings):
        filled = {**sent, **dict.fromkeys(TYPED, text.encode("utf-8", "replace").decode())}
        answer = asha.client.post("/listings/1/publication", data=filled, headers=FETCH)
        assert answer.status_code in (303, 422), text
        if number % 8 == 0:
            kept = asha.get("/listings/1/edit").form("/draft").element.fields["description"]
            assert kept.split() == (clean_text(filled["description"]) or "").split(), text


def test_enter_keeps_what_is_typed_and_does_nothing_else(asha: Visitor) -> None:
    form = asha.get("/listings/new").form("/draft").element
    first = form.xpath(".//button[@type='submit']")[0]
    assert first.get("formaction") is None and first.get("name") is None


# -- what of the contact shows --


def ticked(page: Page) -> list[str]:
    """The boxes that are ticked."""
    return [str(value) for value in page.tree.xpath("//input[@name='shows' and @checked]/@value")]


@pytest.mark.promise("P-098")
@pytest.mark.criterion("C3")
def test_everything_registered_is_ticked_at_first_and_only_that(visit: Visit, database: Database) -> None:
    with_phone, without = make_person(database, "bina"), make_person(database, "charu", phone="")
    assert ticked(visit(with_phone).get("/listings/new")) == ["name", "email", "phone", "address"]
    assert ticked(visit(without).get("/listings/new")) == ["name", "email", "address"]


@pytest.mark.promise("P-098")
@pytest.mark.criterion("B1", "C3")
def test_unticked_boxes_stay_unticked_and_other_forms_leave_them(visit: Visit, database: Database) -> None:
    visitor = visit(make_person(database, "bina"))
    page = visitor.get("/listings/new").form("/draft").submit(shows=["phone"])
    assert ticked(page) == ["phone"]
    page.form("/draft").submit(**{"title": "Another name", "shows-sent": None, "shows": None})
    assert ticked(visitor.get("/listings/new")) == ["phone"]
    assert ticked(visitor.get("/listings/new").form("/draft").submit(shows=None)) == []


@pytest.mark.promise("P-098")
@pytest.mark.criterion("C3")
def test_goods_without_phone_and_email_do_not_go_up(visit: Visit, database: Database, app: Flask) -> None:
    visitor = visit(make_person(database, "bina"))
    form = values(visitor.get("/listings/new"))
    page = visitor.post("/listings/new/publication", form | {"shows": ["name"]})
    assert page.status == 422 and page.tree.xpath("//fieldset[@id='shows']//*[@id='shows-error']")
    assert ticked(page) == ["name"] and rows(app)[0].is_draft
    visitor.post("/listings/new/publication", form | {"shows": ["email"]})
    assert [(one.shows, one.is_open) for one in rows(app)] == [("email", True)]


@pytest.mark.criterion("B1")
def test_a_text_far_too_long_comes_back_whole_with_its_true_length(asha: Visitor) -> None:
    title, text = "lamp " * 100, "brass " * 4000
    page = asha.post("/listings/new/publication", values(asha.get("/listings/new"), title=title, description=text))
    assert page.status == 422
    assert "It has 499 letters, the most is 120." in page.words("main")
    assert f"It has {len(text.strip()):,} letters".replace(",", "") in page.words("main").replace(",", "")
    assert typed(page)["title"] == title.strip() and typed(page)["description"] == text.strip()
    assert page.tree.xpath("//input[@name='title']/@maxlength") == ["120"]
    assert page.tree.xpath("//textarea[@name='description']/@maxlength") == ["5000"]
