"""Choices: language, data saver and colours by a form without script, in one small cookie that is written by a choice alone."""

from __future__ import annotations

import pytest

from intrakraft.db import Database
from intrakraft.web.choices import Choices, parse
from tests.makers import Person
from tests.people import Visit
from tests.visitor import FETCH, Page, Visitor


def choose(visitor: Visitor, kind: str, path: str = "/listings?q=cotton", **value: str) -> Page:
    """Press a button of the foot of a page."""
    form = visitor.get(path).form("choices").values()
    return visitor.post(f"/choices/{kind}", {**form, **value})


@pytest.mark.criterion("T1")
def test_the_language_changes_where_one_stands_and_stays(visit: Visit) -> None:
    visitor = visit()
    page = choose(visitor, "language", language="hi")
    assert page.path == "/listings?q=cotton" and page.tree.get("lang") == "hi"
    assert visitor.get("/policy").tree.get("lang") == "hi"
    assert choose(visitor, "language", language="en").tree.get("lang") == "en-IN"


def test_the_browsers_language_counts_until_one_is_chosen(visit: Visit) -> None:
    assert visit(Accept_Language="hi-IN,en;q=0.5").get("/").tree.get("lang") == "hi"
    assert visit(Accept_Language="fr").get("/").tree.get("lang") == "en-IN"
    visitor = visit(Accept_Language="hi")
    assert choose(visitor, "language", language="en").tree.get("lang") == "en-IN"


@pytest.mark.criterion("T3")
def test_data_saver_leaves_script_and_photos_out_by_choice_or_by_header(visit: Visit) -> None:
    by_header = visit(Save_Data="on")
    page = by_header.get("/")
    assert not page.tree.xpath("//script") and "saver" in page.tree.get("class") and "KB" in page.words()
    assert choose(by_header, "saver", saver="0").tree.xpath("//script")
    by_choice = visit()
    assert by_choice.get("/").tree.xpath("//script")
    assert not choose(by_choice, "saver", saver="1").tree.xpath("//script")


def test_colours_are_those_of_the_device_until_chosen(visit: Visit) -> None:
    visitor = visit()
    assert visitor.get("/").tree.get("data-theme") is None
    for letter, name in (("l", "light"), ("d", "dark"), ("", None)):
        assert choose(visitor, "theme", theme=letter).tree.get("data-theme") == name


@pytest.mark.promise("P-038", "P-042", "P-051")
def test_one_cookie_of_three_letters_is_written_by_the_choice_alone(visit: Visit) -> None:
    visitor = visit()
    visitor.get("/"), visitor.get("/listings")
    assert visitor.cookies() == []
    for kind, value in (("language", {"language": "hi"}), ("saver", {"saver": "1"}), ("theme", {"theme": "d"})):
        choose(visitor, kind, **value)
    ((_, cookie),) = visitor.cookies()
    assert (cookie.key, cookie.value) == ("choices", "hi.1.d")


@pytest.mark.promise("P-052")
def test_without_cookies_a_choice_is_harmless(visit: Visit) -> None:
    visitor = visit()
    form = visitor.get("/").form("choices").values()
    client = visitor.client.application.test_client(use_cookies=False)
    answer = client.post("/choices/language", data={**form, "language": "hi"}, headers=FETCH)
    assert (answer.status_code, answer.location) == (303, "/")


def test_an_odd_cookie_is_no_choice(visit: Visit) -> None:
    visitor = visit()
    for value in ("", "x", "..", "hi", "xx.7.q", "hi.1.d.extra", "<script>", "\u0000", "." * 3000):
        assert parse(value) == Choices()
        visitor.client.set_cookie("choices", value)
        assert visitor.get("/").tree.get("lang") == "en-IN", value


def test_an_odd_choice_is_none_and_leads_nowhere_else(visit: Visit) -> None:
    visitor = visit()
    form = visitor.get("/").form("choices").values()
    for kind, value in (("language", "xx"), ("saver", "<b>"), ("theme", "neon")):
        for onward in (
            "https://evil.example/",
            "//evil.example",
            "/\\evil.example",
            "javascript:alert(1)",
            "",
            "\r\n/x",
        ):
            answer = visitor.client.post(f"/choices/{kind}", data={**form, kind: value, "next": onward}, headers=FETCH)
            assert (answer.status_code, answer.location) == (303, "/"), onward
    page = visitor.get("/")
    assert (page.tree.get("lang"), page.tree.get("data-theme"), bool(page.tree.xpath("//script"))) == (
        "en-IN",
        None,
        True,
    )


def test_whoever_is_signed_in_gets_mails_in_the_language_they_chose(
    visit: Visit, asha: Person, database: Database
) -> None:
    assert choose(visit(asha), "language", path="/account", language="hi").tree.get("lang") == "hi"
    with database.apart() as session:
        assert asha.account(session).language == "hi"
    assert visit(asha).get("/account").tree.get("lang") == "hi", "on every device"
