"""Keeps the translations whole: `update` gathers marked strings, `compile` makes the binary, `check` finds gaps.

A string that is marked in the source has a Hindi sentence with the same placeholders; the compiled file is never stale.
"""

import io
import re
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from babel.messages import Catalog, Message
from babel.messages.extract import DEFAULT_KEYWORDS, extract_from_dir
from babel.messages.mofile import read_mo, write_mo
from babel.messages.pofile import read_po, write_po

ROOT = Path(__file__).parents[1]
SOURCE = ROOT / "intrakraft"
LANGUAGES = ("hi",)
METHODS = [("templates/**", "jinja2"), ("**.py", "python")]
OPTIONS = {"templates/**": {"trimmed": "true", "silent": "false"}}
KEYWORDS = {**DEFAULT_KEYWORDS, "N_": None, "_l": None, "lazy_gettext": None, "lazy_ngettext": (1, 2)}
PLACEHOLDER = re.compile(r"%\(\w+\)[sd]|\{\w*\}")
WORDLESS = ("migrations", "static", "__pycache__")
FIRST_DAY = datetime(2026, 11, 1, tzinfo=UTC)  # a fixed date, so that gathering twice changes nothing


def source_catalog() -> Catalog:
    """Every marked string, with the places it stands in."""
    catalog = Catalog()
    found = extract_from_dir(
        SOURCE, METHODS, OPTIONS, KEYWORDS, ("i18n:",), strip_comment_tags=True, directory_filter=_worth_reading
    )
    for name, line, message, comments, context in found:
        catalog.add(message, None, [(f"intrakraft/{name}", line)], auto_comments=comments, context=context)
    return catalog


def _worth_reading(directory: str) -> bool:
    return Path(directory).name not in WORDLESS


def po_path(language: str) -> Path:
    """Where the sentences of a language are written."""
    return SOURCE / "translations" / language / "LC_MESSAGES" / "messages.po"


def read(language: str) -> Catalog:
    """The sentences of a language; none when it has not begun."""
    path = po_path(language)
    if not path.exists():
        return Catalog(locale=language)
    with path.open("rb") as file:
        return read_po(file, locale=language)


def update(language: str) -> None:
    """Bring new strings into the .po file and take out what the source no longer says; nothing is guessed."""
    catalog = read(language)
    catalog.update(source_catalog(), no_fuzzy_matching=True)
    catalog.obsolete.clear()
    catalog.fuzzy, catalog.creation_date = False, FIRST_DAY
    catalog.project, catalog.version, catalog.copyright_holder = "Intrakraft", "1", "the Intrakraft maintainers"
    catalog.msgid_bugs_address = catalog.last_translator = catalog.language_team = "Intrakraft"
    catalog.header_comment = f"# The words of Intrakraft in another language ({language}), Apache-2.0."
    po_path(language).parent.mkdir(parents=True, exist_ok=True)
    with po_path(language).open("wb") as file:
        write_po(file, catalog, width=120, sort_output=True, include_lineno=False, ignore_obsolete=True)
    print(f"{language}: {sum(1 for message in catalog if message.id and not _whole(message))} sentences to translate")


def compiled(language: str) -> bytes:
    """The binary form of the .po file as it stands."""
    made = io.BytesIO()
    write_mo(made, read(language))
    return made.getvalue()


def problems(language: str) -> Iterator[str]:
    """A sentence for each string without its translation, with other placeholders, or a stale binary."""
    catalog = read(language)
    for message in source_catalog():
        if not message.id:
            continue
        place = "{}:{}".format(*message.locations[0])
        translated = catalog.get(message.id if isinstance(message.id, str) else message.id[0], message.context)
        if translated is None or not _whole(translated):
            yield f"{language}: {place}: no translation of “{message.id}”"
        elif _placeholders(translated.id) != _placeholders(translated.string):
            yield f"{language}: {place}: other placeholders in “{translated.string}”"
    binary = po_path(language).with_suffix(".mo")
    if not binary.exists() or _sentences(binary.read_bytes()) != _sentences(compiled(language)):
        yield f"{language}: {binary.relative_to(ROOT)} is stale: python -m tools.translations compile"


def _sentences(binary: bytes) -> dict[str, object]:
    """What a compiled file says; its header names the version of the compiler and does not count."""
    return {
        repr((message.id, message.context)): message.string for message in read_mo(io.BytesIO(binary)) if message.id
    }


def _texts(text: str | tuple[str, ...] | list[str]) -> tuple[str, ...]:
    return (text,) if isinstance(text, str) else tuple(text)


def _whole(message: Message) -> bool:
    return bool(message.string) and all(_texts(message.string)) and not message.fuzzy


def _placeholders(text: str | tuple[str, ...]) -> set[str]:
    return {match[0] for one in _texts(text) for match in PLACEHOLDER.finditer(one)}


if __name__ == "__main__":
    act = sys.argv[1] if sys.argv[1:] else "check"
    if act == "update":
        for each in LANGUAGES:
            update(each)
    elif act == "compile":
        for each in LANGUAGES:
            po_path(each).with_suffix(".mo").write_bytes(compiled(each))
    else:
        faults = [fault for each in LANGUAGES for fault in problems(each)]
        print("\n".join(faults))
        sys.exit(bool(faults))
