"""Listings: drafts keep everything, what goes up is whole, only the lister changes it, and no contact stands in it."""

from datetime import timedelta

import pytest
from sqlalchemy.orm import Session

from intrakraft.domain import listings
from intrakraft.domain.accounts import Account, Status
from intrakraft.domain.base import now
from intrakraft.domain.errors import Invalid, NotAllowed, NotFound, Refusal
from intrakraft.domain.money import paise_of
from tests.goods import TYPED, account, draft, photo, put_up, titles


@pytest.fixture
def asha(session: Session) -> Account:
    return account(session)


@pytest.fixture
def charu(session: Session) -> Account:
    return account(session, "charu")


# -- drafts --


@pytest.mark.criterion("B1")
def test_a_draft_keeps_what_is_wrong_as_it_was_typed(session: Session, asha: Account) -> None:
    wrong = {"title": "ab", "price": "about 500", "pin": "30202", "category": "nonsense"}
    listing = draft(session, asha, **wrong)
    with pytest.raises(Invalid):
        listings.put_up(session, listing, by=asha)
    typed, _ = listings.typed_in(session, listing)
    assert {name: typed[name] for name in wrong} == wrong
    assert listing.is_draft


@pytest.mark.criterion("B1")
def test_a_field_that_was_not_sent_stays_as_it_is(session: Session, asha: Account) -> None:
    listing = draft(session, asha)
    listings.keep(session, listing, {"price": "640"})
    typed, _ = listings.typed_in(session, listing)
    assert typed == {**TYPED, "price": "640", "shows": "name,email,phone,address"}


@pytest.mark.criterion("B1")
def test_one_form_makes_one_draft_however_often_it_is_sent(session: Session, asha: Account) -> None:
    first = listings.begin(session, asha, "the-key-of-the-form")
    assert listings.begin(session, asha, "the-key-of-the-form").id == first.id
    assert listings.begin(session, asha, "another-key").id != first.id


@pytest.mark.criterion("B1")
def test_the_draft_typed_in_last_is_gone_on_with(session: Session, asha: Account, charu: Account) -> None:
    older, newer = draft(session, asha), draft(session, asha)
    older.changed_at = now() + timedelta(minutes=1)
    session.flush()
    assert listings.latest_draft(session, asha) == older.id != newer.id
    assert listings.latest_draft(session, charu) is None


def test_drafts_are_limited_in_number(session: Session, asha: Account, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("intrakraft.domain.listings.drafting.MOST_DRAFTS", 1)
    draft(session, asha)
    with pytest.raises(Refusal, match="Put one up or throw one away"):
        listings.begin(session, asha, "second")


@pytest.mark.promise("P-016")
def test_a_draft_thrown_away_takes_its_photos_along(session: Session, asha: Account) -> None:
    listing = draft(session, asha)
    kept = photo(session, listing)
    places = listings.throw_away(session, listing)
    assert [place.token for place in places] == [kept.token]
    with pytest.raises(NotFound):
        listings.find_own(session, listing.id, asha)


def test_changes_thrown_away_leave_the_listing_up(session: Session, asha: Account) -> None:
    listing = put_up(session, asha)
    photo(session, listing)
    listings.keep(session, listing, {"title": "Something else entirely"})
    assert listings.throw_away(session, listing) == []
    assert listings.typed_in(session, listing)[0]["title"] == TYPED["title"]
    assert listing.is_open


# -- putting up --


def test_what_goes_up_is_what_was_typed(session: Session, asha: Account) -> None:
    listing = put_up(session, asha, price="₹ १,१५०.५०", pin="682 001", unit="dozen")
    assert (listing.title, listing.price_paise, listing.unit) == (TYPED["title"], 115_050, "dozen")
    assert (listing.pin, listing.state_code, listing.state) == ("682001", "32", "Kerala")
    assert listing.cell is not None and listing.posted_no is not None


def test_without_a_price_people_ask(session: Session, asha: Account) -> None:
    assert put_up(session, asha, price="").price_paise is None


def test_at_ones_own_pin_the_town_is_that_of_the_account(session: Session, asha: Account) -> None:
    assert put_up(session, asha).town == "Sanganer"
    assert put_up(session, asha, pin="682001").town != "Sanganer"


WRONG = [
    ("title", "ab", "Name the goods"),
    ("title", "…!!…", "Name the goods"),
    ("title", "x" * 121, "121"),
    ("description", "x" * 5001, "5001"),
    ("category", "cloth", "Choose what kind"),
    ("category", "", "Choose what kind"),
    ("unit", "handful", "Choose what the price is for"),
    ("price", "-5", "not an amount"),
    ("price", "1.234", "two digits"),
    ("price", "0", "above 0"),
    ("pin", "30202", "it needs 6"),
    ("pin", "999999", "India Post lists no PIN"),
]


@pytest.mark.parametrize(("field", "typed", "said"), WRONG)
def test_each_wrong_field_is_told_beside_it(session: Session, asha: Account, field: str, typed: str, said: str) -> None:
    with pytest.raises(Invalid) as refused:
        put_up(session, asha, **{"title": TYPED["title"], field: typed})
    problem = refused.value.problems
    assert list(problem) == [field]
    sentence = problem[field] if isinstance(problem[field], str) else problem[field][0] % problem[field][1]
    assert said in sentence


def test_everything_wrong_is_told_at_once(session: Session, asha: Account) -> None:
    with pytest.raises(Invalid) as refused:
        put_up(session, asha, "", category="", price="x", pin="", unit="")
    assert set(refused.value.problems) == {"title", "category", "price", "pin", "unit"}


@pytest.mark.parametrize("title", ["சேலை", "பருத்தி சேலை", "सूती दुपट्टा", "ఏటికొప్పాక బొంగరాలు", "ਫੁਲਕਾਰੀ", "دوپٹہ سوتی"])
def test_a_title_may_be_in_any_script(session: Session, asha: Account, title: str) -> None:
    assert put_up(session, asha, title).title == title


AMOUNTS = [
    ("1,150", 115_000), ("₹ 1,150.50", 115_050), ("Rs. 500/-", 50_000), ("१,१५०", 115_000), ("1150.5", 115_050),
    ("12,34,567", 123_456_700), ("1 150", 115_000), ("௧௨", 1_200), ("", None), ("000000000000000000012", 1_200),
]  # fmt: skip


@pytest.mark.parametrize(("typed", "paise"), AMOUNTS)
def test_amounts_are_read_as_india_types_them(typed: str, paise: int | None) -> None:
    assert paise_of(typed) == paise


@pytest.mark.parametrize("typed", ["abc", "1,5", "1e5", "--5", "9" * 30, "₹", "1,,000", "0.00"])
def test_what_is_no_amount_is_refused(typed: str) -> None:
    with pytest.raises(Invalid):
        paise_of(typed)


# -- no contact in what everybody reads --

CONTACTS = [
    "call 98765 43210", "+91-9876543210", "09876543210", "९८७६५४३२१०", "wa.me/919876543210", "0141 2345678",
    "asha@example.in", "asha at gmail", "asha (at) rediffmail.com", "pay asha@okaxis", "+44 20 7946 0958",
]  # fmt: skip
HARMLESS = [
    "2.5 m x 90 cm, 140 g", "sizes 6 7 8 9 10 11 12", "HSN 6214, 5% GST", "10 pcs @ 500", "₹12,34,567",
    "barcode 8901234567890", "bust 75 80 85 90 95", "since 1987, shop 2019", "code 000844334", "12-15 days", "look at it",
]  # fmt: skip


@pytest.mark.promise("P-097")
@pytest.mark.parametrize("text", CONTACTS)
@pytest.mark.parametrize("field", ["title", "description"])
def test_no_contact_can_stand_in_a_listing(session: Session, asha: Account, field: str, text: str) -> None:
    with pytest.raises(Invalid, match="Whoever sends an interest"):
        put_up(session, asha, **{"title": TYPED["title"], field: f"Fine dupatta, {text}"})


@pytest.mark.promise("P-097")
@pytest.mark.parametrize("text", HARMLESS)
def test_sizes_and_codes_are_no_contact(text: str) -> None:
    assert listings.contact_in(text) is None


# -- who may --


@pytest.mark.parametrize("status", [Status.LIMITED, Status.SUSPENDED, Status.TERMINATED, Status.BLOCKED])
def test_who_is_held_back_can_neither_begin_nor_put_up(session: Session, asha: Account, status: Status) -> None:
    listing = draft(session, asha)
    asha.status = status
    with pytest.raises(NotAllowed):
        listings.begin(session, asha, "new")
    with pytest.raises(NotAllowed):
        listings.put_up(session, listing, by=asha)


def test_who_has_not_proved_the_address_cannot_list(session: Session) -> None:
    half = account(session, "half", status=Status.REGISTERING, email_verified_at=None)
    with pytest.raises(NotAllowed):
        listings.begin(session, half, "key")


def test_somebody_elses_listing_is_not_there_to_be_changed(session: Session, asha: Account, charu: Account) -> None:
    listing = put_up(session, asha)
    for person in (charu, None):
        with pytest.raises(NotFound):
            listings.find_own(session, listing.id, person)
    assert listings.find_own(session, listing.id, asha) is listing


def test_a_draft_is_seen_by_its_lister_alone(session: Session, asha: Account, charu: Account) -> None:
    listing = draft(session, asha)
    for person in (charu, None):
        with pytest.raises(NotFound):
            listings.find_visible(session, listing.id, person)
    assert listings.find_visible(session, listing.id, asha).id == listing.id


@pytest.mark.parametrize("change", [{"status": Status.SUSPENDED}, {"status": Status.BLOCKED}, {"frozen_at": now()}])
def test_goods_of_people_on_hold_are_shown_to_nobody(
    session: Session, asha: Account, charu: Account, change: dict
) -> None:
    listing = put_up(session, asha)
    assert titles(listings.newest(session)) == [listing.title]
    for name, value in change.items():
        setattr(asha, name, value)
    session.flush()
    assert titles(listings.newest(session)) == titles(listings.find(session, "dupatta")) == []
    with pytest.raises(NotFound):
        listings.find_visible(session, listing.id, charu)


def test_a_suspension_that_is_over_hides_nothing(session: Session, asha: Account) -> None:
    listing = put_up(session, asha)
    asha.status, asha.status_until = Status.SUSPENDED, now() - timedelta(hours=1)
    session.flush()
    assert titles(listings.newest(session)) == [listing.title]
    assert listings.find_visible(session, listing.id, None).id == listing.id


# -- pausing, closing, opening again --


def test_what_is_paused_or_closed_is_not_found_but_answers(session: Session, asha: Account) -> None:
    for act in (listings.pause, listings.close):
        listing = put_up(session, asha)
        act(session, listing)
        session.flush()
        assert not listing.is_open
        assert listing.id not in [card.id for card in listings.newest(session).cards]
        assert listings.find_visible(session, listing.id, None).id == listing.id


def test_pausing_moves_nobody_to_the_top(session: Session, asha: Account) -> None:
    first, second = put_up(session, asha, "First of the goods"), put_up(session, asha, "Second of the goods")
    number = first.posted_no
    listings.pause(session, first)
    listings.reopen(session, first, by=asha)
    assert first.posted_no == number
    assert titles(listings.newest(session)) == [second.title, first.title]


def test_a_second_press_changes_nothing(session: Session, asha: Account) -> None:
    listing = put_up(session, asha)
    number = listing.posted_no
    listings.put_up(session, listing, by=asha)
    listings.reopen(session, listing, by=asha)
    listings.close(session, listing)
    closed = listing.closed_at
    listings.close(session, listing)
    assert (listing.posted_no, listing.closed_at) == (number, closed)


def test_a_draft_can_be_neither_paused_nor_closed_nor_opened(session: Session, asha: Account) -> None:
    listing = draft(session, asha)
    for act in (listings.pause, listings.close):
        with pytest.raises(Refusal):
            act(session, listing)
    with pytest.raises(Refusal):
        listings.reopen(session, listing, by=asha)


def test_what_staff_removed_is_gone_for_everybody(session: Session, asha: Account) -> None:
    listing = put_up(session, asha)
    listings.remove(session, listing)
    session.flush()
    for person in (asha, None):
        with pytest.raises(NotFound):
            listings.find_visible(session, listing.id, person)
    assert listings.own(session, asha) == ([], None)


def test_own_goods_come_in_every_state_page_by_page(session: Session, asha: Account, charu: Account) -> None:
    up, begun = put_up(session, asha), draft(session, asha, title="Not yet")
    put_up(session, charu)
    listings.keep(session, up, {"price": "9"})
    lines, after = listings.own(session, asha, limit=1)
    assert [(line.title, line.status, line.has_changes) for line in lines] == [("Not yet", "draft", True)]
    rest, end = listings.own(session, asha, before=after, limit=1)
    assert [(line.id, line.has_changes) for line in rest] == [(up.id, True)]
    assert (after, end) == (begun.id, None)


# -- what of the contact shows --


@pytest.mark.promise("P-098")
@pytest.mark.criterion("C3")
@pytest.mark.parametrize(("ticked", "has_phone"), [("", True), ("name,address", True), ("phone", False)])
def test_phone_or_email_always_shows(ticked: str, has_phone: bool) -> None:
    with pytest.raises(Invalid) as wrong:
        listings.read({**TYPED, "shows": ticked}, has_phone=has_phone)
    assert wrong.value.problems.keys() == {"shows"}


@pytest.mark.promise("P-098")
@pytest.mark.criterion("C3")
def test_only_known_fields_that_are_registered_show() -> None:
    typed = {**TYPED, "shows": "password,phone,email,pin"}
    assert listings.read(typed).shows == "email,phone"
    assert listings.read(typed, has_phone=False).shows == "email"
    assert listings.read(TYPED).shows == "name,email,phone,address"
