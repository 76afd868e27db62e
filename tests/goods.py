"""Goods for tests: accounts that may list, listings put up by the domain's own verbs, pictures drawn on the spot.

Nothing here goes round a rule: what a test starts from could have been made by people.
"""

import io
import itertools
from datetime import timedelta
from typing import Any

from flask.testing import FlaskClient
from PIL import Image, ImageDraw
from sqlalchemy.orm import Session

from intrakraft.domain import accounts, listings, media
from intrakraft.domain.accounts import Account, SignIn, Status
from intrakraft.domain.accounts.tables import token_hash
from intrakraft.domain.base import new_token, now
from intrakraft.domain.listings import Listing
from intrakraft.domain.media import Drawn, Photo
from intrakraft.web.state import of

TYPED = {
    "title": "Hand block-printed cotton dupatta, indigo",
    "description": "Printed by hand with two teak blocks.",
    "category": "dupattas-stoles",
    "price": "1,150",
    "unit": "each",
    "pin": "302029",
}
_numbers = itertools.count(1)


def account(session: Session, username: str = "asha", **changes: Any) -> Account:
    """A person who may list; `changes` put them into another state or place."""
    facts = {
        "place_of_business": "Rangrez Prints",
        "city": "Sanganer",
        "district": "Jaipur",
        "state": "Rajasthan",
        "state_code": "08",
        "pin": "302029",
        "status": Status.ACTIVE,
        "email_verified_at": now(),
    }
    person = Account(username=username, **{**facts, **changes})
    session.add(person)
    session.flush()
    return person


def draft(session: Session, lister: Account, **typed: str) -> Listing:
    """A draft as typed; what is not given is as in `TYPED`."""
    listing = listings.begin(session, lister, listings.new_key())
    listings.keep(session, listing, {**TYPED, **typed})
    return listing


def put_up(session: Session, lister: Account, title: str = TYPED["title"], **typed: str) -> Listing:
    """A listing on show."""
    return listings.put_up(session, draft(session, lister, title=title, **typed), by=lister)


def photo(session: Session, listing: Listing, most: int = 12) -> Photo:
    """A photo of the listing, known to the tables only."""
    drawn = [
        Drawn(f"list-{side}", f"image/{kind}", side, side, 900) for side in (208, 416) for kind in ("avif", "jpeg")
    ]
    added = media.attach(
        session,
        listing.id,
        listing.lister_id,
        media.new_place(),
        drawn,
        size=(900, 900),
        dhash=next(_numbers),
        original_bytes=412_000,
        most=most,
    )
    assert added is not None
    return added


def picture(colour: str = "indigo", kind: str = "JPEG", size: tuple[int, int] = (640, 480), **saved: Any) -> io.BytesIO:
    """The file of a small picture."""
    image = Image.new("RGB", size, colour)
    ImageDraw.Draw(image).ellipse((40, 30, size[0] // 2, size[1] - 60), fill="white")
    file = io.BytesIO()
    image.save(file, kind, **saved)
    file.seek(0)
    return file


def titles(page: listings.Page) -> list[str]:
    """What a page of cards shows, in its order."""
    return [card.title for card in page.cards]


# -- in front of the site --


def sign_in(client: FlaskClient, username: str, **changes: Any) -> int:
    """Make a person and sign them in with this client; returns the account's id."""
    token = new_token()
    database = of(client.application).database
    with database.apart() as session:
        person = account(session, username, **changes)
        session.add(SignIn(account_id=person.id, token_hash=token_hash(token), expires_at=now() + timedelta(hours=1)))
        person_id: int = person.id
    with client.session_transaction() as kept:
        kept["_user_id"] = token
    return person_id


def listed(client: FlaskClient, username: str = "asha", title: str = TYPED["title"], **typed: str) -> int:
    """Goods on show by this person, who is made if need be; returns the listing's id."""
    with of(client.application).database.apart() as session:
        lister = accounts.find_by_username(session, username) or account(session, username)
        listing_id: int = put_up(session, lister, title, **typed).id
    return listing_id
