"""Interests as pages: sent plain and by htmx alike, taken back, listed for both sides; a message survives sign-in."""

from __future__ import annotations

from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
import sqlalchemy as sa
import time_machine

from intrakraft.db import Database
from intrakraft.domain.base import now
from intrakraft.domain.interests import ExpressionOfInterest
from intrakraft.domain.privacy.disclosures import Disclosure, DisclosureReading
from tests.makers import Person, make_listing
from tests.people import Visit
from tests.visitor import FETCH, Visitor


def count(database: Database, table: type) -> int:
    """How many rows there are."""
    with database.apart() as session:
        return session.scalar(sa.select(sa.func.count()).select_from(table)) or 0


def sent(visitor: Visitor, listing_id: int, **typed: object) -> Visitor:
    """The visitor after sending an interest, plain only."""
    page = visitor.get(f"/listings/{listing_id}").form("interest").submit(both=False, **typed)
    assert page.status == 200
    return visitor


# -- sending --


@pytest.mark.criterion("C1")
@pytest.mark.promise("P-096")
def test_an_interest_shows_the_contact_at_once_plain_and_by_htmx(
    visit: Visit, asha: Person, bina: Person, dupatta: int
) -> None:
    page = visit(bina).get(f"/listings/{dupatta}")
    assert not any(secret in page.text for secret in asha.secrets)
    page = page.form("interest").submit(message="Is it still there?")
    assert all(secret in page.text for secret in (asha.name, asha.email, asha.phone, asha.street))
    assert "Is it still there?" in page.words("interest")


@pytest.mark.promise("P-098")
@pytest.mark.criterion("C3")
def test_the_form_names_what_it_shows_and_shows_no_more(
    visit: Visit, asha: Person, bina: Person, database: Database
) -> None:
    page = visit(bina).get(f"/listings/{make_listing(database, asha, shows='name,phone')}")
    assert "registered it: name, phone. They see" in page.words("interest")
    page = page.form("interest").submit()
    assert asha.name in page.text and asha.phone in page.text
    assert asha.email not in page.text and asha.street not in page.text


@pytest.mark.promise("P-098")
@pytest.mark.criterion("C3")
def test_a_contact_without_a_name_goes_by_the_username(
    visit: Visit, asha: Person, bina: Person, database: Database
) -> None:
    page = visit(bina).get(f"/listings/{make_listing(database, asha, shows='email')}").form("interest").submit()
    assert "Sent to asha," in page.words("interest") and asha.name not in page.text


@pytest.mark.promise("P-097")
def test_the_slip_says_until_when_it_shows(visit: Visit, bina: Person, dupatta: int) -> None:
    with time_machine.travel("2026-11-24T06:00:00Z", tick=False):
        page = visit(bina).get(f"/listings/{dupatta}").form("interest").submit(both=False)
    assert "Shown until 24 Dec, or until the listing closes." in page.words("interest")


def test_the_address_of_the_form_loaded_anew_shows_the_listing(visit: Visit, dupatta: int) -> None:
    assert visit().get(f"/listings/{dupatta}/interests").path == f"/listings/{dupatta}"


@pytest.mark.promise("P-023")
def test_no_field_of_the_form_is_needed(visit: Visit, asha: Person, bina: Person, dupatta: int) -> None:
    page = visit(bina).get(f"/listings/{dupatta}").form("interest").submit(message="")
    assert asha.email in page.words("interest")


def test_a_message_too_long_comes_back_to_be_shortened(
    visit: Visit, asha: Person, bina: Person, dupatta: int, database: Database
) -> None:
    page = visit(bina).get(f"/listings/{dupatta}").form("interest").submit(message="रंग " * 200)
    assert page.status == 422 and "600" in page.words("interest")
    assert page.part("interest").xpath(".//textarea")[0].text.count("रंग") == 200
    assert asha.email not in page.text and count(database, ExpressionOfInterest) == 0


def test_what_people_write_is_shown_as_they_wrote_it(visit: Visit, asha: Person, bina: Person, dupatta: int) -> None:
    sent(visit(bina), dupatta, message="<b>2 > 1</b> & कितने?")
    page = visit(asha).get("/interests")
    assert "<b>2 > 1</b> & कितने?" in page.words("main") and not page.tree.xpath("//main//b")


@pytest.mark.promise("P-097")
def test_ones_own_listing_has_no_form_and_its_address_refuses(
    visit: Visit, asha: Person, dupatta: int, database: Database
) -> None:
    visitor = visit(asha)
    page = visitor.get(f"/listings/{dupatta}")
    assert not page.part("interest").xpath(".//form")
    token = page.form("choices").values()["csrf_token"]
    refused = visitor.post(f"/listings/{dupatta}/interests", {"csrf_token": token, "message": "To myself"})
    assert refused.status == 403 and count(database, Disclosure) == 0


@pytest.mark.promise("P-097")
def test_a_listing_closed_while_the_form_stood_open_is_refused(
    visit: Visit, asha: Person, bina: Person, dupatta: int, database: Database
) -> None:
    form = visit(bina).get(f"/listings/{dupatta}").form("interest")
    visit(asha).get(f"/listings/{dupatta}/closure").form("confirm").submit()
    page = form.submit(message="Too late?")
    assert page.status == 409 and "closed" in page.words("main") and count(database, Disclosure) == 0
    page = visit(bina).get(f"/listings/{dupatta}")
    assert not page.part("interest").xpath(".//form")


@pytest.mark.promise("P-017", "P-097")
def test_charu_sees_nothing_of_what_bina_was_shown(visit: Visit, bina: Person, charu: Person, asha: Person) -> None:
    listing_id = make_listing(visit(charu).database, asha)
    sent(visit(bina), listing_id, message="Between us")
    stranger = visit(charu)
    for path in (f"/listings/{listing_id}", "/interests", "/interests/sent", "/privacy/who-saw", "/notices"):
        page = stranger.get(path)
        assert not any(secret in page.text for secret in (*asha.secrets, *bina.secrets, "Between us")), path


@pytest.mark.criterion("C1")
def test_signed_out_people_keep_their_message_through_sign_in(visit: Visit, dupatta: int) -> None:
    visitor = visit()
    form = visitor.get(f"/listings/{dupatta}").form("interest")
    values = form.values(message="Do you send to Kochi?")
    answer = visitor.client.post(f"/listings/{dupatta}/interests", data=values, headers=FETCH)
    asked = urlsplit(answer.location)
    assert (answer.status_code, asked.path) == (303, "/sign-in")
    back = parse_qs(asked.query)["next"][0]
    assert urlsplit(back).path == f"/listings/{dupatta}"
    page = visitor.get(back)
    assert page.part("interest").xpath(".//textarea")[0].text.strip() == "Do you send to Kochi?"
    live = visitor.send_live(f"/listings/{dupatta}/interests", values, "interest")
    assert (live.status_code, live.headers["HX-Redirect"]) == (204, answer.location)


@pytest.mark.criterion("C4")
@pytest.mark.promise("P-099")
@pytest.mark.settings(interest_daily_limit=2, interest_minute_limit=2)
def test_beyond_the_quota_nothing_is_shown_and_nothing_is_lost(
    visit: Visit, asha: Person, bina: Person, database: Database
) -> None:
    goods = [make_listing(database, asha, title=f"Cotton {number}") for number in range(3)]
    visitor = visit(bina)
    for listing_id in goods[:2]:
        sent(visitor, listing_id)
    page = visitor.get(f"/listings/{goods[2]}").form("interest").submit(message="One more")
    assert page.status == 429 and "Retry-After" in page.response.headers
    assert asha.email not in page.text and count(database, Disclosure) == 2


# -- the other way round --


@pytest.mark.promise("P-099")
def test_the_lister_sees_the_senders_contact_only_by_their_tick(
    visit: Visit, asha: Person, bina: Person, charu: Person, dupatta: int
) -> None:
    sent(visit(bina), dupatta, message="Only asking")
    sent(visit(charu), dupatta, message="Call me", shares_contact="y")
    page = visit(asha).get("/interests")
    assert "Only asking" in page.text and not any(secret in page.text for secret in bina.secrets)
    assert charu.name in page.text and charu.email in page.text and charu.phone in page.text
    assert "asha" in visit(charu).get("/privacy/who-saw").words("main")
    visit(asha).get(f"/listings/{dupatta}/closure").form("confirm").submit()
    assert not any(secret in visit(asha).get("/interests").text for secret in charu.secrets)


# -- how long --


@pytest.mark.promise("P-096")
def test_a_later_look_stands_in_the_ledger_before_the_page_is_sent(
    visit: Visit, asha: Person, bina: Person, dupatta: int, database: Database
) -> None:
    visitor = sent(visit(bina), dupatta)
    visitor.get(f"/listings/{dupatta}")
    assert count(database, DisclosureReading) == 0
    with time_machine.travel(now() + timedelta(minutes=5)):
        assert asha.email in visitor.get(f"/listings/{dupatta}").text
        assert asha.email in visitor.get(f"/listings/{dupatta}").text
    assert count(database, DisclosureReading) == 1
    assert "Looked once more" in visit(asha).get("/privacy/who-saw").words("main")


@pytest.mark.promise("P-096", "P-097")
def test_after_thirty_days_the_contact_is_gone_from_the_page(
    visit: Visit, asha: Person, bina: Person, dupatta: int
) -> None:
    sent(visit(bina), dupatta)
    with time_machine.travel(now() + timedelta(days=30, minutes=1)):
        page = visit(bina).get(f"/listings/{dupatta}")
        assert not any(secret in page.text for secret in asha.secrets)
        assert "30 days have passed" in page.words("interest")
        page.form("interest").submit()
        assert visit(bina).get(f"/listings/{dupatta}").form("interest").values(message="Once more")


@pytest.mark.promise("P-097")
def test_taking_it_back_is_asked_first_and_hides_the_contact(
    visit: Visit, asha: Person, bina: Person, charu: Person, dupatta: int
) -> None:
    visitor = sent(visit(bina), dupatta)
    asked = visitor.get(f"/listings/{dupatta}").link("Take back this interest")
    page = asked.form("confirm").submit()
    assert not any(secret in page.text for secret in asha.secrets)
    assert page.part("interest").xpath(".//textarea")
    assert "Taken back" in visit(asha).get("/interests").words("lines")
    assert "Taken back" in visitor.get("/interests/sent").words("lines")
    asked = visit(charu).get(f"/listings/{dupatta}/interests/withdrawal")
    assert asked.form("confirm").submit().status == 200, "nothing to take back is nothing done"


# -- lists --


def test_lists_show_twenty_and_go_on(visit: Visit, asha: Person, bina: Person, database: Database) -> None:
    from intrakraft.domain import interests
    from intrakraft.domain.listings import Listing
    from tests.domain.test_interests import PLENTY

    goods = [make_listing(database, asha, title=f"Cotton {number}") for number in range(21)]
    with database.apart() as session:
        for listing_id in goods:
            listing, by = session.get_one(Listing, listing_id), bina.account(session)
            interests.express_interest(session, listing, by=by, message="", quota=PLENTY)
    for person, path in ((asha, "/interests"), (bina, "/interests/sent"), (asha, "/privacy/who-saw")):
        page = visit(person).get(path)
        assert len(page.part("lines").xpath("./li[not(contains(@class, 'more'))]")) == 20
        rest = page.link("Show 20 more")
        assert "Cotton 0" in rest.words("lines") and "Cotton 1 " not in rest.words("lines")
        part = page.visitor.live(rest.path, "lines").get_data(as_text=True)
        assert "Cotton 0" in part and "<html" not in part
    assert visit(bina).get("/interests").words("main").count("Nobody has asked yet") == 1


@pytest.mark.promise("P-122")
def test_signed_out_people_are_sent_to_sign_in(visit: Visit, dupatta: int) -> None:
    visitor = visit()
    for path in ("/interests", "/interests/sent", f"/listings/{dupatta}/interests/withdrawal"):
        answer = visitor.client.get(path)
        assert (answer.status_code, urlsplit(answer.location).path) == (303, "/sign-in"), path
