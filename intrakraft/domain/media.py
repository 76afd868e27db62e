"""Photos of listings: what is known of each picture, in which order they stand, and which files belong to none.

A file is kept before its row is written and removed after its row is gone, so a page never names a file that is not
there; what a broken upload leaves behind is found by its day and swept (P-016).
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Protocol

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, MappedColumn, Session

from intrakraft.domain.base import N_, BigId, CreatedAt, Id, Model, now
from intrakraft.domain.errors import Invalid, NotFound
from intrakraft.domain.labels import Category, Erase, Purpose, Retention, Visibility, personal, plain, subject

LONGEST_ALT = 200
FOLDER = "photos"

_TOKEN = re.compile(r"[0-9a-f]{20}")
_KEPT_WHATEVER = timedelta(days=2)


def _of_the_listing(*args: Any, why: str, **column: Any) -> MappedColumn[Any]:
    return personal(
        *args,
        category=Category.UGC,
        purposes={Purpose.LIST},
        retention=Retention.ACCT,
        visibility=Visibility.PUBLIC,
        erase=Erase.DELETE,
        why=why,
        **column,
    )


class Photo(Model):
    """One picture of a listing; position 0 stands in lists. `token` is its public name and tells nothing."""

    __tablename__ = "listing_photo"
    __table_args__ = (
        sa.UniqueConstraint("listing_id", "position"),
        sa.Index("ix_listing_photo_lister_id", "lister_id", "id"),
    )

    id: Mapped[Id]
    listing_id: Mapped[int] = plain(BigId, sa.ForeignKey("listing.id", ondelete="CASCADE"), why="of which listing")
    lister_id: Mapped[int] = subject(BigId, sa.ForeignKey("account.id"), why="whose picture it is")
    position: Mapped[int] = plain(sa.Integer, why="its place among the pictures of the listing, from 0")
    token: Mapped[str] = plain(sa.String(32), unique=True, why="its name in addresses, drawn by lot")
    kept_on: Mapped[date] = plain(sa.Date, why="the folder of its files")
    alt: Mapped[str] = _of_the_listing(sa.String(LONGEST_ALT), why="what the picture shows, in words", default="")
    made_by_machine: Mapped[bool] = _of_the_listing(default=False, why="whether a machine made or altered it")
    renditions: Mapped[list[dict[str, Any]]] = _of_the_listing(sa.JSON, why="sizes in which the picture is kept")
    width: Mapped[int] = _of_the_listing(sa.Integer, why="width of the picture in pixels")
    height: Mapped[int] = _of_the_listing(sa.Integer, why="height of the picture in pixels")
    original_bytes: Mapped[int] = _of_the_listing(sa.BigInteger, why="how heavy the file was that you sent")
    dhash: Mapped[int] = _of_the_listing(sa.BigInteger, why="a fingerprint that finds the same picture again")
    created_at: Mapped[CreatedAt]


@dataclass(frozen=True, slots=True)
class Drawn:
    """One file of a picture: its name (a size such as `list-208`), media type, pixels and bytes."""

    name: str
    mime: str
    width: int
    height: int
    bytes: int

    @property
    def extension(self) -> str:
        """`avif`, `webp` or `jpeg`."""
        return self.mime.removeprefix("image/")

    @property
    def file_name(self) -> str:
        """Its name inside the picture's folder."""
        return f"{self.name}.{self.extension}"


@dataclass(frozen=True, slots=True)
class Place:
    """Where the files of one picture are kept: a folder by day, then by token."""

    token: str
    day: date

    @property
    def folder(self) -> str:
        """The prefix of all its keys."""
        return f"{FOLDER}/{self.day.isoformat()}/{self.token}"

    def key(self, file_name: str) -> str:
        """The key of one of its files."""
        return f"{self.folder}/{file_name}"


@dataclass(frozen=True, slots=True)
class Picture:
    """A photo as pages show it. `bytes_in_lists` is the weight of its smallest list rendition."""

    id: int
    position: int
    token: str
    alt: str
    made_by_machine: bool
    width: int
    height: int
    original_bytes: int
    drawn: tuple[Drawn, ...]

    def rendition(self, name: str, mime: str = "image/jpeg") -> Drawn:
        """The file of that size and type; every size has a JPEG. Raises KeyError."""
        for one in self.drawn:
            if (one.name, one.mime) == (name, mime):
                return one
        raise KeyError(name, mime)


class Files(Protocol):
    """What is handed in to sweep: the store of files."""

    def list(self, prefix: str = "") -> Iterator[str]: ...

    def delete_prefix(self, prefix: str) -> int: ...


# -- reading --


def pictures_of(session: Session, listing_id: int) -> list[Picture]:
    """The photos of a listing in their order."""
    rows = session.execute(_PICTURES, {"listing": listing_id}).all()
    return [
        Picture(*row[:8], drawn=tuple(Drawn(**one) for one in row.renditions))  # type: ignore[misc]
        for row in rows
    ]


_PICTURES = (
    sa.select(
        Photo.id, Photo.position, Photo.token, Photo.alt, Photo.made_by_machine, Photo.width, Photo.height,
        Photo.original_bytes, Photo.renditions,
    )
    .where(Photo.listing_id == sa.bindparam("listing"))
    .order_by(Photo.position)
)  # fmt: skip


def count_of(session: Session, listing_id: int) -> int:
    """How many photos a listing has."""
    return session.scalar(sa.select(sa.func.count()).where(Photo.listing_id == listing_id)) or 0


def places_of(session: Session, listing_id: int) -> list[Place]:
    """Where the files of all photos of a listing are kept."""
    rows = session.execute(sa.select(Photo.token, Photo.kept_on).where(Photo.listing_id == listing_id))
    return [Place(token, day) for token, day in rows]


def strays(session: Session, keys: Iterable[str]) -> set[str]:
    """The folders among these storage keys that belong to no photo, for the sweep to remove.

    Folders of today and yesterday are left alone: their upload may still be on its way.
    """
    recent = {(now().date() - timedelta(days=days)).isoformat() for days in range(-1, _KEPT_WHATEVER.days)}
    found = {
        (token, f"{FOLDER}/{day}/{token}")
        for _, day, token, _ in (key.split("/") for key in keys if key.count("/") == 3)
        if day not in recent and _TOKEN.fullmatch(token)
    }
    if not found:
        return set()
    known = set(session.scalars(sa.select(Photo.token).where(Photo.token.in_([token for token, _ in found]))))
    return {folder for token, folder in found if token not in known}


# -- writing --


def new_place() -> Place:
    """A place for the files of a picture that is about to be kept; its token of 80 random bits cannot be guessed."""
    return Place(secrets.token_hex(10), now().date())


def check_room(there: int, most: int) -> None:
    """Raises `Invalid` for the field `photos` where a listing has its most photos already."""
    if there >= most:
        raise Invalid({"photos": (N_("A listing has %(most)s photos at most. Take one out first."), {"most": most})})


def attach(
    session: Session,
    listing_id: int,
    lister_id: int,
    place: Place,
    drawn: Iterable[Drawn],
    *,
    size: tuple[int, int],
    dhash: int,
    original_bytes: int,
    most: int,
) -> Photo | None:
    """Add a picture, whose files are kept already, behind the others. Raises `Invalid` beyond `most`.

    The very same picture a second time, as when a button is pressed twice, is not added: None.
    """
    same = sa.select(Photo.id).where(
        Photo.listing_id == listing_id,
        Photo.dhash == dhash,
        Photo.original_bytes == original_bytes,
        Photo.width == size[0],
        Photo.height == size[1],
    )
    if session.scalar(same.limit(1)) is not None:
        return None
    there = count_of(session, listing_id)
    check_room(there, most)
    photo = Photo(
        listing_id=listing_id,
        lister_id=lister_id,
        position=there,
        token=place.token,
        kept_on=place.day,
        renditions=[_as_row(one) for one in drawn],
        width=size[0],
        height=size[1],
        dhash=dhash,
        original_bytes=original_bytes,
    )
    session.add(photo)
    session.flush()
    return photo


def move(session: Session, listing_id: int, photo_id: int, *, earlier: bool) -> None:
    """Let a photo change places with the one before it, or after it; at the end of the row nothing changes."""
    order = _order(session, listing_id)
    here = _place_in(order, photo_id)
    there = here + (-1 if earlier else 1)
    if 0 <= there < len(order):
        order[here], order[there] = order[there], order[here]
        _arrange(session, order)


def take_out(session: Session, listing_id: int, photo_id: int) -> Place:
    """Remove a photo and close the row behind it. The place returned is to be emptied once this is committed."""
    order = _order(session, listing_id)
    photo = order.pop(_place_in(order, photo_id))
    place = Place(photo.token, photo.kept_on)
    session.delete(photo)
    session.flush()
    _arrange(session, order)
    return place


def describe(session: Session, listing_id: int, alts: Mapping[int, str], made: Iterable[int]) -> None:
    """Keep what the photos show in words (cut at `LONGEST_ALT`), and which of them a machine made or altered."""
    made = frozenset(made)
    for photo in _order(session, listing_id):
        if photo.id in alts:
            photo.alt = alts[photo.id][:LONGEST_ALT]
            photo.made_by_machine = photo.id in made


def sweep(session: Session, files: Files) -> int:
    """Remove the files of pictures that belong to no photo; how many pictures there were."""
    folders = strays(session, files.list(FOLDER))
    for folder in folders:
        files.delete_prefix(folder)
    return len(folders)


def take_out_all(session: Session, listing_id: int) -> list[Place]:
    """Remove every photo of a listing. The places returned are to be emptied once this is committed."""
    places = places_of(session, listing_id)
    session.execute(sa.delete(Photo).where(Photo.listing_id == listing_id))
    return places


def _order(session: Session, listing_id: int) -> list[Photo]:
    return list(session.scalars(sa.select(Photo).where(Photo.listing_id == listing_id).order_by(Photo.position)))


def _place_in(order: list[Photo], photo_id: int) -> int:
    for place, photo in enumerate(order):
        if photo.id == photo_id:
            return place
    raise NotFound(N_("This photo is no longer here."))


def _arrange(session: Session, order: list[Photo]) -> None:
    """Two steps, so that no two photos ever hold one place."""
    wrong = [(place, photo) for place, photo in enumerate(order) if photo.position != place]
    for place, photo in wrong:
        photo.position = -1 - place
    session.flush()
    for place, photo in wrong:
        photo.position = place
    session.flush()


def _as_row(one: Drawn) -> dict[str, Any]:
    return {"name": one.name, "mime": one.mime, "width": one.width, "height": one.height, "bytes": one.bytes}
