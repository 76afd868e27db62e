"""Notices: what the platform told me, whether or not the mail arrived."""

from __future__ import annotations

from flask import Blueprint, Response
from flask_babel import gettext

from intrakraft.domain import notices
from intrakraft.domain.base import N_
from intrakraft.domain.notices import Kind
from intrakraft.web.access import signed_in, viewer
from intrakraft.web.page import go, page
from intrakraft.web.state import db
from intrakraft.web.wanted import before

bp = Blueprint("notices", __name__)

TOLD = {
    Kind.INTEREST_RECEIVED: N_("%(other_username)s asked about your goods and was shown your contact"),
    Kind.INTEREST_WITHDRAWN: N_("%(other_username)s took an interest back; your contact is hidden again"),
    Kind.NEW_DEVICE: N_("Signed in on a new device"),
    Kind.REGISTRATION_KNOWN: N_("Somebody tried to open an account with your e-mail address"),
    Kind.PASSWORD_CHANGED: N_("Your password was changed"),
    Kind.SECOND_STEP_CHANGED: N_("Your second step was changed: %(what)s"),
    Kind.EMAIL_CHANGED: N_("Your e-mail address was changed"),
    Kind.ACCOUNT_STATE_CHANGED: N_("The state of your account is now: %(state)s"),
}
SAID = ("what", "state")


@bp.get("/notices")
@signed_in
def index() -> Response:
    """My notices, newest first."""
    lines = notices.lines(db.session, viewer().id, before=before())
    return page("notices/index.html", parts=("lines",), lines=lines, told=_told)


@bp.post("/notices/reading")
@signed_in
def read_all() -> Response:
    """Mark everything as read."""
    notices.mark_read(db.writing(), viewer().id)
    return go("notices.index")


def _told(line: notices.Line) -> str:
    fields = {name: value or "" for name, value in line.fields.items()}
    fields |= {name: gettext(str(fields[name])) for name in SAID if fields.get(name)}
    return gettext(TOLD[line.kind], **fields)
