"""Two languages: the switch needs no script, and where Hindi is read no sentence of ours is English, pages and mails alike.

The English sentences are those of the catalogue itself, so a page that forgets to translate one is found.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache

import pytest
import time_machine

from intrakraft.adapters.letters import Letters
from intrakraft.domain import accounts, notices
from intrakraft.domain.base import Model
from intrakraft.domain.labels import registration_labels
from intrakraft.domain.notices import Kind
from intrakraft.web.choices import Choices
from intrakraft.web.forms import Form, Line
from intrakraft.web.state import of
from intrakraft.web.work import address_maker
from tests.adapters.test_mail import FIELDS, OPERATOR
from tests.makers import make_listing, make_person
from tools import translations

HINDI = {"Accept-Language": "hi-IN,hi;q=0.9,en-IN;q=0.8,en;q=0.7"}
SPOKEN = ("alt", "title", "placeholder", "aria-label", "data-silent", "data-done")
HOLE = re.compile(r"%\(\w+\)[sd]")
LONG_ENOUGH = 8  # letters that a sentence must have beside its placeholders to be known again
GOODS = {"title": "सूती दुपट्टा, नील छपाई", "description": "हाथ की छपाई, ढाई मीटर।"}
SAMPLES = ("/gallery", "/metrics", "/healthz", "/photos/", "/static/", "/.well-known/security.txt")
OURS = {"name": "आशा छीपा", "street": "14 छीपा मोहल्ला"}


@pytest.fixture
def lister(database):
    return make_person(database, "asha", **OURS)


@pytest.fixture
def dupatta(database, lister) -> int:
    return make_listing(database, lister, **GOODS)


def choose(page, language: str, **changes: str):
    """Press the button of a language, in the bar or the foot; gives the page it leads to."""
    assert page.tree.xpath(f"//button[@form='choices'][@name='language'][@value='{language}']")
    return send(page, language=language, **changes)


def send(page, **changes: str):
    """Send the form of choices with these values."""
    form = page.part("choices")
    return page.visitor.post(form.get("action"), {**dict(form.form_values()), **changes})


def language_of(database, person) -> str:
    with database.apart() as session:
        return person.account(session).language


# -- what is English --


@cache
def english() -> tuple[frozenset[str], tuple[re.Pattern[str], ...]]:
    """Every English sentence that Hindi words differently: those without placeholders, and patterns of the others."""
    plain, holed = set(), []
    for message in translations.read("hi"):
        pairs = zip(texts(message.id), texts(message.string), strict=True) if message.id else ()
        for one, said in pairs:
            if one != said and not HOLE.search(one):
                plain.add(one)
            elif one != said and len(re.findall(r"[A-Za-z]", HOLE.sub("", one))) >= LONG_ENOUGH:
                holed.append(re.compile("(.+)".join(map(re.escape, HOLE.split(one)))))
    return frozenset(plain), tuple(holed)


def texts(text: str | tuple[str, ...]) -> tuple[str, ...]:
    return (text,) if isinstance(text, str) else tuple(text)


def read_out(tree) -> Iterator[str]:
    """Every text of a page, and every attribute that is shown or read out."""
    for element in tree.iter():
        if isinstance(element.tag, str) and element.tag not in ("script", "style"):
            found = [element.text, *(child.tail for child in element), *(element.get(name) for name in SPOKEN)]
            yield from (" ".join(one.split()) for one in found if one and one.strip())


@cache
def is_english(text: str) -> bool:
    plain, holed = english()
    bare = text.removesuffix(" · Intrakraft").strip(" ,")
    return bare in plain or any(pattern.fullmatch(bare) for pattern in holed)


def left_in_english(page) -> list[str]:
    return [text for text in read_out(page.tree) if is_english(text)]


def addresses(app, **known: object) -> list[str]:
    """Every page that can be opened, with `known` in the places of its address."""
    rules = [rule for rule in app.url_map.iter_rules() if "GET" in rule.methods and not rule.rule.startswith(SAMPLES)]
    filled = [(rule.rule, {name: known.get(name, 1) for name in rule.arguments}) for rule in rules]
    return sorted(re.sub(r"<(?:[^:>]+:)?(\w+)>", lambda m, values=v: str(values[m[1]]), path) for path, v in filled)


# -- the switch --


@pytest.mark.criterion("T1")
def test_the_switch_is_a_plain_form_and_leads_back_to_the_page(visit, dupatta):
    page = visit().get(f"/listings/{dupatta}")
    assert page.tree.get("lang") == "en-IN" and "Ask the lister" in page.words()
    turned = choose(page, "hi")
    assert turned.path == f"/listings/{dupatta}"
    assert turned.tree.get("lang") == "hi" and "बेचने वाले से पूछें" in turned.words()
    again = choose(turned, "en")
    assert again.tree.get("lang") == "en-IN" and "Ask the lister" in again.words()


@pytest.mark.criterion("T1")
def test_by_htmx_the_whole_page_is_fetched_anew(visit):
    live, plain = visit(), visit()
    values = {**dict(live.get("/support").part("choices").form_values()), "language": "hi"}
    answer = live.send_live("/choices/language", values, "main")
    assert (answer.status_code, answer.headers["HX-Redirect"]) == (204, "/support")
    assert live.get("/support").words("main") == choose(plain.get("/support"), "hi").words("main")


def test_the_button_says_the_other_language_in_its_own_letters(visit):
    for headers, code, name in (({}, "hi", "हिन्दी"), (HINDI, "en", "English")):
        buttons = visit(**headers).get("/").tree.xpath("//button[@name='language']")
        assert {(b.get("value"), b.get("lang"), b.text) for b in buttons} == {(code, code, name)}


@pytest.mark.parametrize("typed", ["", "fr", "HI", "hi.1.d", "हिन्दी", "h" * 3000])
def test_a_language_that_we_do_not_speak_is_no_choice(visit, typed):
    assert send(visit().get("/"), language=typed).tree.get("lang") == "en-IN"


def test_the_way_back_leads_to_no_other_site(visit):
    assert choose(visit().get("/support"), "hi", next="https://evil.example/").path == "/"


# -- the cookie --


def test_a_cookie_comes_with_the_choice_and_not_before(visit):
    visitor = visit(**HINDI)
    page = visitor.get("/")
    assert page.tree.get("lang") == "hi" and not visitor.cookies()
    choose(page, "en")
    assert [name[2] for name, _ in visitor.cookies()] == ["choices"]
    assert visitor.get("/").tree.get("lang") == "en-IN"


@pytest.mark.parametrize("saver", [True, False, None])
def test_the_cookie_is_64_bytes_at_most(saver):
    assert len(f"__Host-choices={Choices('hi', saver, 'd')}") <= 64


# -- whose language --


@pytest.mark.parametrize(
    ("asked", "lang"),
    [
        ("hi", "hi"), ("hi-IN,en;q=0.8", "hi"), ("HI-in", "hi"), ("en-IN,hi;q=0.9", "en-IN"), ("hi;q=0.3,en", "en-IN"),
        ("ta,mr;q=0.9,hi;q=0.5", "hi"), ("ta", "en-IN"), ("hi;q=0", "en-IN"), ("*", "en-IN"), ("", "en-IN"),
        (";;,,hi-", "hi"), ("x" * 5000, "en-IN"),
    ],
)  # fmt: skip
def test_the_browser_is_asked_first(visit, asked, lang):
    page = visit(**{"Accept-Language": asked}).get("/support")
    assert page.tree.get("lang") == lang
    assert "Accept-Language" in page.response.headers["Vary"] and "Cookie" in page.response.headers["Vary"]


def test_signed_in_the_account_decides_and_a_choice_changes_it(visit, database, bina):
    visitor = visit(bina, **HINDI)
    page = visitor.get("/account")
    assert page.tree.get("lang") == "en-IN"
    choose(page, "hi")
    assert language_of(database, bina) == "hi"
    assert visit(bina).get("/account").tree.get("lang") == "hi"


def test_a_stranger_changes_nobodys_account(visit, database, bina):
    choose(visit().get("/"), "hi")
    assert language_of(database, bina) == "en"


@pytest.mark.settings(queue_url="immediate:")
def test_mails_come_in_the_language_of_the_account(app, visit, database, bina):
    choose(visit(bina).get("/account"), "hi")
    with database.apart() as session:
        notices.queue(session, Kind.SIGN_IN_CODE, to=bina.id, code="482913", minutes=10)
    (letter,) = of(app).mail.latest(1)
    assert letter.subject == "साइन इन करने का कोड"
    assert f"नमस्ते {bina.name} जी" in letter.text and "10 मिनट" in letter.text


# -- no English is left --


@pytest.mark.parametrize("signed_in", [False, True], ids=["signed out", "signed in"])
def test_no_page_says_a_sentence_in_english(app, visit, lister, bina, dupatta, signed_in):
    visitor = visit(lister if signed_in else None, **HINDI)
    choose(visitor.get("/"), "hi") if signed_in else None
    visit(bina).get(f"/listings/{dupatta}").form("interest").submit(both=False, message="क्या यह अभी है?")
    left, seen = {}, 0
    for path in addresses(app, listing_id=dupatta, username="asha"):
        page = visitor.get(path)
        if page.response.mimetype == "text/html":
            assert page.tree.get("lang") == "hi", path
            seen, left[path] = seen + 1, left_in_english(page)
    assert seen > 40
    assert not {path: found for path, found in left.items() if found}


def test_english_is_found_where_it_stands(visit, dupatta):
    assert left_in_english(visit().get(f"/listings/{dupatta}"))


@pytest.mark.parametrize("path", ["/listings?q=नहीं", "/listings?category=saris&state=RJ", "/listings?state=KL", "/no"])
def test_searches_and_refusals_are_hindi(visit, dupatta, path):
    page = visit(**HINDI).get(path)
    assert page.tree.get("lang") == "hi" and not left_in_english(page)


@pytest.mark.parametrize("path", ["/registration", "/sign-in", "/password-reset", "/support/child-reports"])
def test_what_is_wrong_with_a_form_is_said_in_hindi(visit, path):
    visitor = visit(**HINDI)
    page = visitor.post(path, {"csrf_token": visitor.get("/").part("choices").form_values()[0][1]})
    assert page.status == 422 and "ठीक करनी" in page.words("main")
    assert not left_in_english(page)


def test_what_the_form_library_says_is_ours(visit, lister):
    visitor = visit(lister)
    choose(visitor.get("/"), "hi")
    wrong = {"name": "क" * 121, "state": "Atlantis"}
    page = visitor.get("/account/contact").form("contact").submit(both=False, **wrong)
    assert page.status == 422 and not left_in_english(page)
    assert "ज़्यादा से ज़्यादा 120 अक्षर लिखें।" in page.words() and "सूची में से एक चुनें।" in page.words()


def test_a_sentence_of_the_form_library_that_we_do_not_know_is_not_repeated(app):
    class Small(Form):
        field = Line()

    with app.test_request_context(headers=HINDI):
        assert Small().field.gettext("Invalid Mac address.") == "यह नहीं चलेगा। जाँच लें।"


def test_states_and_kinds_are_named_in_hindi(visit, dupatta):
    page = visit(**HINDI).get(f"/listings/{dupatta}")
    assert "राजस्थान" in page.words("main") and "दुपट्टे और स्टोल" in page.words("main")


def test_one_and_many_are_told_apart(app):
    from flask_babel import ngettext

    with app.test_request_context(headers=HINDI):
        told = [ngettext("One thing to put right", "%(num)s things to put right", number) for number in (1, 3)]
    assert told == ["एक बात ठीक करनी है", "3 बातें ठीक करनी हैं"]


# -- numbers and times --


def test_times_are_hindi_words_with_latin_digits(visit, database, lister):
    with time_machine.travel("2026-11-20 06:00 +0000", tick=False):
        listing_id = make_listing(database, lister, **GOODS)
    with time_machine.travel("2026-11-23 06:00 +0000", tick=False):
        words = visit(**HINDI).get(f"/listings/{listing_id}").words()
    assert "3 दिन पहले डाला" in words and "₹1,150" in words and "प्रति नग" in words
    assert not re.search("[०-९]", words)


# -- mails, and the notice of the form --


@pytest.fixture
def letters(app) -> Letters:
    return Letters(OPERATOR, address_maker(app, "http://localhost"))


@pytest.mark.parametrize("kind", list(Kind))
def test_every_mail_is_hindi(letters, kind):
    from lxml import html

    fields = {**FIELDS, "what": "passkey added", "state": "on hold", "reason": "The time is over."}
    written = letters(kind, "hi", fields)
    tree = html.fromstring(written.html)
    said = [written.subject, *(line.rstrip(":") for line in written.text.splitlines()), *read_out(tree)]
    assert tree.get("lang") == "hi" and not [line for line in said if line and is_english(line)]
    assert not re.search("[०-९]", written.text + written.html)


def test_a_mail_in_hindi_keeps_its_moment_in_hindi(letters):
    assert "मंगल 24 नवंबर, 10:51" in letters(Kind.NEW_DEVICE, "hi", FIELDS).text


def test_what_changed_is_kept_in_no_language_and_told_in_each(database, visit, lister):
    with database.apart() as session:
        notices.queue(session, Kind.SECOND_STEP_CHANGED, to=lister.id, what="passkey added", device="Chrome")
        accounts.freeze(session, lister.account(session), "Somebody told us that this account belongs to a child.")
    visitor = visit(lister)
    assert "Your second step was changed: passkey added" in visitor.get("/notices").words()
    choose(visitor.get("/notices"), "hi")
    words = visitor.get("/notices").words()
    assert "आपका दूसरा क़दम बदला गया: पासकी जोड़ी" in words and "आपका खाता अब: रोका हुआ" in words


def test_every_reason_of_the_registration_form_is_translated():
    known = translations.read("hi")
    assert not [name for name, label in registration_labels(Model.metadata) if known.get(label.why) is None]


def test_nothing_is_missing_and_nothing_is_stale():
    assert list(translations.problems("hi")) == []
