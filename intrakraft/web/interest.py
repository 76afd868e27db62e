"""What a listing's page shows about interest: the form, or the contact it opened.

The look is written to the ledger in a transaction of its own before the page with the contact is sent (P-096).
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from flask import request
from flask_babel import lazy_gettext as _l
from wtforms import BooleanField
from wtforms.validators import Length, Optional

from intrakraft.domain import interests
from intrakraft.domain.base import N_
from intrakraft.domain.listings import Listing
from intrakraft.domain.privacy import disclosures
from intrakraft.domain.privacy.disclosures import Disclosure
from intrakraft.web.access import viewer
from intrakraft.web.forms import Form, Lines
from intrakraft.web.state import database


class InterestForm(Form):
    """A message to the lister; the sender's own contact stays hidden unless they tick it (P-099)."""

    message = Lines(
        N_("Message"),
        [Optional(), Length(max=interests.LONGEST_MESSAGE, message=_l("Make it %(max)d letters at most."))],
        render_kw={"maxlength": interests.LONGEST_MESSAGE, "rows": 3},
    )
    shares_contact = BooleanField(
        N_("Also give the lister my contact"),
        description=N_("Optional. Without it they see your username and message."),
    )


def interest_part(listing: Listing, form: InterestForm | None = None) -> dict[str, Any]:
    """Variables of the block `interest`: `form`, `contact`, `interest`, `is_own`; `asks` where the form is what it shows."""
    person = viewer()
    door = interests.open_door(database().session, listing, person)
    contact = None
    if door is not None:
        note_looks([door[1]])
        contact = disclosures.disclosed(database().session, door[1], shows=listing.discloses)
    is_own = person is not None and person.id == listing.lister_id
    standing = door[0] if door else interests.standing(database().session, listing, person)
    return {
        "form": form
        or InterestForm(formdata=None, message=request.args.get("message", "")[: interests.LONGEST_MESSAGE]),
        "contact": contact,
        "interest": standing,
        "disclosure": door[1] if door else None,
        "is_own": is_own,
        "asks": listing.is_open and standing is None and not is_own,
    }


def note_looks(doors: Iterable[Disclosure]) -> None:
    """Write each further look to the ledger, in a transaction of its own and before the page is sent."""
    due = [door.id for door in doors if disclosures.needs_note(door)]
    if due:
        with database().apart() as session:
            for disclosure_id in due:
                disclosures.note_reading(session, disclosure_id)
