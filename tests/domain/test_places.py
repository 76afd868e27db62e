"""PIN codes, states, addresses and distances.

Every PIN of the post office directory is looked up; what is typed becomes a PIN or a sentence that says what is wrong.
"""

import csv
import re

import pytest

from intrakraft.domain import places
from intrakraft.domain.errors import Invalid
from intrakraft.domain.places import STATES, Address, normalise_pin, place_of_pin, state_called

pytestmark = [pytest.mark.criterion("U3"), pytest.mark.long]


@pytest.fixture(scope="module")
def directory(shared_data):
    with open(shared_data / "geo" / "pincodes.csv", encoding="utf-8") as file:
        return list(csv.DictReader(file))


@pytest.fixture(scope="module")
def found(directory):
    return {row["pincode"]: place_of_pin(row["pincode"]) for row in directory}


def test_every_pin_of_india_is_known_with_its_state(directory, found):
    wrong = []
    for row in directory:
        place, state = found[row["pincode"]], state_called(row["state"])
        if place is None or place.state != (state.name if state else None):
            wrong.append(row["pincode"])
    assert len(directory) == 19_586
    assert wrong == []


def test_every_pin_has_the_district_of_most_of_its_offices(directory, found):
    for row in directory:
        district = found[row["pincode"]].district
        if row["district"] not in places._DISTRICT_SPELLINGS:
            expected = row["district"].removesuffix(" DISTRICT").casefold()
            assert (district or "").casefold().removesuffix(" delhi").removesuffix(" sikkim") == expected.removesuffix(
                " delhi"
            )


def test_every_pin_lies_where_the_directory_puts_it_rounded_to_a_kilometre(directory, found):
    for row in directory:
        place = found[row["pincode"]]
        if not row["latitude"]:
            assert place.lat is None and place.lon is None
            continue
        assert place.lat == round(place.lat, 2) and place.lon == round(place.lon, 2)
        assert places.distance_km(float(row["latitude"]), float(row["longitude"]), place.lat, place.lon) < 0.8


def test_a_pin_without_a_state_is_known_and_leaves_the_question_to_the_person(directory, found):
    silent = [found[row["pincode"]] for row in directory if not row["state"]]
    assert len(silent) == 82
    assert all(place.state is None and place.state_code is None and place.office for place in silent)


@pytest.mark.parametrize(
    ("pin", "office", "district", "code"),
    [
        ("302001", "Jaipur", "Jaipur", "08"),
        ("110001", "New Delhi", "New Delhi", "07"),
        ("605001", "Pondicherry", "Puducherry", "34"),
        ("194101", "Leh", "Leh", "38"),
        ("396230", "Silvassa", "Dadra and Nagar Haveli", "26"),
        ("700001", "Kolkata", "Kolkata", "19"),
        ("673310", "Mahe", "Mahe", "34"),
        ("522001", "Bus Stand (Guntur)", "Guntur", "37"),
    ],
)
def test_names_are_spelt_as_people_write_them(pin, office, district, code):
    place = place_of_pin(pin)
    assert (place.district, place.state_code) == (district, code)
    assert place.office == office


def test_a_border_pin_offers_every_district_it_touches():
    assert place_of_pin("396230").districts == ("Dadra and Nagar Haveli", "Valsad")


@pytest.mark.parametrize("pin", ["999999", "", "30200", "3020011", "302 001", "abcdef", "३०२००१", "302001'--"])
def test_what_is_no_pin_of_india_is_no_place(pin):
    assert place_of_pin(pin) is None


def test_no_name_shouts_and_no_office_keeps_its_kind(found):
    assert [d for place in found.values() for d in place.districts if d.isupper() and d != "NTR"] == []
    assert [p.office for p in found.values() if not p.office.strip() or re.search(r"\b[HS]\.?O\b", p.office)] == []


# -- states --


def test_36_states_and_territories_each_with_its_own_gst_code():
    assert len(STATES) == len({state.code for state in STATES}) == len({state.hindi for state in STATES}) == 36
    assert [state.name for state in STATES] == sorted(state.name for state in STATES)


def test_gst_codes_are_those_in_force(shared_data):
    with open(shared_data / "tax" / "gst_state_codes.csv", encoding="utf-8") as file:
        listed = {row["code"]: row["state_name"].removesuffix(" (New)") for row in csv.DictReader(file)}
    assert {state.code: state.name for state in STATES} == {c: n for c, n in listed.items() if c not in ("25", "28")}
    assert all(state_called(code).name == name for code, name in listed.items())


@pytest.mark.parametrize("name", ["08", "RJ", "rajasthan", " Rajasthan ", "RAJASTHAN", "राजस्थान"])
def test_a_state_is_found_by_code_name_or_hindi_name(name):
    assert state_called(name).code == "08"


@pytest.mark.parametrize(("name", "code"), [("Orissa", "21"), ("J&K", "01"), ("Pondicherry", "34"), ("Atlantis", None)])
def test_older_names_of_states_are_understood(name, code):
    state = state_called(name)
    assert (state.code if state else None) == code


def test_a_state_is_named_in_the_language_of_the_page():
    assert state_called("26").name_in("en_IN") == "Dadra and Nagar Haveli and Daman and Diu"
    assert state_called("26").name_in("hi_IN") == "दादरा और नगर हवेली और दमन और दीव"


# -- typing a PIN --


@pytest.mark.parametrize(
    "typed", ["302001", "302 001", " 302-001 ", "३०२००१", "௩௦௨ ௦௦௧", "302\u00a0001", "302\u200b001", "3 0 2 0 0 1"]
)
def test_a_pin_is_read_as_people_type_it(typed):
    assert normalise_pin(typed) == "302001"


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ("30290", "PIN 30290 has 5 digits, it needs 6."),
        ("3", "PIN 3 has 1 digit, it needs 6."),
        ("9" * 4000, "PIN 999999999999… has 4000 digits, it needs 6."),
        ("012345", "PIN 012345 starts with 0, and no PIN in India does."),
        ("Jaipur", "A PIN has only digits, 6 of them, for example 302001."),
        ("30²001", "A PIN has only digits, 6 of them, for example 302001."),
        ("  ", "Enter the 6 digits of the PIN."),
    ],
)
def test_a_wrong_pin_is_refused_in_plain_words(typed, sentence):
    with pytest.raises(Invalid) as refusal:
        normalise_pin(typed)
    problem = refusal.value.problems["pin"]
    assert (problem if isinstance(problem, str) else problem[0] % problem[1]) == sentence


def test_pins_inside_real_addresses_fill_the_state(shared_data):
    with open(shared_data / "geo" / "bank_branch_addresses.csv", encoding="utf-8") as file:
        rows = [(row, re.findall(r"(?<!\d)[1-9]\d{2}[ -]?\d{3}(?!\d)", row["ADDRESS"])) for row in csv.DictReader(file)]
    found = [(row, place_of_pin(normalise_pin(pins[-1]))) for row, pins in rows if pins]
    told = [(state_called(row["STATE"]), place) for row, place in found if place and place.state]
    agreeing = sum(state is not None and state.name == place.state for state, place in told)
    assert len(told) > 1_000
    assert agreeing / len(told) > 0.97


# -- addresses --


def test_an_address_reads_as_one_line_and_says_nothing_twice():
    address = Address(
        street="12, Johari Bazar ,", landmark="near  Hawa Mahal", town="Jaipur", district="Jaipur", state="Rajasthan",
        pin="302003",
    )  # fmt: skip
    assert address.one_line() == "12, Johari Bazar, near Hawa Mahal, Jaipur, Rajasthan 302003"
    assert address.state_code == "08"


def test_an_address_with_only_a_pin_is_still_a_line():
    assert Address(street="", town="", state="", pin="302003").one_line() == "302003"


# -- distances --


@pytest.mark.parametrize(
    ("start", "end", "km"),
    [
        ((28.6139, 77.2090), (19.0760, 72.8777), 1148),
        ((13.3379, 77.1173), (12.9716, 77.5946), 66),
        ((26.91, 75.80), (26.91, 75.80), 0),
        ((0, 0), (0, 180), 20015),
    ],
)
def test_distances_follow_the_great_circle(start, end, km):
    assert places.distance_km(*start, *end) == pytest.approx(km, abs=2)


def test_a_circle_never_misses_a_place_within_it(found):
    """Around Bengaluru, Tumakuru and all others: every PIN in the circle lies in one of its squares."""
    spots = [place for place in found.values() if place.lat is not None]
    squares = set(places.cells_within(12.97, 77.59, 120))
    within = [p for p in spots if places.distance_km(12.97, 77.59, p.lat, p.lon) <= 120]
    assert within and all(places.cell(p.lat, p.lon) in squares for p in within)
    assert len(squares) < 26 * 26


def test_neighbouring_squares_have_neighbouring_numbers():
    assert places.cell(12.95, 77.65) - places.cell(12.95, 77.55) == 1
    assert places.cell(28.6, 77.2) == places.cell(28.69, 77.29) != places.cell(28.7, 77.2)
