"""Units: what a price is for, as it is said at the counter. A closed list; the words after a price come from here."""

from __future__ import annotations

from intrakraft.domain.base import N_

UNITS: dict[str, str] = {
    "each": N_("each"),
    "pair": N_("per pair"),
    "set": N_("per set"),
    "dozen": N_("per dozen"),
    "box": N_("per box"),
    "metre": N_("per metre"),
    "kg": N_("per kg"),
    "litre": N_("per litre"),
    "lot": N_("the lot"),
}
