"""The demo bazaar is believable, allowed to be shipped, and safe to load twice.

Everybody in it is invented; places, categories, licences and licences' texts are checked one by one.
"""

from collections import Counter

import phonenumbers
import pytest
from PIL import Image

from intrakraft.demo.script import FOLDER, Goods, Person, script
from intrakraft.domain import categories
from intrakraft.domain.places import place_of_pin

PEOPLE = script().people
GOODS = script().goods


def named(thing: Person | Goods) -> str:
    return thing.username if isinstance(thing, Person) else f"{thing.lister}: {thing.title[:24]}"


def test_there_is_enough_to_look_at() -> None:
    assert len({goods.lister for goods in GOODS}) >= 16
    assert len(GOODS) >= 160
    assert len({person.state for person in PEOPLE}) >= 15
    assert {"owner", "buyer", "stranger", "staff"} == {person.role for person in PEOPLE}


def test_hindi_and_other_languages_stand_beside_english() -> None:
    languages = Counter(goods.language for goods in GOODS)
    assert languages["hi"] >= 20
    assert {"ta", "bn", "gu"} <= set(languages)
    assert all(any("ऀ" <= letter <= "ॿ" for letter in goods.title) for goods in GOODS if goods.language == "hi")


@pytest.mark.parametrize("person", PEOPLE, ids=named)
def test_a_person_lives_where_their_pin_says(person: Person) -> None:
    place = place_of_pin(person.pin)
    assert place is not None
    assert (place.state, person.district in place.districts) == (person.state, True)


@pytest.mark.parametrize("person", PEOPLE, ids=named)
def test_nobody_real_can_be_reached(person: Person) -> None:
    assert person.email.endswith(("@example.in", "@example.com"))
    assert not person.phone or person.phone.startswith("+91 90000 000")
    assert not person.phone or phonenumbers.is_valid_number(phonenumbers.parse(person.phone))


def test_every_person_is_somebody_else() -> None:
    assert len({person.username for person in PEOPLE}) == len({person.email for person in PEOPLE}) == len(PEOPLE)
    phones = [person.phone for person in PEOPLE if person.phone]
    assert len(set(phones)) == len(phones)


def test_goods_have_a_category_a_price_and_words() -> None:
    wrong = [named(goods) for goods in GOODS if not categories.is_leaf(goods.category)]
    assert not wrong
    assert all(goods.price_paise >= 100 and len(goods.description) >= 60 for goods in GOODS)
    assert len({(goods.lister, goods.title) for goods in GOODS}) == len(GOODS)


def test_nobody_lists_before_they_joined() -> None:
    joined = {person.username: person.joined_days_ago for person in PEOPLE}
    assert not [named(goods) for goods in GOODS if goods.days_ago + 1 >= joined[goods.lister]]


def test_interests_are_in_goods_of_others_that_exist() -> None:
    listed = {(goods.lister, goods.title): goods for goods in GOODS}
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
    assert {name for goods in GOODS for name in goods.pictures} == set(pictures)
    for picture in pictures.values():
        assert len(picture.read()) <= (30_000 if picture.kind == "drawing" else 60_000)
        with Image.open(FOLDER / "pictures" / picture.file) as opened:
            assert not opened.getexif()
    assert sum(path.stat().st_size for path in FOLDER.rglob("*") if path.is_file()) < 2_500_000
