"""Listings: classified advertisements, from a draft that loses nothing to goods that people find.

A draft is seen by its lister alone, and no listing carries a contact (B1, P-097).
"""

from intrakraft.domain.listings.cards import PAGE, Card, Line, Page, find, newest, own
from intrakraft.domain.listings.contact_in_text import contact_in
from intrakraft.domain.listings.drafting import (
    begin,
    check_can_list,
    find_own,
    keep,
    latest_draft,
    new_key,
    note_refused,
    throw_away,
    typed_in,
)
from intrakraft.domain.listings.offers import FIELDS, Offer, Spot, read, spot_of
from intrakraft.domain.listings.posting import (
    apply,
    close,
    find_photo,
    find_visible,
    index_all_of,
    is_visible,
    pause,
    put_up,
    remove,
    reopen,
)
from intrakraft.domain.listings.tables import (
    LONGEST_DESCRIPTION,
    LONGEST_TITLE,
    SHOWABLE,
    STATUS_NAMES,
    Listing,
    ListingDraft,
    Status,
)
from intrakraft.domain.listings.units import UNITS

__all__ = [
    "FIELDS",
    "LONGEST_DESCRIPTION",
    "LONGEST_TITLE",
    "PAGE",
    "SHOWABLE",
    "STATUS_NAMES",
    "UNITS",
    "Card",
    "Line",
    "Listing",
    "ListingDraft",
    "Offer",
    "Page",
    "Spot",
    "Status",
    "apply",
    "begin",
    "check_can_list",
    "close",
    "contact_in",
    "find",
    "find_own",
    "find_photo",
    "find_visible",
    "index_all_of",
    "is_visible",
    "keep",
    "latest_draft",
    "new_key",
    "newest",
    "note_refused",
    "own",
    "pause",
    "put_up",
    "read",
    "remove",
    "reopen",
    "spot_of",
    "throw_away",
    "typed_in",
]
