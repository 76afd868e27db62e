"""Whom to reach and when, the addresses that machines look for, and the report that an account belongs to a child.

Everything here works without an account, a cookie or a script (P-117, P-148, P-151).
"""

from __future__ import annotations

from datetime import timedelta

from flask import Blueprint, Response, make_response, redirect, render_template, request, url_for
from flask_babel import lazy_gettext as _l
from wtforms.validators import DataRequired, Length

from intrakraft.domain.base import N_, now
from intrakraft.domain.privacy import minors, policy
from intrakraft.domain.support import clocks
from intrakraft.web import throttles
from intrakraft.web.access import public
from intrakraft.web.forms import Form, Line, Lines
from intrakraft.web.operator import hours_in_words, support_hours
from intrakraft.web.page import go, page
from intrakraft.web.state import db, settings

bp = Blueprint("support", __name__)

SECURITY_TXT_DAYS = 180


class ChildReportForm(Form):
    """A username and how the writer knows; nothing about the writer."""

    username = Line(
        N_("Username"),
        [DataRequired(_l("Write the username.")), Length(max=80, message=_l("A username is shorter than that."))],
        description=N_("As it stands on the listing or the profile"),
    )
    grounds = Lines(
        N_("How you know"),
        [
            DataRequired(_l("Say how you know.")),
            Length(max=minors.GROUNDS_MAX, message=_l("At most 1,000 letters, please.")),
        ],
        description=N_("Read by the person who decides, and by nobody else"),
    )


@bp.get("/support")
@public
def show() -> Response:
    """The operator, the officer, the hours, and by when people get an answer."""
    hours, at = support_hours(), now()
    opening = None if hours.is_open(at) else hours.next_opening(at)
    limits = {name: clock.hours for name, clock in clocks(policy.today()).items()}
    return page("support/show.html", hours=hours_in_words(), opening=opening, limits=limits)


@bp.get("/support/child-reports/new")
@public
def new_child_report(form: ChildReportForm | None = None, status: int = 200) -> Response:
    """Ask which account, and how the writer knows."""
    form = form or ChildReportForm(formdata=None, username=request.args.get("username"))
    return page("support/child_report.html", parts=("report",), status=status, form=form)


@bp.get("/support/child-reports")
@public
def come_back() -> Response:
    """Where the browser loads the address of the form anew that had something to put right: the form again."""
    return redirect(url_for("support.new_child_report"))


@bp.post("/support/child-reports")
@public
def report_child() -> Response:
    """Freeze the account; the answer is the same whether or not it exists."""
    form = ChildReportForm()
    if not form.validate():
        return new_child_report(form, 422)
    throttles.before_child_report()
    minors.report_child(db.writing(), username=form.username.data, grounds=form.grounds.data)
    return go("support.child_report_received", elsewhere=True)


@bp.get("/support/child-reports/received")
@public
def child_report_received() -> Response:
    """Say what happens now."""
    return page("support/child_report_received.html")


@bp.get("/.well-known/security.txt")
@public
def security_txt() -> Response:
    """Whom to tell about a weakness (RFC 9116); good for 180 days from today."""
    expires = (now() + timedelta(days=SECURITY_TXT_DAYS)).replace(hour=0, minute=0, second=0, microsecond=0)
    base = settings().public_url.rstrip("/")
    return _plain("support/security.txt", expires=f"{expires:%Y-%m-%dT%H:%M:%SZ}", base=base)


@bp.get("/.well-known/change-password")
@public
def change_password() -> Response:
    """Where password managers send people to change a password."""
    return redirect(url_for("passwords.edit"), 303)  # type: ignore[return-value]


@bp.get("/robots.txt")
@public
def robots() -> Response:
    """Crawlers may read the goods; personal pages and doors to other sites are not for them."""
    return _plain("support/robots.txt")


def _plain(template: str, **context: object) -> Response:
    response = make_response(render_template(template, **context))
    response.content_type = "text/plain; charset=utf-8"
    return response
