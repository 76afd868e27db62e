"""Pages kept as packed bytes: the same for everybody, gone at every commit, never somebody's own."""

import pytest
from flask import Flask
from flask.testing import FlaskClient

from intrakraft.web.packed import PackedPages
from tests.makers import Person, make_listing
from tests.people import Visit


def shelf(app: Flask) -> PackedPages:
    assert isinstance(app.wsgi_app, PackedPages)
    return app.wsgi_app


def test_a_second_stranger_gets_the_same_bytes(app: Flask, client: FlaskClient, dupatta: int) -> None:
    first = client.get("/listings", headers={"Accept-Encoding": "br"})
    second = app.test_client().get("/listings", headers={"Accept-Encoding": "br"})
    assert (first.data, first.headers["ETag"]) == (second.data, second.headers["ETag"])
    assert shelf(app).hits == 1


def test_what_is_known_is_not_sent_again(client: FlaskClient, dupatta: int) -> None:
    etag = client.get("/listings").headers["ETag"]
    again = client.get("/listings", headers={"If-None-Match": etag})
    assert (again.status_code, again.data) == (304, b"")


def test_a_new_listing_is_on_the_page_at_once(app: Flask, client: FlaskClient, asha: Person) -> None:
    assert "Fresh off the loom" not in client.get("/listings").text
    make_listing(app.extensions["intrakraft"].database, asha, title="Fresh off the loom")
    assert "Fresh off the loom" in client.get("/listings").text


@pytest.mark.promise("P-097")
def test_a_signed_in_persons_page_is_never_kept(app: Flask, visit: Visit, bina: Person, dupatta: int) -> None:
    page = visit(bina).get(f"/listings/{dupatta}")
    assert "no-store" in page.response.headers["Cache-Control"]
    assert not shelf(app).shelf


@pytest.mark.parametrize(
    "headers", [{"Accept-Language": "hi"}, {"Save-Data": "on"}, {"HX-Request": "true", "HX-Target": "ul#goods"}]
)
def test_what_may_differ_is_kept_apart(client: FlaskClient, dupatta: int, headers: dict[str, str]) -> None:
    plain = client.get("/listings")
    assert client.get("/listings", headers=headers).data != plain.data
