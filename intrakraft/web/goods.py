"""Goods as the components show them: cards of lists and pictures, with their addresses and words of this page's language.

What repeats on every card is worked out once a page: the start of an address, the words for a unit.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from flask import url_for
from flask_babel import gettext

from intrakraft.domain.listings import UNITS, Card
from intrakraft.domain.media import Drawn, Picture
from intrakraft.web import ui
from intrakraft.web.filters import size

LIST, LIST_DOUBLE, PAGE = "list-208", "list-416", "page-960"
_LIST_SIDES = {LIST: 208, LIST_DOUBLE: 416}


@dataclass(frozen=True, slots=True, kw_only=True)
class Snap:
    """A picture being arranged; `said` is what was made of the file."""

    id: int
    src: str
    alt: str
    width: int
    height: int
    said: str
    made_by_machine: bool


def cards(found: Iterable[Card]) -> list[ui.Card]:
    """Cards for `ui.goods`."""
    listings, photos = url_for("listings.show", listing_id=0)[:-1], photo_prefix()
    units = {unit: gettext(words) for unit, words in UNITS.items()}
    return [
        ui.Card(
            url=f"{listings}{card.id}",
            title=card.title,
            print=card.print,
            price_paise=card.price_paise,
            per=units.get(card.unit, ""),
            business=card.business,
            city=card.town,
            photo=_in_a_list(photos, card),
            lang=card.lang,
        )
        for card in found
    ]


def shots(pictures: Iterable[Picture]) -> list[ui.Photo]:
    """Pictures for `ui.shots`, with a width for each file so that the browser takes the smallest that will do."""
    prefix = photo_prefix()
    return [
        ui.Photo(
            src=_address(prefix, picture.token, picture.rendition(PAGE)),
            avif=_choices(prefix, picture, "image/avif"),
            webp=_choices(prefix, picture, "image/webp"),
            width=picture.rendition(PAGE).width,
            height=picture.rendition(PAGE).height,
            alt=picture.alt,
            bytes=picture.rendition(PAGE).bytes,
        )
        for picture in pictures
    ]


def snaps(pictures: Iterable[Picture]) -> list[Snap]:
    """Pictures for `ui.snaps`."""
    prefix = photo_prefix()
    return [
        Snap(
            id=picture.id,
            src=_address(prefix, picture.token, picture.rendition(LIST_DOUBLE)),
            alt=picture.alt,
            width=picture.rendition(LIST_DOUBLE).width,
            height=picture.rendition(LIST_DOUBLE).height,
            said=gettext(
                "%(before)s made %(after)s",
                before=size(picture.original_bytes),
                after=size(picture.rendition(LIST_DOUBLE).bytes),
            ),
            made_by_machine=picture.made_by_machine,
        )
        for picture in pictures
    ]


def photo_prefix() -> str:
    """How the address of every photo begins."""
    return url_for("photos.show", name="_")[:-1]


def _in_a_list(prefix: str, card: Card) -> ui.Photo | None:
    if card.photo is None or not card.width or not card.height:
        return None
    longest = max(card.width, card.height)
    wide = {name: max(1, round(card.width * min(1, side / longest))) for name, side in _LIST_SIDES.items()}
    start = f"{prefix}{card.photo}-"
    return ui.Photo(
        src=f"{start}{LIST}.jpeg",
        avif=f"{start}{LIST}.avif {wide[LIST]}w, {start}{LIST_DOUBLE}.avif {wide[LIST_DOUBLE]}w",
        webp=f"{start}{LIST}.webp {wide[LIST]}w, {start}{LIST_DOUBLE}.webp {wide[LIST_DOUBLE]}w",
        width=wide[LIST],
        height=max(1, round(card.height * min(1, _LIST_SIDES[LIST] / longest))),
    )


def _choices(prefix: str, picture: Picture, mime: str) -> str:
    found = [one for one in picture.drawn if one.mime == mime and one.name in (LIST_DOUBLE, PAGE)]
    return ", ".join(f"{_address(prefix, picture.token, one)} {one.width}w" for one in found)


def _address(prefix: str, token: str, one: Drawn) -> str:
    return f"{prefix}{token}-{one.file_name}"
