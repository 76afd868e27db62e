"""Photos on their way in: drawn anew one by one, kept as files, then as rows; a bad one never takes a good one with it.

Drawing is done outside every transaction and off the event loop, files are written before their row (architecture, 11).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from flask import request
from werkzeug.datastructures import FileStorage

from intrakraft.adapters import images
from intrakraft.adapters.images import CleanedImage
from intrakraft.adapters.offload import offload_long
from intrakraft.domain import listings, media
from intrakraft.domain.errors import Invalid
from intrakraft.domain.media import Drawn, Photo, Place
from intrakraft.web.access import viewer
from intrakraft.web.state import db, settings, state

Refused = tuple[str, str, Mapping[str, object]]
"""The name of a file as sent, why it could not be used, and the params of that sentence."""


def take_in(listing_id: int) -> bool:
    """Add every picture the form sent to the person's listing, and keep beside it why others could not be used.

    Returns whether all of them were. The same picture sent twice stands there once.
    """
    files = [file for file in request.files.getlist("photos") if file.filename]
    if not files:
        return True
    listings.find_own(db.session, listing_id, viewer())
    there = media.count_of(db.session, listing_id)
    refused = []
    for file in files:
        try:
            there += _take(file, listing_id, there)
        except Invalid as wrong:
            refused.append(_refused(file.filename or "", wrong))
    with writing_now() as session:
        listing = listings.find_own(session, listing_id, viewer())
        listings.note_refused(listings.keep(session, listing, {}), refused)
    return not refused


def arrange(listing_id: int) -> None:
    """Do what the pressed button of a photo says: earlier, later or out. The files of one taken out are gone with it."""
    number, _, where = request.form.get("move", "").partition(" ")
    out = request.form.get("out", "")
    if not (is_id(number) or is_id(out)):
        return
    gone = []
    with writing_now() as session:
        listing = listings.find_own(session, listing_id, viewer())
        if is_id(out):
            gone.append(media.take_out(session, listing.id, int(out)))
        else:
            media.move(session, listing.id, int(number), earlier=where == "earlier")
    empty(gone)


def empty(places: Iterable[Place]) -> None:
    """Remove the files of photos whose rows are gone for good."""
    for place in places:
        state().storage.delete_prefix(place.folder)


@contextmanager
def writing_now() -> Iterator[Any]:
    """A write transaction that is settled at once, so that what follows in the request cannot undo it."""
    session = db.writing()
    try:
        yield session
        db.settle()
    except BaseException:
        db.undo()
        raise


def _take(file: FileStorage, listing_id: int, there: int) -> bool:
    media.check_room(there, settings().photo_limit)
    data = file.stream.read(settings().photo_bytes + 1)
    cleaned = offload_long(images.clean, data, most_bytes=settings().photo_bytes)
    place = _kept(cleaned)
    added = None
    try:
        with writing_now() as session:
            added = _attach(session, cleaned, listing_id, place)
    finally:
        if added is None:
            empty([place])
    return added is not None


def _attach(session: Any, cleaned: CleanedImage, listing_id: int, place: Place) -> Photo | None:
    listing = listings.find_own(session, listing_id, viewer())
    return media.attach(
        session,
        listing.id,
        listing.lister_id,
        place,
        [Drawn(one.name, one.mime, one.width, one.height, len(one.data)) for one in cleaned.renditions],
        size=(cleaned.width, cleaned.height),
        dhash=cleaned.dhash,
        original_bytes=cleaned.original_bytes,
        most=settings().photo_limit,
    )


def _kept(cleaned: CleanedImage) -> Place:
    place = media.new_place()
    for one in cleaned.renditions:
        state().storage.put(place.key(one.file_name), one.data, one.mime)
    return place


def _refused(name: str, wrong: Invalid) -> Refused:
    problem = next(iter(wrong.problems.values()))
    sentence, params = (problem, {}) if isinstance(problem, str) else problem
    return name, sentence, dict(params)


def is_id(text: str) -> bool:
    """Whether a typed text can be the id of a row."""
    return text.isascii() and text.isdecimal() and len(text) < 16
