"""States: the page that tells a person on hold why, until when, and what stays possible."""

from __future__ import annotations

from flask import Blueprint, Response

from intrakraft.domain.accounts import STATUS_NAMES, Status
from intrakraft.domain.base import N_
from intrakraft.web.access import signed_in, viewer
from intrakraft.web.page import page

bp = Blueprint("states", __name__)

STAYS = {
    Status.ACTIVE: N_("Nothing holds your account back."),
    Status.LIMITED: N_("What is open goes on: you can answer, and see contacts you were shown. You cannot list goods or send new interests."),
    Status.SUSPENDED: N_("You can still read, take a copy of your data, close the account, and appeal. You cannot list or send new interests, and your goods are hidden."),
    Status.TERMINATED: N_("You can still take a copy of your data and appeal. The account will not trade again."),
}  # fmt: skip
FROZEN = N_(
    "Everything is stopped until a person has looked at it. If the report is wrong, write to us; you can still take a copy of your data."
)


@bp.get("/account/state")
@signed_in
def show() -> Response:
    """The state of my account in words."""
    account = viewer()
    stays = FROZEN if account.frozen_at is not None else STAYS[account.standing]
    return page("states/show.html", account=account, name=STATUS_NAMES[account.standing], stays=stays)
