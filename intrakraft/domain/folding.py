"""Folding: text as it is compared and searched, the same for every way of typing it in every Indian script.

What is stored and shown is never folded; only what is matched against.
"""

from __future__ import annotations

import unicodedata
from functools import lru_cache
from itertools import groupby

LONGEST_WORD = 48

_NUKTAS = frozenset("\u093c\u09bc\u0a3c\u0abc\u0b3c\u0cbc")
_ACCENTS = range(0x0300, 0x0370)
_WORD_KINDS = frozenset("LNM")

_SCRIPTS = (  # first and last letter of a script's block, and the language most written in it
    (0x0900, 0x097F, "hi"),
    (0x0980, 0x09FF, "bn"),
    (0x0A00, 0x0A7F, "pa"),
    (0x0A80, 0x0AFF, "gu"),
    (0x0B00, 0x0B7F, "or"),
    (0x0B80, 0x0BFF, "ta"),
    (0x0C00, 0x0C7F, "te"),
    (0x0C80, 0x0CFF, "kn"),
    (0x0D00, 0x0D7F, "ml"),
    (0x0600, 0x06FF, "ur"),
)
_TELLING = {"hi": ("ळ", "mr"), "bn": ("ৰৱ", "as")}


def fold(text: str) -> str:
    """Small letters without accents, nuktas and joiners, with digits of every script as 0 to 9.

    So साड़ी meets साडी, Café meets cafe, and २५ meets 25.
    """
    letters = []
    for letter in unicodedata.normalize("NFKD", text.casefold()):
        kind = unicodedata.category(letter)
        if kind == "Nd":
            letters.append(str(unicodedata.digit(letter)))
        elif kind != "Cf" and letter not in _NUKTAS and ord(letter) not in _ACCENTS:
            letters.append(letter)
    return unicodedata.normalize("NFC", "".join(letters))


def words_of(text: str) -> list[str]:
    """The folded words of a text in their order: runs of letters, digits and the signs that belong to them.

    English plurals meet their singular; a word is cut after 48 letters. Nothing else can be part of a word, so words
    are safe to build a query from.
    """
    runs = groupby(fold(text), key=lambda letter: unicodedata.category(letter)[0] in _WORD_KINDS)
    return [_singular("".join(run)[:LONGEST_WORD]) for is_word, run in runs if is_word]


@lru_cache(maxsize=4096)
def language_of(text: str) -> str:
    """The language tag of a text in an Indian script, from the script that most of its letters have; "" for Latin.

    Source: the blocks of the Unicode Standard. Marathi and Assamese are told by letters that Hindi and Bengali lack.
    """
    counts: dict[str, int] = {}
    for letter in text:
        if letter.isalpha():
            tag = _tag(ord(letter))
            counts[tag] = counts.get(tag, 0) + 1
    tag = max(counts, key=lambda found: counts[found], default="")
    letters, other = _TELLING.get(tag, ("", ""))
    return other if any(letter in text for letter in letters) else tag


def _tag(code: int) -> str:
    return next((tag for first, last, tag in _SCRIPTS if first <= code <= last), "") if code > 0x05FF else ""


def _singular(word: str) -> str:
    if len(word) < 4 or not word.isascii() or not word.endswith("s") or word.endswith("ss"):
        return word
    if word.endswith("ies") and len(word) > 4:
        return word[:-3] + "y"
    if word.endswith(("ches", "shes", "sses", "xes", "zes")):
        return word[:-2]
    return word[:-1]
