"""For the operator alone: health that says nothing, counters behind a token, the outbox in development only."""

from __future__ import annotations

import pytest
from flask import Flask
from flask.testing import FlaskClient

from intrakraft.db import Database
from intrakraft.domain import notices
from intrakraft.domain.notices import Kind
from intrakraft.web.state import of
from tests.makers import Person
from tests.people import Visit


def test_health_is_a_word_and_no_more(client: FlaskClient) -> None:
    answer = client.get("/healthz")
    assert (answer.status_code, answer.json) == (200, {"status": "ok"})
    assert answer.headers["Cache-Control"] == "no-store" and "Set-Cookie" not in answer.headers


def test_without_its_database_it_is_not_healthy(
    app: Flask, client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    app.testing = False
    monkeypatch.setattr(of(app).database, "_make", lambda: 1 / 0)
    assert client.get("/healthz").status_code == 500


@pytest.mark.promise("P-034")
def test_counters_are_for_whoever_holds_the_token_and_name_nobody(
    app: Flask, client: FlaskClient, asha: Person, dupatta: int
) -> None:
    client.get(f"/listings/{dupatta}?q=cotton"), client.get("/people/asha")
    token = of(app).settings.metrics_token
    for given in ("", "Bearer", "Bearer x", f"Bearer {token[:-1]}", f"Basic {token}", "Bearer \u00e9"):
        assert client.get("/metrics", headers={"Authorization": given}).status_code == 404, given
    answer = client.get("/metrics", headers={"Authorization": f"Bearer {token}"})
    assert answer.status_code == 200 and 'route="listings.show"' in answer.text
    assert "intrakraft_outbox_notices" in answer.text
    for never in ("asha", "127.0.0.1", "cotton", f"/listings/{dupatta}"):
        assert never not in answer.text


def test_the_outbox_shows_what_would_have_been_sent(app: Flask, visit: Visit, asha: Person, database: Database) -> None:
    with database.apart() as session:
        notices.queue(session, Kind.SIGN_IN_CODE, to=asha.id, code="424242", minutes=15)
    of(app).jobs.sweep()
    page = visit().get("/outbox")
    assert page.status == 200 and page.response.headers["Cache-Control"] == "no-store"
    assert "424242" in page.words("main") and asha.email in page.words("main")


@pytest.mark.settings(outbox_page=False)
def test_where_mail_is_real_there_is_no_outbox_page(visit: Visit) -> None:
    assert visit().get("/outbox").status == 404
