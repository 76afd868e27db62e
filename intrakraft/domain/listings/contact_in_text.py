"""Contact in text: finds e-mail addresses, phone numbers and payment handles in what people write for everybody.

A contact is given only for an interest, and to that person only (P-097); so none may stand in a listing itself.
"""

from __future__ import annotations

import re
import unicodedata

from intrakraft.domain.base import N_
from intrakraft.domain.errors import Message

_MAIL_HOUSES = "gmail|googlemail|yahoo|ymail|hotmail|outlook|rediffmail|rediff|icloud|protonmail|proton|zoho"
_EMAIL = re.compile(
    rf"[\w.+-]+\s?@\s?[^\W\d_][\w-]*(?:\.[\w-]+)+"
    rf"|[\w.+-]+\s*(?:@|\(at\)|\[at\]|\bat\b)\s*(?:{_MAIL_HOUSES})\b",
    re.IGNORECASE,
)
_HANDLE = re.compile(
    r"[\w.-]{2,}@(?:ok\w+|upi|ybl|ibl|axl|apl|paytm|ptsbi|ptyes|pthdfc|ptaxis|freecharge|jupiteraxis|yapl|barodampay|sbi|hdfcbank"
    r"|icici|axisbank|kotak|airtel|jio|postbank)\b",
    re.IGNORECASE,
)
_DIGITS = re.compile(r"(?<![\d.,])(?:\+|00)?\(?\d+\)?(?:[ .\-/]{1,2}\(?\d+\)?)*(?![\d,])")
_MOBILE_STARTS = "6789"


def contact_in(text: str) -> Message | None:
    """A sentence that says what to take out, or None where the text holds no contact.

    Digits of every Indian script count. Sizes, weights, prices and codes are no phone numbers.
    """
    plain = "".join(
        str(unicodedata.decimal(c)) if c.isdecimal() else c
        for c in unicodedata.normalize("NFKC", text)
        if unicodedata.category(c) != "Cf"
    )
    if _EMAIL.search(plain):
        return N_("Take the e-mail address out. Whoever sends an interest gets your contact, and you see who did.")
    if _HANDLE.search(plain):
        return N_("Take the payment address out. Whoever sends an interest gets your contact, and you see who did.")
    if any(_is_phone(match[0]) for match in _DIGITS.finditer(plain)):
        return N_("Take the phone number out. Whoever sends an interest gets your contact, and you see who did.")
    return None


def _is_phone(run: str) -> bool:
    groups = re.findall(r"\d+", run)
    digits = "".join(groups)
    if (run.startswith("+") and len(digits) >= 9) or re.fullmatch("00[1-9][0-9]{9,}", digits):
        return True
    if len(groups) == 2 and len(digits) == 11 and 3 <= len(groups[0]) <= 5 and digits[0] == "0":
        return True
    if len(groups) > 1 and groups[0] in ("0", "91", "091"):
        groups = groups[1:]
    return any(_is_mobile(groups[start:end]) for start in range(len(groups)) for end in range(start + 1, start + 4))


def _is_mobile(groups: list[str]) -> bool:
    number = "".join(groups)
    for trunk in ("91", "0"):
        if number.startswith(trunk) and len(number) == 10 + len(trunk):
            number = number[len(trunk) :]
            groups = [number] if len(groups) == 1 else groups
    return len(number) == 10 and number[0] in _MOBILE_STARTS and all(len(group) >= 3 for group in groups)
