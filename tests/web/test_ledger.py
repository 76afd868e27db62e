"""Who saw my details: the person concerned reads it, and one word of theirs closes the door."""

from __future__ import annotations

from urllib.parse import urlsplit

import pytest

from tests.makers import Person, make_listing
from tests.people import Visit
from tests.web.test_interests import sent


@pytest.mark.promise("P-096", "P-098")
def test_a_line_says_who_what_why_and_under_which_policy_and_holds_no_contact(
    visit: Visit, asha: Person, bina: Person, dupatta: int
) -> None:
    sent(visit(bina), dupatta)
    page = visit(asha).get("/privacy/who-saw")
    line = page.words("lines")
    for told in (
        "bina",
        "Name, Place of business, E-mail, Phone, Address",
        "cotton dupatta",
        "second step",
        "Policy of",
    ):
        assert told in line
    assert "Open" in line and not any(secret in page.text for secret in (*asha.secrets, *bina.secrets))


@pytest.mark.promise("P-097")
def test_misused_is_asked_first_and_shuts_the_person_out(
    visit: Visit, asha: Person, bina: Person, dupatta: int
) -> None:
    other = make_listing(visit().database, asha, title="Cotton sari")
    buyer = sent(sent(visit(bina), dupatta), other)
    asked = visit(asha).get("/privacy/who-saw").link("Misused? bina")
    assert "Did bina misuse your contact?" in asked.words("confirm")
    page = asked.form("confirm").submit()
    assert "Misused, you said so" in page.words("lines") and "Closed" in page.words("lines")
    for listing_id in (dupatta, other):
        assert not any(secret in buyer.get(f"/listings/{listing_id}").text for secret in asha.secrets)
    fresh = make_listing(buyer.database, asha, title="Cotton shawl")
    refused = buyer.get(f"/listings/{fresh}").form("interest").submit(message="Please")
    assert refused.status == 403 and not any(secret in refused.text for secret in asha.secrets)


@pytest.mark.promise("P-017", "P-122")
def test_a_line_is_its_owners_alone(visit: Visit, asha: Person, bina: Person, charu: Person, dupatta: int) -> None:
    sent(visit(bina), dupatta)
    for person in (bina, charu):
        page = visit(person).get("/privacy/who-saw")
        assert "Nobody has seen your details" in page.words("main")
        token = page.form("choices").values()["csrf_token"]
        assert page.visitor.get("/privacy/who-saw/1/misuse").status == 404
        assert page.visitor.post("/privacy/who-saw/1/misuse", {"csrf_token": token}).status == 404
    stranger = visit()
    for path in ("/privacy/who-saw", "/privacy/who-saw/1/misuse"):
        assert urlsplit(stranger.client.get(path).location).path == "/sign-in"
    assert "Misused, you said so" not in visit(asha).get("/privacy/who-saw").words("lines")


@pytest.mark.promise("P-096")
def test_a_closed_listing_stands_as_a_closed_door(visit: Visit, asha: Person, bina: Person, dupatta: int) -> None:
    sent(visit(bina), dupatta)
    visit(asha).get(f"/listings/{dupatta}/closure").form("confirm").submit()
    assert "Closed" in visit(asha).get("/privacy/who-saw").words("lines")
