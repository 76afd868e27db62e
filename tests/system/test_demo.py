"""The demo bazaar is believable, allowed to be shipped, and safe to load twice.

Everybody in it is invented; places, categories, licences and licences' texts are checked one by one.
"""

import time
from collections import Counter
from dataclasses import dataclass, replace
from typing import Any

import phonenumbers
import pytest
import sqlalchemy as sa
from flask import Flask
from PIL import Image
from sqlalchemy.orm import Session

from intrakraft.demo import load
from intrakraft.demo.script import FOLDER, Goods, Person, script
from intrakraft.domain import accounts, listings, notices
from intrakraft.domain.accounts import Account, passwords
from intrakraft.domain.base import Model, now
from intrakraft.domain.errors import Invalid, Refusal
from intrakraft.domain.interests import ExpressionOfInterest
from intrakraft.domain.listings import Listing
from intrakraft.domain.media import Photo
from intrakraft.domain.places import place_of_pin
from intrakraft.domain.privacy import policy
from intrakraft.domain.privacy.disclosures import Disclosure
from intrakraft.domain.search import SearchEntry
from intrakraft.web.state import State, of
from tests import goods

PEOPLE = script().people
GOODS = script().goods


def named(offered: Goods) -> str:
    return f"{offered.lister}: {offered.title[:24]}"


def would_be_taken(offered: Goods) -> bool:
    lister = next(person for person in PEOPLE if person.username == offered.lister)
    try:
        offer = listings.read(load.typed(offered, lister.pin))
    except Invalid:
        return False
    return (offer.title, offer.price_paise) == (offered.title, offered.price_paise)


def lives_there(person: Person) -> bool:
    place = place_of_pin(person.pin)
    return place is not None and place.state == person.state and person.district in place.districts


def is_out_of_reach(person: Person) -> bool:
    phone = person.phone or "+91 90000 00000"
    fictional = phone.startswith("+91 90000 000") and phonenumbers.is_valid_number(phonenumbers.parse(phone))
    return fictional and person.email.endswith(("@example.in", "@example.com"))


def test_there_is_enough_to_look_at() -> None:
    assert len({offered.lister for offered in GOODS}) >= 16
    assert len(GOODS) >= 160
    assert len({person.state for person in PEOPLE}) >= 15
    assert {"owner", "buyer", "stranger", "staff"} == {person.role for person in PEOPLE}


def test_hindi_and_other_languages_stand_beside_english() -> None:
    languages = Counter(offered.language for offered in GOODS)
    assert languages["hi"] >= 20
    assert {"ta", "bn", "gu"} <= set(languages)
    assert all(any("ऀ" <= letter <= "ॿ" for letter in offered.title) for offered in GOODS if offered.language == "hi")


def test_everybody_lives_where_their_pin_says() -> None:
    assert [person.username for person in PEOPLE if not lives_there(person)] == []


def test_nobody_real_can_be_reached() -> None:
    assert [person.username for person in PEOPLE if not is_out_of_reach(person)] == []


def test_every_person_is_somebody_else() -> None:
    assert len({person.username for person in PEOPLE}) == len({person.email for person in PEOPLE}) == len(PEOPLE)
    phones = [person.phone for person in PEOPLE if person.phone]
    assert len(set(phones)) == len(phones)


def test_goods_are_what_the_form_would_take() -> None:
    assert [named(offered) for offered in GOODS if not would_be_taken(offered)] == []
    assert [named(offered) for offered in GOODS if len(offered.description) < 60] == []


def test_no_goods_are_listed_twice() -> None:
    assert len({(offered.lister, offered.form_key) for offered in GOODS}) == len(GOODS)


def test_nobody_lists_before_they_joined() -> None:
    joined = {person.username: person.joined_days_ago for person in PEOPLE}
    assert not [named(offered) for offered in GOODS if offered.days_ago + 1 >= joined[offered.lister]]


def test_interests_are_in_goods_of_others_that_exist() -> None:
    listed = {(offered.lister, offered.title): offered for offered in GOODS}
    for asked in script().interests:
        assert asked.days_ago <= listed[asked.lister, asked.title].days_ago
        assert asked.by != asked.lister
        assert asked.by not in {"charu", "dev"}


def test_every_picture_may_be_shipped() -> None:
    pictures = script().pictures
    assert {path.name for path in (FOLDER / "pictures").iterdir()} == {picture.file for picture in pictures.values()}
    assert {picture.licence for picture in pictures.values()} <= {"Apache-2.0", "MIT", "BSD-3-Clause"}
    licences = (FOLDER / "LICENCES.txt").read_text(encoding="utf-8")
    for picture in pictures.values():
        assert picture.attribution and picture.alt
        assert picture.kind == "drawing" or picture.attribution in licences


def test_every_drawing_has_its_source() -> None:
    drawn = [picture for picture in script().pictures.values() if picture.kind == "drawing"]
    assert len(drawn) >= 24
    assert {picture.source for picture in drawn} == {f"drawings/{path.name}" for path in FOLDER.glob("drawings/*.svg")}


def test_pictures_are_light_and_used() -> None:
    pictures = script().pictures
    assert {name for offered in GOODS for name in offered.pictures} == set(pictures)
    for picture in pictures.values():
        assert len(picture.read()) <= (30_000 if picture.kind == "drawing" else 60_000)
        with Image.open(FOLDER / "pictures" / picture.file) as opened:
            assert not opened.getexif()
    assert sum(path.stat().st_size for path in FOLDER.rglob("*") if path.is_file()) < 2_500_000


# -- loaded --


@dataclass
class Bazaar:
    """An installation with some of the bazaar in it."""

    state: State
    session: Session

    def load(self, progress: load.Progress = lambda done, of: None) -> Counter[str]:
        added = load.load(self.state, progress)
        self.session.expire_all()
        return added

    def count(self, table: type[Model], *where: sa.ColumnElement[bool]) -> int:
        return self.session.scalar(sa.select(sa.func.count()).select_from(table).where(*where)) or 0


@pytest.fixture
def bazaar(app: Flask) -> Bazaar:
    """The whole bazaar may be loaded here."""
    return Bazaar(of(app), of(app).database.session)


@pytest.fixture
def few(bazaar: Bazaar, monkeypatch: pytest.MonkeyPatch) -> Bazaar:
    """A corner of the bazaar, loaded quickly: the four roles, and what Asha lists and was asked."""
    people = tuple(person for person in PEOPLE if person.username in {"asha", "bina", "charu", "dev"})
    listed = tuple(offered for offered in GOODS if offered.lister == "asha")
    asked = tuple(asked for asked in script().interests if (asked.by, asked.lister) == ("bina", "asha"))
    corner = replace(script(), people=people, goods=listed, interests=asked)
    monkeypatch.setattr(load, "script", lambda: corner)
    return bazaar


@pytest.mark.long
def test_the_whole_bazaar_is_loaded_by_the_verbs_of_people(bazaar: Bazaar, record_property: Any) -> None:
    began = time.perf_counter()
    added = bazaar.load()
    record_property("seconds to load the demo bazaar", round(time.perf_counter() - began, 1))
    assert added["listings"] == bazaar.count(Listing, Listing.status == "live") == len(GOODS)
    assert added["people"] == bazaar.count(Account, Account.status == "active") == len(PEOPLE)
    assert added["pictures"] == bazaar.count(Photo) == sum(len(offered.pictures) for offered in GOODS)
    assert added["interests"] == bazaar.count(ExpressionOfInterest) == len(script().interests)
    assert bazaar.count(SearchEntry) == len(GOODS)


def test_loading_twice_adds_nothing_and_leaves_changes_alone(few: Bazaar) -> None:
    first = few.load()
    with few.state.database.apart() as session:
        listings.close(session, session.scalars(sa.select(Listing)).first())
    assert few.load().total() == 0
    assert few.count(Listing, Listing.status == "closed") == 1
    assert few.count(Photo) == first["pictures"] > 0
    assert few.count(ExpressionOfInterest) == first["interests"] == 2


def test_a_loading_that_was_broken_off_is_gone_on_with(few: Bazaar) -> None:
    def break_off(done: int, of: int) -> None:
        if done == 7:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        few.load(break_off)
    assert load.is_unfinished(few.state)
    few.load()
    assert not load.is_unfinished(few.state)
    assert few.count(Listing, Listing.status == "live") == 7
    assert few.count(ExpressionOfInterest) == 2


def test_demo_people_sign_in_with_the_passphrase_printed(few: Bazaar) -> None:
    few.load()
    dev = accounts.named(few.session, "dev")
    assert passwords.verify_password(passwords.stored_hash(few.session, dev.id), script().passphrase)
    assert dev.is_staff
    assert script().passphrase in load.people_lines()[0]
    assert policy.missing(few.session, dev.id, policy.OnBehalfOf.FIRM) == []


def test_nobody_is_mailed_about_what_the_script_says(few: Bazaar) -> None:
    few.load()
    asha = accounts.named(few.session, "asha")
    assert notices.backlog(few.session)[notices.State.QUEUED] == 0
    assert notices.unread_count(few.session, asha.id) == 2


def test_the_newest_goods_stand_first(few: Bazaar) -> None:
    few.load()
    posted = few.session.scalars(sa.select(Listing.posted_at).order_by(Listing.posted_no)).all()
    assert posted == sorted(posted)
    assert all(moment < now() for moment in posted)


def test_charu_was_shown_nothing(few: Bazaar) -> None:
    few.load()
    charu, bina = (accounts.named(few.session, username).id for username in ("charu", "bina"))
    assert few.count(Disclosure, Disclosure.recipient_id == charu) == 0
    assert few.count(Disclosure, Disclosure.recipient_id == bina) == 2


def test_somebody_elses_name_is_left_alone(few: Bazaar) -> None:
    with few.state.database.apart() as session:
        goods.account(session, "asha")
    with pytest.raises(Refusal):
        few.load()
    assert few.count(Listing) == 0


def test_production_gets_no_people_with_a_known_passphrase(few: Bazaar) -> None:
    few.state.settings = replace(few.state.settings, environment="production")
    with pytest.raises(Refusal):
        few.load()
    assert few.count(Account) == 0
