"""Money: amounts as people type them, and in words as they stand at the foot of an Indian bill, in lakh and crore.

Amounts are whole paise; nothing is ever rounded, so what the words say is what the figure says.
"""

from __future__ import annotations

import re
import unicodedata

from intrakraft.domain.base import N_
from intrakraft.domain.errors import Invalid

MOST_PAISE = 100_00_00_000_00
"""A hundred crore rupees: more than any price here, and far from the end of any column."""

_AMOUNT = re.compile(r"(?P<rupees>\d+|\d{1,3}(?:,\d{2,3})+)?(?:\.(?P<paise>\d+))?")
_AROUND = re.compile(r"^(?:₹|rs\.?|inr|रु\.?|रू\.?)\s*|\s*/-$|\s*(?:₹|rs\.?|inr|rupees?|रुपये|रु\.?)$", re.IGNORECASE)

_SMALL_ENGLISH = """
    zero one two three four five six seven eight nine
    ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen
    """
_TENS_ENGLISH = """
    twenty thirty forty fifty sixty seventy eighty ninety
    """
_HINDI = """
    शून्य एक दो तीन चार पाँच छह सात आठ नौ
    दस ग्यारह बारह तेरह चौदह पंद्रह सोलह सत्रह अठारह उन्नीस
    बीस इक्कीस बाईस तेईस चौबीस पच्चीस छब्बीस सत्ताईस अट्ठाईस उनतीस
    तीस इकतीस बत्तीस तैंतीस चौंतीस पैंतीस छत्तीस सैंतीस अड़तीस उनतालीस
    चालीस इकतालीस बयालीस तैंतालीस चौवालीस पैंतालीस छियालीस सैंतालीस अड़तालीस उनचास
    पचास इक्यावन बावन तिरपन चौवन पचपन छप्पन सत्तावन अट्ठावन उनसठ
    साठ इकसठ बासठ तिरसठ चौंसठ पैंसठ छियासठ सड़सठ अड़सठ उनहत्तर
    सत्तर इकहत्तर बहत्तर तिहत्तर चौहत्तर पचहत्तर छिहत्तर सतहत्तर अठहत्तर उन्यासी
    अस्सी इक्यासी बयासी तिरासी चौरासी पचासी छियासी सत्तासी अट्ठासी नवासी
    नब्बे इक्यानवे बानवे तिरानवे चौरानवे पचानवे छियानवे सत्तानवे अट्ठानवे निन्यानवे
    """


def _below_hundred_in_english() -> tuple[str, ...]:
    small = _SMALL_ENGLISH.split()
    return (*small, *(f"{ten}-{small[one]}" if one else ten for ten in _TENS_ENGLISH.split() for one in range(10)))


_BELOW_HUNDRED = {"en": _below_hundred_in_english(), "hi": tuple(_HINDI.split())}
_GROUPS = {
    "en": ((10_000_000, "crore"), (100_000, "lakh"), (1000, "thousand"), (100, "hundred")),
    "hi": ((10_000_000, "करोड़"), (100_000, "लाख"), (1000, "हज़ार"), (100, "सौ")),
}
_PATTERNS = {
    "en": {"unit": "{count} {unit}", "both": "{rupees} and {paise}", "minus": "minus {all}"},
    "hi": {"unit": "{count} {unit}", "both": "{rupees} {paise}", "minus": "ऋण {all}"},
}
_RUPEE = {"en": ("rupee", "rupees"), "hi": ("रुपया", "रुपये")}
_PAISA = {"en": ("paisa", "paise"), "hi": ("पैसा", "पैसे")}


def number_in_words(number: int, language: str = "en") -> str:
    """A whole number from 0 upwards in words, grouped by hundred, thousand, lakh and crore (criterion U2)."""
    if number < 0:
        raise ValueError("a number in words is not negative")
    known = language if language in _GROUPS else "en"
    if number < 100:
        return _BELOW_HUNDRED[known][number]
    words = []
    for size, name in _GROUPS[known]:
        count, number = divmod(number, size)
        if count:
            words.append(f"{number_in_words(count, known)} {name}")
    return " ".join([*words, _BELOW_HUNDRED[known][number]] if number else words)


def amount_in_words(paise: int, language: str = "en") -> str:
    """An amount in paise as words: `twelve lakh five hundred rupees and fifty paise` (criterion U2).

    English for every language that has no words here yet.
    """
    known = language[:2] if language[:2] in _GROUPS else "en"
    pattern = _PATTERNS[known]
    if paise < 0:
        return pattern["minus"].format(all=amount_in_words(-paise, known))
    rupees, rest = divmod(paise, 100)
    whole = pattern["unit"].format(count=number_in_words(rupees, known), unit=_RUPEE[known][rupees != 1])
    small = pattern["unit"].format(count=number_in_words(rest, known), unit=_PAISA[known][rest != 1])
    if rest and rupees:
        return pattern["both"].format(rupees=whole, paise=small)
    return small if rest else whole


# -- as people type it --


def paise_of(typed: str, field: str = "price") -> int | None:
    """Paise from an amount as typed in India: `1,150`, `₹ 1,150.50`, `Rs. 500/-`, any script; None where empty.

    Raises `Invalid` for the field, with a sentence that says how to write it.
    """
    text = "".join(str(unicodedata.decimal(c)) if c.isdecimal() else c for c in typed)
    text = "".join(c for c in text if unicodedata.category(c) != "Cf").strip()
    if not text:
        return None
    for _ in range(2):
        text = _AROUND.sub("", text).strip()
    match = _AMOUNT.fullmatch(text.replace(" ", "").replace("\u00a0", ""))
    if match is None or not match[0]:
        shown = typed.strip()[:24]
        raise Invalid({field: (N_("“%(typed)s” is not an amount. Write it like 1,150 or 1150.50."), {"typed": shown})})
    rest = match["paise"] or ""
    if len(rest) > 2:
        raise Invalid({field: N_("Paise have two digits at most, like 1150.50.")})
    paise = int((match["rupees"] or "").replace(",", "").lstrip("0")[:14] or 0) * 100 + int(rest.ljust(2, "0"))
    if paise > MOST_PAISE:
        raise Invalid({field: N_("This is more than 100 crore rupees. Check the zeros.")})
    if paise == 0:
        raise Invalid({field: N_("An amount is above 0. Leave it empty, and people ask you.")})
    return paise
