"""Photos: their order holds, the same one stands once, and no file outlives its row for long."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from intrakraft.domain import media
from intrakraft.domain.errors import Invalid, NotFound
from intrakraft.domain.listings import Listing
from intrakraft.domain.media import Photo, Place
from tests.goods import account, draft, photo


@pytest.fixture
def listing(session: Session) -> Listing:
    return draft(session, account(session))


def order(session: Session, listing: Listing) -> list[int]:
    return [picture.id for picture in media.pictures_of(session, listing.id)]


@pytest.mark.criterion("B2")
def test_photos_change_places_one_step_at_a_time(session: Session, listing: Listing) -> None:
    a, b, c = (photo(session, listing).id for _ in range(3))
    media.move(session, listing.id, c, earlier=True)
    assert order(session, listing) == [a, c, b]
    media.move(session, listing.id, a, earlier=False)
    assert order(session, listing) == [c, a, b]


@pytest.mark.criterion("B2")
def test_at_the_ends_nothing_moves(session: Session, listing: Listing) -> None:
    a, b = (photo(session, listing).id for _ in range(2))
    media.move(session, listing.id, a, earlier=True), media.move(session, listing.id, b, earlier=False)
    assert order(session, listing) == [a, b]


def test_taking_one_out_closes_the_row(session: Session, listing: Listing) -> None:
    a, b, c = (photo(session, listing) for _ in range(3))
    place = media.take_out(session, listing.id, a.id)
    assert (place.token, place.folder) == (a.token, f"photos/{a.kept_on}/{a.token}")
    assert order(session, listing) == [b.id, c.id]
    assert [picture.position for picture in media.pictures_of(session, listing.id)] == [0, 1]


def test_a_photo_of_another_listing_is_not_there(session: Session, listing: Listing) -> None:
    other = draft(session, account(session, "charu"))
    theirs = photo(session, other)
    for act in (
        lambda: media.move(session, listing.id, theirs.id, earlier=True),
        lambda: media.take_out(session, listing.id, theirs.id),
    ):
        with pytest.raises(NotFound):
            act()
    media.describe(session, listing.id, {theirs.id: "Mine now"}, ())
    assert session.get_one(Photo, theirs.id).alt == ""


@pytest.mark.criterion("B2")
def test_a_listing_has_its_most_photos_and_no_more(session: Session, listing: Listing) -> None:
    photo(session, listing, most=2), photo(session, listing, most=2)
    with pytest.raises(Invalid, match="at most"):
        photo(session, listing, most=2)


def test_the_very_same_picture_stands_once(session: Session, listing: Listing) -> None:
    there = photo(session, listing)
    size, facts = (there.width, there.height), {"dhash": there.dhash, "original_bytes": there.original_bytes}
    again = media.attach(session, listing.id, listing.lister_id, media.new_place(), [], size=size, most=12, **facts)
    assert again is None
    assert order(session, listing) == [there.id]


def test_words_and_the_mark_of_a_machine_are_kept(session: Session, listing: Listing) -> None:
    a, b = photo(session, listing), photo(session, listing)
    media.describe(session, listing.id, {a.id: "Border, close", b.id: "x" * 500}, [b.id])
    first, second = media.pictures_of(session, listing.id)
    assert (first.alt, first.made_by_machine) == ("Border, close", False)
    assert (len(second.alt), second.made_by_machine) == (media.LONGEST_ALT, True)


def test_places_cannot_be_guessed_and_never_meet() -> None:
    tokens = {media.new_place().token for _ in range(1000)}
    assert len(tokens) == 1000 and {len(token) for token in tokens} == {20}


class Files:
    """A store of files in memory."""

    def __init__(self, *keys: str) -> None:
        self.keys = set(keys)

    def list(self, prefix: str = "") -> Iterator[str]:
        return iter(sorted(key for key in self.keys if key.startswith(prefix)))

    def delete_prefix(self, prefix: str) -> int:
        gone = {key for key in self.keys if key.startswith(f"{prefix}/")}
        self.keys -= gone
        return len(gone)


@pytest.mark.promise("P-016")
def test_the_sweep_takes_old_strays_and_nothing_else(session: Session, listing: Listing) -> None:
    known, stray, fresh = photo(session, listing), media.new_place(), media.new_place()
    old = known.kept_on - timedelta(days=9)
    session.execute(sa.update(Photo).values(kept_on=old))
    kept = [
        Place(known.token, old).key("list-208.jpeg"),
        fresh.key("list-208.jpeg"),
        "exports/2020-01-01/a/b.zip",
        "photos/odd",
    ]
    files = Files(*kept, Place(stray.token, old).key("list-208.jpeg"), Place(stray.token, old).key("page-960.webp"))
    assert media.sweep(session, files) == 1
    assert files.keys == set(kept)
