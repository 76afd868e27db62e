"""Loading the demo bazaar into an installation, by the verbs that people's own acts go through.

Loading twice adds nothing, and a loading that was broken off is gone on with: whatever is there already is left as it is.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import datetime
from pathlib import Path
from typing import Protocol

import sqlalchemy as sa
from sqlalchemy.orm import Session

from intrakraft.adapters import images
from intrakraft.adapters.images import CleanedImage
from intrakraft.adapters.storage import Storage
from intrakraft.config import Settings
from intrakraft.db import Database
from intrakraft.demo.script import Asked, Goods, Person, Script, script
from intrakraft.domain import accounts, interests, listings, media
from intrakraft.domain.accounts import Account, Browser, Kind, Registration, SecurityEvent, codes, passwords, states
from intrakraft.domain.accounts import registering as registration
from intrakraft.domain.base import N_, now
from intrakraft.domain.errors import Refusal
from intrakraft.domain.interests import ExpressionOfInterest
from intrakraft.domain.labels import Purpose
from intrakraft.domain.listings import Listing
from intrakraft.domain.media import Drawn, Place
from intrakraft.domain.notices import Channel, Notice, State
from intrakraft.domain.privacy import policy
from intrakraft.domain.privacy.disclosures import Disclosure, Quota

Progress = Callable[[int, int], object]
"""Told how many steps are done, and of how many."""

NOT_IN_PRODUCTION = N_("The passphrase of the demo people is known to everybody, so they are not loaded in production.")
NOT_OURS = N_("%(username)s is somebody else here, so the demo bazaar was not loaded.")
STAFF_ROLE = "operator"
_BROWSER = Browser("Demo bazaar", "")
_Cleaned = Mapping[str, "Future[CleanedImage]"]


class Installation(Protocol):
    """What the bazaar is loaded into."""

    @property
    def settings(self) -> Settings: ...

    @property
    def database(self) -> Database: ...

    @property
    def storage(self) -> Storage: ...


# -- reading --


def is_unfinished(installation: Installation) -> bool:
    """Whether a loading was begun here and broken off."""
    return _mark(installation).exists()


def people_lines() -> list[str]:
    """How to sign in as the people of the bazaar, line by line: the passphrase, then who is who."""
    people = script().people
    first = max(len(person.username) for person in people)
    second = max(len(person.role) for person in people)
    lines = [
        f"Demo people sign in with the passphrase: {script().passphrase}",
        "The code of the second step is on the page /outbox of this installation.",
        "",
    ]
    for person in people:
        where = f"{person.business}, {person.town}"
        lines.append(f"{person.username:<{first}}  {person.role:<{second}}  {where}. {person.about}")
    return lines


def _mark(installation: Installation) -> Path:
    return Path(installation.settings.instance) / "demo.unfinished"


# -- writing --


def load(installation: Installation, progress: Progress = lambda done, of: None) -> Counter[str]:
    """Load whatever of the bazaar is not there yet. Returns how many people, listings, pictures and interests were new.

    Each person, listing and interest is a transaction of its own, so that pages answer meanwhile. Raises `Refusal` in
    production, and where somebody else has a username of the bazaar.
    """
    if installation.settings.production:
        raise Refusal(NOT_IN_PRODUCTION)
    the, moment = script(), now()
    added: Counter[str] = Counter(people=0, listings=0, pictures=0, interests=0)
    people, goods = _not_registered(installation, the), _not_listed(installation, the)
    steps = len(people) + len(goods) + len(the.interests)
    _mark(installation).touch()
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        # One hash for all: the passphrase is printed anyway, and 35 of them take longer than everything else.
        password_hash = pool.submit(passwords.hash_password, the.passphrase)
        cleaned = {name: pool.submit(_clean, the, name) for name in _pictures(goods)}
        for person in people:
            _register(installation.database, person, password_hash.result(), moment)
            added["people"] += 1
            progress(added["people"], steps)
        for offered in goods:
            added["pictures"] += _list(installation, offered, cleaned, moment)
            added["listings"] += 1
            progress(added["people"] + added["listings"], steps)
    for number, asked in enumerate(the.interests, 1):
        added["interests"] += _ask(installation, asked, the.goods_of(asked), moment)
        progress(len(people) + len(goods) + number, steps)
    _mark(installation).unlink()
    return added


def _not_registered(installation: Installation, the: Script) -> list[Person]:
    """Who is not here yet. Raises `Refusal` where somebody else has a username of the bazaar: nothing is put under it."""
    missing = []
    with installation.database.apart() as session:
        for person in the.people:
            account = accounts.find_by_username(session, person.username)
            if account is None:
                missing.append(person)
            elif account.id != accounts.find_by_email(session, person.email):
                raise Refusal(NOT_OURS, username=person.username)
    return missing


def _register(database: Database, person: Person, password_hash: str, moment: datetime) -> int:
    """Register a person as the form does, with every box ticked, and open the account as the mailed code would."""
    joined_at = person.joined_at(moment)
    with database.apart() as session:
        account = registration.register(session, registration.checked(session, _form(person)), password_hash)
        behalf = policy.OnBehalfOf.FIRM if person.firm_role else policy.OnBehalfOf.SELF
        for box in policy.NEEDED[behalf]:
            policy.accept(session, account.id, box, person.language, behalf)
        challenge, _ = codes.begin(session, codes.CodeKind.REGISTRATION, account.id)
        challenge.passed_at = moment
        registration.verify_registration(session, challenge, browser=_BROWSER)
        if person.role == "staff":
            states.appoint(session, account, STAFF_ROLE)
        account.created_at = account.email_verified_at = joined_at
        session.execute(
            sa.update(SecurityEvent).where(SecurityEvent.account_id == account.id).values(happened_at=joined_at)
        )
    return 1


def _form(person: Person) -> Registration:
    return Registration(
        name=person.name,
        place_of_business=person.business,
        street=person.street,
        city=person.town,
        district=person.district,
        state=person.state,
        pin=person.pin,
        email=person.email,
        username=person.username,
        phone=person.phone,
        kind=Kind.REPRESENTATIVE if person.firm_role else Kind.SELF,
        entity_name=person.business if person.firm_role else "",
        entity_role=person.firm_role,
        language=person.language,
    )


def _not_listed(installation: Installation, the: Script) -> list[Goods]:
    """What is not listed yet, oldest first."""
    keys = [goods.form_key for goods in the.goods]
    with installation.database.apart() as session:
        query = sa.select(Account.username, Listing.form_key).join(Account, Account.id == Listing.lister_id)
        there = {(username, key) for username, key in session.execute(query.where(Listing.form_key.in_(keys)))}
    return [goods for goods in the.goods if (goods.lister, goods.form_key) not in there]


def _pictures(goods: Iterable[Goods]) -> list[str]:
    return list(dict.fromkeys(name for offered in goods for name in offered.pictures))


def _clean(the: Script, name: str) -> CleanedImage:
    return images.clean(the.pictures[name].read())


def _list(installation: Installation, goods: Goods, cleaned: _Cleaned, moment: datetime) -> int:
    """Put goods up as their lister would; returns how many pictures they have."""
    pictures = [(name, cleaned[name].result()) for name in goods.pictures]
    kept = [_keep(installation.storage, picture) for _, picture in pictures]
    with installation.database.apart() as session:
        lister = accounts.named(session, goods.lister)
        listing = listings.begin(session, lister, goods.form_key)
        listings.keep(session, listing, typed(goods, lister.pin))
        alts = {}
        for (name, picture), place in zip(pictures, kept, strict=True):
            photo = _attach(session, listing, place, picture, installation.settings.photo_limit)
            alts[photo.id] = script().pictures[name].alt
        media.describe(session, listing.id, alts, ())
        listings.put_up(session, listing, by=lister)
        listing.created_at = listing.posted_at = listing.changed_at = goods.listed_at(moment)
    return len(pictures)


def typed(goods: Goods, pin: str) -> dict[str, str]:
    """Goods as they would be typed into the form of a listing, by somebody at this PIN."""
    return {
        "title": goods.title,
        "description": goods.description,
        "category": goods.category,
        "price": f"{goods.price_paise / 100:.2f}",
        "unit": goods.unit,
        "pin": pin,
    }


def _keep(storage: Storage, picture: CleanedImage) -> Place:
    place = media.new_place()
    for one in picture.renditions:
        storage.put(place.key(one.file_name), one.data, one.mime)
    return place


def _attach(session: Session, listing: Listing, place: Place, picture: CleanedImage, most: int) -> media.Photo:
    photo = media.attach(
        session,
        listing.id,
        listing.lister_id,
        place,
        [Drawn(one.name, one.mime, one.width, one.height, len(one.data)) for one in picture.renditions],
        size=(picture.width, picture.height),
        dhash=picture.dhash,
        original_bytes=picture.original_bytes,
        most=most,
    )
    assert photo is not None, "a listing of the script names one picture twice"
    return photo


def _ask(installation: Installation, asked: Asked, goods: Goods, moment: datetime) -> int:
    """Express an interest, and take it back where the script says so; 0 where it was expressed before."""
    settings = installation.settings
    quota = Quota(settings.interest_daily_limit, settings.interest_minute_limit)
    with installation.database.apart() as session:
        by, lister = accounts.named(session, asked.by), accounts.named(session, asked.lister)
        query = sa.select(Listing).where(Listing.lister_id == lister.id, Listing.form_key == goods.form_key)
        listing = session.scalars(query).one()
        earlier = sa.select(ExpressionOfInterest.id).where(
            ExpressionOfInterest.listing_id == listing.id, ExpressionOfInterest.interested_id == by.id
        )
        if session.scalar(earlier.limit(1)) is not None:
            return 0
        interest = interests.express_interest(
            session, listing, by=by, message=asked.message, quota=quota, shares_contact=asked.shares_contact
        )
        asked_at = asked.asked_at(moment, goods.listed_at(moment))
        withdrawn_at = asked.withdrawn_at(moment, asked_at)
        _told(session, asked_at)
        if withdrawn_at is not None:
            interests.withdraw(session, listing, by=by)
            _told(session, withdrawn_at)
        _happened(session, interest, asked_at, withdrawn_at)
    return 1


def _told(session: Session, when: datetime) -> None:
    """Let the notices just queued have been told at `when`, on the page only: nobody of the bazaar has a mailbox."""
    queued = session.info.pop("enqueue", [])
    session.execute(
        sa.update(Notice)
        .where(Notice.id.in_(queued))
        .values(channel=Channel.SCREEN, state=State.SENT, created_at=when, sent_at=when)
    )


def _happened(
    session: Session, interest: ExpressionOfInterest, asked_at: datetime, withdrawn_at: datetime | None
) -> None:
    """Date an interest and what it disclosed back to when the script says."""
    interest.created_at, interest.withdrawn_at = asked_at, withdrawn_at
    session.execute(
        sa.update(Disclosure)
        .where(Disclosure.purpose == Purpose.EOI, Disclosure.because_id == interest.id)
        .values(disclosed_at=asked_at, ended_at=withdrawn_at)
    )
