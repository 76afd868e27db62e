"""The operator as people see it: who runs this, who answers, when.

All of it comes from settings; no page, text or mail knows a name or a number of its own (P-151).
"""

from __future__ import annotations

from flask_babel import gettext

from intrakraft.domain.support import Hours, hours
from intrakraft.web.state import settings


def support_hours() -> Hours:
    """The hours of the support desk."""
    given = settings()
    return hours(given.support_opens, given.support_closes, given.zone)


def hours_in_words() -> str:
    """`Monday to Friday, 9:00 to 18:00, Indian time`, in the language of the page."""
    given = support_hours()
    zone = gettext("Indian time") if given.zone.key == "Asia/Kolkata" else given.zone.key
    opens, closes = (f"{moment.hour}:{moment.minute:02}" for moment in (given.opens, given.closes))
    return gettext("Monday to Friday, %(opens)s to %(closes)s, %(zone)s", opens=opens, closes=closes, zone=zone)


def facts() -> tuple[tuple[str, str], ...]:
    """What fills the places left open in the policy and the terms."""
    given = settings()
    return (
        ("company", given.company),
        ("officer", given.officer),
        ("phone", given.phone),
        ("email", given.email),
        ("hours", hours_in_words()),
    )
