"""Notices as a page: everything we told a person stands there, for them alone, and is marked as read by a press."""

from __future__ import annotations

from urllib.parse import urlsplit

import pytest

from intrakraft.db import Database
from intrakraft.domain import notices
from intrakraft.domain.base import now
from intrakraft.domain.notices import CONTENTS, MAIL_FIELDS, SHOWN, Kind
from tests.makers import Person
from tests.people import Visit
from tests.web.test_interests import sent


@pytest.mark.criterion("C1")
def test_an_interest_stands_there_at_once_and_is_read_by_one_press(
    visit: Visit, asha: Person, bina: Person, dupatta: int
) -> None:
    sent(visit(bina), dupatta, message="Between us")
    page = visit(asha).get("/notices")
    assert "bina asked about your goods" in page.words("lines") and "New" in page.words("lines")
    assert not any(secret in page.text for secret in bina.secrets)
    assert page.link("asked about your goods").path == f"/listings/{dupatta}"
    page = page.form("/notices/reading").submit()
    assert "New" not in page.words("lines") and not page.tree.xpath("//*[@class='count']")


def test_every_kind_of_notice_has_its_words(visit: Visit, asha: Person, database: Database) -> None:
    values = {name: f"{name}-value" for name in MAIL_FIELDS} | {"minutes": 15, "listing_id": 7, "when": now()}
    with database.apart() as session:
        for kind in SHOWN:
            notices.queue(session, kind, to=asha.id, **{name: values[name] for name in CONTENTS[kind].needs})
    page = visit(asha).get("/notices")
    assert len(page.part("lines").xpath("./li")) == len(SHOWN)
    assert "listing_title-value" in page.text and "what-value" in page.text and "state-value" in page.text
    assert "%(" not in page.text and "None" not in page.words("lines")


def test_codes_and_links_never_stand_there(visit: Visit, asha: Person, database: Database) -> None:
    with database.apart() as session:
        notices.queue(session, Kind.SIGN_IN_CODE, to=asha.id, code="424242", minutes=15)
    page = visit(asha).get("/notices")
    assert "424242" not in page.text and "Nothing to tell you" in page.words("main")


@pytest.mark.promise("P-122")
def test_they_are_the_persons_own(visit: Visit, asha: Person, bina: Person, charu: Person, dupatta: int) -> None:
    sent(visit(bina), dupatta)
    page = visit(charu).get("/notices")
    assert "Nothing to tell you" in page.words("main")
    token = page.form("choices").values()["csrf_token"]
    page.visitor.post("/notices/reading", {"csrf_token": token})
    assert "New" in visit(asha).get("/notices").words("lines")
    stranger = visit()
    assert urlsplit(stranger.client.get("/notices").location).path == "/sign-in"
