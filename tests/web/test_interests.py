"""Interests as pages: sent plain and by htmx alike, taken back, listed for both sides; a message survives sign-in."""

import pytest

from tests.makers import Person
from tests.people import Visit


@pytest.mark.criterion("C1")
@pytest.mark.promise("P-096")
def test_an_interest_shows_the_contact_and_stays_when_pressed_again(
    visit: Visit, asha: Person, bina: Person, dupatta: int
) -> None:
    page = visit(bina).get(f"/listings/{dupatta}")
    assert not any(secret in page.text for secret in asha.secrets)
    page = page.form("interest").submit(message="Is it still there?")
    assert page.status == 200
    assert all(secret in page.text for secret in (asha.name, asha.email, asha.phone, asha.street))
    assert "Is it still there?" in page.words("interest")
