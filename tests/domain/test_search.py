"""Search: every script is found as it is typed, no input is an error, pages follow each other without a gap, nothing is counted."""

import json
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from intrakraft.domain import listings, search
from intrakraft.domain.accounts import Account
from intrakraft.domain.folding import fold, language_of, words_of
from intrakraft.domain.listings.cards import _statement
from tests.goods import account, photo, put_up, titles


@pytest.fixture
def asha(session: Session) -> Account:
    return account(session)


SAID = [  # a title, and ways of asking for it
    ("बनारसी साड़ी, ज़री बॉर्डर", ["बनारसी", "साड़ी", "साडी", "ज़री", "जरी साड़ी"]),
    ("सूती दुपट्टा, 2.25 मीटर", ["दुपट्टा", "२.२५ मीटर", "सूती"]),
    ("பருத்தி சேலை, சுங்குடி", ["சேலை", "சுங்குடி பருத்தி"]),
    ("ఏటికొప్పాక బొంగరాలు, 12", ["బొంగరాలు", "ఏటికొప్పాక 12"]),
    ("বাঁশের ঝুড়ি, ঢাকনা সহ", ["ঝুড়ি", "ঝুডি", "বাঁশের"]),
    ("પટોળા સાડી", ["પટોળા", "સાડી"]),
    ("ಇಳಕಲ್ ಸೀರೆ", ["ಸೀರೆ", "ಇಳಕಲ್"]),
    ("കൈത്തറി മുണ്ട്", ["മുണ്ട്", "കൈത്തറി"]),
    ("ਫੁਲਕਾਰੀ ਦੁਪੱਟਾ", ["ਦੁਪੱਟਾ"]),
    ("ସମ୍ବଲପୁରୀ ଶାଢ଼ୀ", ["ଶାଢ଼ୀ"]),
    ("سوتی دوپٹہ", ["دوپٹہ"]),
    ("Café cups, glazed, 90 ml", ["cafe", "CUP", "café cups", "90 cups glazed"]),
    ("Block-printed dupattas", ["dupatta", "dupattas", "block printed"]),
]


@pytest.mark.parametrize(("title", "asked"), SAID)
def test_goods_are_found_in_every_script(session: Session, asha: Account, title: str, asked: list[str]) -> None:
    put_up(session, asha, "Something quite different", category="brassware", description="")
    put_up(session, asha, title, category="brassware")
    for words in asked:
        assert titles(listings.find(session, words)) == [title], words


def test_a_whole_word_is_asked_for_never_its_pieces(session: Session, asha: Account) -> None:
    put_up(session, asha, "बनारसी साड़ी", category="brassware")
    assert titles(listings.find(session, "बन")) == titles(listings.find(session, "रस")) == []


def test_every_word_has_to_be_there(session: Session, asha: Account) -> None:
    put_up(session, asha, "Cotton dupatta"), put_up(session, asha, "Silk dupatta")
    assert titles(listings.find(session, "dupatta")) == ["Silk dupatta", "Cotton dupatta"]
    assert titles(listings.find(session, "dupatta cotton")) == ["Cotton dupatta"]
    assert titles(listings.find(session, "dupatta cotton silk")) == []


def test_shop_town_state_and_kind_are_found_by_name(session: Session, asha: Account) -> None:
    put_up(session, asha, "One good thing", pin="682001")
    for words in ("rangrez", "kochi ernakulam", "kerala", "केरल", "stoles", "दुपट्टे"):
        assert len(listings.find(session, words).cards) == 1 or words == "kochi ernakulam", words
    assert titles(listings.find(session, "rajasthan")) == []


def test_a_business_that_changes_its_name_is_found_by_the_new_one(session: Session, asha: Account) -> None:
    put_up(session, asha)
    asha.place_of_business = "Neelkanth Pottery"
    listings.index_all_of(session, asha)
    assert len(listings.find(session, "neelkanth").cards) == 1
    assert titles(listings.find(session, "rangrez")) == []


def test_an_edit_is_found_by_its_new_words_only(session: Session, asha: Account) -> None:
    listing = put_up(session, asha, "Copper bottle", category="copperware")
    listings.keep(session, listing, {"title": "Brass lamp", "category": "brassware"})
    listings.put_up(session, listing, by=asha)
    assert titles(listings.find(session, "bottle")) == titles(listings.find(session, "copper")) == []
    assert titles(listings.find(session, "lamp")) == ["Brass lamp"]
    assert titles(listings.newest(session, category="copperware")) == []


@pytest.mark.promise("P-016")
def test_what_leaves_the_index_leaves_no_word_behind(session: Session, asha: Account) -> None:
    listing = put_up(session, asha, "Sandalwood elephant")
    listings.pause(session, listing)
    session.flush()
    assert session.scalar(sa.select(sa.func.count()).select_from(search.SearchEntry)) == 0
    assert titles(listings.find(session, "sandalwood")) == []


# -- filters --


def test_kind_and_state_narrow_words_and_no_words(session: Session, asha: Account) -> None:
    put_up(session, asha, "Cotton dupatta", category="dupattas-stoles", pin="302029")
    put_up(session, asha, "Cotton sari", category="saris", pin="682001")
    put_up(session, asha, "Brass lamp", category="brassware", pin="682001")
    assert titles(listings.newest(session, category="saris")) == ["Cotton sari"]
    assert titles(listings.newest(session, category="cloth")) == ["Cotton sari", "Cotton dupatta"]
    assert titles(listings.newest(session, state="32")) == ["Brass lamp", "Cotton sari"]
    assert titles(listings.find(session, "cotton", category="cloth", state="32")) == ["Cotton sari"]
    assert titles(listings.find(session, "cotton", state="27")) == []


def test_the_town_is_a_filter_too(session: Session, asha: Account) -> None:
    put_up(session, asha, "Cotton dupatta")
    put_up(session, asha, "Sold in Sanganer by name only", pin="682001")
    assert titles(listings.find(session, "", town="sanganer")) == ["Cotton dupatta"]


def test_words_that_look_like_a_filter_are_words(session: Session, asha: Account) -> None:
    put_up(session, asha, "Brass lamp", category="brassware")
    assert titles(listings.find(session, "\ue000cbrassware")) == []
    put_up(session, asha, "A plain thing \ue000csari", category="brassware")
    assert titles(listings.newest(session, category="saris")) == []


# -- any input --

HOSTILE = [
    '"',
    "'",
    "a AND",
    "NOT",
    "NEAR(a b)",
    "words:lamp",
    "lamp*",
    "^lamp",
    "(lamp",
    "a\x00b",
    "%_",
    "\\",
    "--",
    ":* & |",
    "!lamp",
    "💥",
    "\ud800x",
]


@pytest.mark.parametrize("text", HOSTILE)
def test_signs_and_operators_mean_nothing(session: Session, asha: Account, text: str) -> None:
    put_up(session, asha, "Brass lamp", category="brassware")
    assert titles(listings.find(session, text)) == (["Brass lamp"] if words_of(text) == ["lamp"] else [])


def test_no_string_of_the_naughty_list_is_an_error(session: Session, asha: Account, shared_data: Path) -> None:
    put_up(session, asha)
    for text in json.loads((shared_data / "strings" / "blns.json").read_text()):
        listings.find(session, text, town=text)
        listings.find(session, text, state=text, category="cloth")


def test_a_very_long_query_is_cut(session: Session, asha: Account) -> None:
    query = search.query("word" * 1000 + " a b c d e f g h i j k l m n")
    assert len(query.words) == search.MOST_WORDS
    assert max(map(len, query.words)) <= 48
    assert titles(listings.find(session, "x" * 100_000)) == []


# -- pages --


def test_pages_follow_each_other_without_gap_or_repeat(session: Session, asha: Account) -> None:
    for number in range(7):
        put_up(session, asha, f"Goods number {number}")
    seen: list[str] = []
    before = None
    for _ in range(4):
        page = listings.find(session, "goods", before=before, limit=2)
        seen, before = [*seen, *titles(page)], page.next_before
    assert seen == [f"Goods number {number}" for number in reversed(range(7))]
    assert before is None


def test_a_full_last_page_has_no_next(session: Session, asha: Account) -> None:
    put_up(session, asha, "One of two"), put_up(session, asha, "Two of two")
    assert listings.newest(session, limit=2).next_before is None


@pytest.mark.parametrize("words", ["", "dupatta"])
def test_one_query_for_any_number_of_cards(session: Session, asha: Account, words: str, statements: list[str]) -> None:
    for number in range(5):
        photo(session, put_up(session, asha, f"Cotton dupatta {number}"))
    session.flush()
    statements.clear()
    page = listings.find(session, words, category="cloth")
    assert len(statements) == 1 and len(page.cards) == 5
    assert all(card.photo and card.print and card.per and card.business for card in page.cards)


@pytest.mark.sqlite
@pytest.mark.parametrize(("words", "kind"), [("", ""), ("dupatta", ""), ("dupatta", "cloth"), ("", "saris")])
def test_a_page_is_one_walk_of_an_index(session: Session, words: str, kind: str, statements: list[str]) -> None:
    listings.find(session, words, category=kind)
    plan = explained(session, statements[-1])
    assert "TEMP B-TREE" not in plan and "SCAN listing " not in plan
    assert ("VIRTUAL TABLE INDEX" in plan) == bool(words or kind)


def explained(session: Session, statement: str) -> str:
    values = [1] * statement.count("?")
    if "MATCH" in statement:
        values[statement[: statement.index("MATCH")].count("?")] = "x"  # type: ignore[call-overload]
    rows = session.connection().connection.dbapi_connection.execute(f"EXPLAIN QUERY PLAN {statement}", values)
    return "\n".join(row[3] for row in rows)


def test_no_statement_counts_skips_or_scans_text(session: Session, asha: Account, statements: list[str]) -> None:
    put_up(session, asha)
    statements.clear()
    listings.newest(session, before=99), listings.find(session, "dupatta", category="cloth", state="08")
    assert len(statements) == 2
    assert not [text for text in statements if "count(" in text.lower() or " like " in text.lower()]
    for query in (search.query(), search.query("dupatta")):
        assert _statement(search.matching(session, query)[0])._offset_clause is None


# -- folding --


def test_folding_is_the_same_for_every_way_of_typing() -> None:
    assert fold("साड़ी") == fold("सा\u0921\u093cी") == fold("साडी")
    assert fold("Café") == fold("CAFE\u0301") == "cafe"
    assert fold("क्\u200dष") == fold("क्ष")
    assert fold("٢५௫") == "255"


def test_plurals_meet_their_singular_and_other_words_stay() -> None:
    pairs = [("saris", "sari"), ("boxes", "box"), ("dupattas", "dupatta"), ("berries", "berry"), ("dishes", "dish")]
    for plural, singular in pairs:
        assert words_of(plural) == words_of(singular)
    assert words_of("brass glass gas") == ["brass", "glass", "gas"]


def test_the_language_of_a_text_is_told_by_its_script() -> None:
    told = {"सूती दुपट्टा": "hi", "शेतकरी बाळ": "mr", "চা বাগান": "bn", "ৰেচমী": "as", "சேலை": "ta", "Cotton": "", "123": ""}
    assert {text: language_of(text) for text in told} == told
