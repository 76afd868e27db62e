"""Addresses as people have them: every PIN fills a form in, and business addresses as written go through a correction whole."""

from __future__ import annotations

import csv
import re
from collections import Counter
from pathlib import Path

import pytest
from flask import Flask

from intrakraft.db import Database
from intrakraft.domain import places
from intrakraft.domain.accounts import contacts
from intrakraft.domain.labels import Purpose
from intrakraft.web.registration_form import RegistrationForm
from tests.makers import Person
from tests.people import Visit
from tests.visitor import FETCH

pytestmark = [pytest.mark.criterion("U3"), pytest.mark.long]


@pytest.mark.promise("P-012", "P-014")
def test_every_pin_of_india_fills_the_registration_form_in(app: Flask, shared_data: Path) -> None:
    with (shared_data / "geo" / "pincodes.csv").open() as file:
        rows = list(csv.DictReader(file))
    filled: Counter[str] = Counter()
    with app.test_request_context("/"):
        form = RegistrationForm(formdata=None)
        choices = {"", *(state.name for state in places.STATES)}
        for row in rows:
            form.pin.data, form.city.data, form.district.data, form.state.data = row["pincode"], "Typed", "", ""
            form.fill_place(anew=True)
            assert not form.pin.errors and form.city.data == "Typed", row
            assert form.state.data in choices and bool(form.state.data) is bool(row["state"]), row
            assert bool(form.district.data) is bool(row["district"]), row
            filled.update(state=bool(form.state.data), district=bool(form.district.data))
    assert len(rows) == 19_586 and filled["state"] == 19_504 and filled["district"] == 19_486


def addresses(folder: Path, most: int) -> list[dict[str, str]]:
    """Addresses of bank branches, one line each with a PIN in it, as a person would type them into the form."""
    found = []
    with (folder / "geo" / "bank_branch_addresses.csv").open() as file:
        for row in csv.DictReader(file):
            pin = re.search(r"(?<!\d)[1-9]\d{2} ?\d{3}(?!\d)", row["ADDRESS"])
            state = places.state_called(row["STATE"])
            if pin and state and len(row["ADDRESS"]) <= 200:
                typed = {"street": row["ADDRESS"], "pin": pin[0], "state": state.name, "place_of_business": row["BANK"]}
                found.append({**typed, "city": row["CENTRE"], "district": row["DISTRICT"], "landmark": row["BRANCH"]})
    return found[:most]


def test_two_hundred_business_addresses_go_through_a_correction_as_they_are_written(
    visit: Visit, asha: Person, database: Database, shared_data: Path
) -> None:
    visitor = visit(asha)
    values = visitor.get("/account/contact").form("contact").values()
    typed = addresses(shared_data, 200)
    assert len(typed) == 200
    for address in typed:
        answer = visitor.client.post("/account/contact", data={**values, **address}, headers=FETCH)
        assert answer.status_code == 303, (address, answer.text[-2000:])
        kept = contacts.contact_of(database.session, asha.id, Purpose.ACCOUNT)
        assert kept is not None
        assert kept.street == " ".join(address["street"].split()) and kept.pin == address["pin"].replace(" ", "")
        assert (kept.city, kept.state) == (" ".join(address["city"].split()), address["state"])
        assert kept.address.count(kept.pin) >= 1 and "  " not in kept.address
        database.close()
    page = visitor.get("/account")
    assert kept.address in page.words("main")
