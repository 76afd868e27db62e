"""Photos through the web: good ones stay whatever the others are, nothing of a file but its pixels is served, and only
to those who may see the listing."""

import csv
import io
import json
import re
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient
from PIL import Image

from intrakraft.domain import accounts
from intrakraft.domain.accounts import Status
from intrakraft.domain.media import Photo
from intrakraft.web.state import of
from tests.goods import picture, sign_in
from tests.visitor import Page, Visitor
from tests.web.test_drafts import typed, values

File = tuple[io.BytesIO, str]


@pytest.fixture
def asha(client: FlaskClient) -> Visitor:
    sign_in(client, "asha")
    return Visitor(client)


@pytest.fixture
def stranger(app: Flask) -> Visitor:
    return Visitor(app.test_client())


def send(visitor: Visitor, *files: File, act: str = "photos", **changes: Any) -> Page:
    """Send the form of the draft at hand with these files."""
    page = visitor.get("/listings/new")
    where = page.path.removesuffix("/edit").removesuffix("?fresh=1")
    return visitor.post(f"{where}/{act}", {**values(page, **changes), "photos": list(files)})


def photos(app: Flask) -> list[Photo]:
    with of(app).database.apart() as session:
        return list(session.scalars(sa.select(Photo).order_by(Photo.position)))


def addresses(photo: Photo) -> list[str]:
    """Every address under which a picture is served."""
    return [f"/photos/{photo.token}-{one['name']}.{one['mime'].removeprefix('image/')}" for one in photo.renditions]


def kept_files(app: Flask) -> list[str]:
    return list(of(app).storage.list("photos"))


# -- taking in --


@pytest.mark.criterion("c14")
def test_photos_go_into_the_draft_with_what_was_typed(asha: Visitor, app: Flask) -> None:
    page = send(asha, (picture(), "one.jpg"), (picture("brown"), "two.jpg"), title="ab", price="x")
    assert "2 of 12" in page.words("photos")
    assert (typed(page)["title"], typed(page)["price"]) == ("ab", "x")
    assert [photo.position for photo in photos(app)] == [0, 1]


@pytest.mark.criterion("c14")
def test_adding_without_a_chosen_photo_is_said_at_the_field(asha: Visitor) -> None:
    page = send(asha, title="Brass lamp")
    (said,) = page.tree.xpath("//p[@id='add-photos-error']")
    assert page.status == 422 and " ".join(said.text_content().split()) == "Choose a photo first."
    assert "add-photos-error" in page.tree.xpath("//input[@id='add-photos']/@aria-describedby")[0]
    assert typed(page)["title"] == "Brass lamp" and asha.get("/listings/new/photos").path.endswith("/edit")


@pytest.mark.criterion("c14")
def test_photos_survive_an_error_in_the_form(asha: Visitor) -> None:
    send(asha, (picture(), "one.jpg"))
    page = send(asha, act="publication", title="ab")
    assert page.status == 422 and "1 of 12" in page.words("photos")


@pytest.mark.criterion("c14")
def test_a_bad_file_has_its_own_message_and_good_ones_stay(asha: Visitor, app: Flask) -> None:
    bad: list[File] = [(io.BytesIO(b""), "empty.jpg"), (io.BytesIO(b"%PDF-1.7 x"), "bill.pdf")]
    page = send(asha, bad[0], (picture(), "good.jpg"), bad[1])
    said = page.words("photos")
    assert "1 of 12" in said and len(photos(app)) == 1
    assert "empty.jpg: This file is empty" in said and "bill.pdf: This is a file of the kind PDF" in said
    again = send(asha, (picture("brown"), "second.jpg"))
    assert "empty.jpg" not in again.words("photos")


@pytest.mark.criterion("c14")
def test_putting_up_takes_chosen_photos_along(asha: Visitor, app: Flask) -> None:
    shown = send(asha, (picture(), "one.jpg"), act="publication")
    assert shown.path.startswith("/listings/1") and len(photos(app)) == 1
    assert shown.tree.xpath("//main//picture//img")


@pytest.mark.criterion("c14")
def test_with_a_bad_photo_nothing_goes_up_unseen(asha: Visitor, app: Flask, stranger: Visitor) -> None:
    page = send(asha, (io.BytesIO(b"no picture"), "odd.jpg"), act="publication")
    assert "odd.jpg: This file is not a picture" in page.words("photos")
    assert stranger.get("/listings/1").status == 404


@pytest.mark.criterion("B2")
def test_the_same_picture_twice_stands_once_and_leaves_no_file(asha: Visitor, app: Flask) -> None:
    send(asha, (picture(), "one.jpg"))
    files = kept_files(app)
    send(asha, (picture(), "again.jpg"))
    assert len(photos(app)) == 1 and kept_files(app) == files


@pytest.mark.criterion("B2")
@pytest.mark.settings(photo_limit=1)
def test_more_than_the_most_are_refused_one_by_one(asha: Visitor, app: Flask) -> None:
    page = send(asha, (picture(), "one.jpg"), (picture("brown"), "two.jpg"))
    assert "two.jpg: A listing has 1 photos at most" in page.words("photos")
    assert len(photos(app)) == 1


@pytest.mark.criterion("B2")
def test_photos_are_moved_and_taken_out_by_buttons(asha: Visitor, app: Flask) -> None:
    page = send(asha, (picture(), "one.jpg"), (picture("brown"), "two.jpg"))
    first, second = photos(app)
    asha.post("/listings/1/draft", {**values(page), "move": f"{second.id} earlier"})
    assert [photo.id for photo in photos(app)] == [second.id, first.id]
    asha.post("/listings/1/draft", {**values(page), "out": str(first.id)})
    assert [photo.id for photo in photos(app)] == [second.id]


@pytest.mark.promise("P-016")
def test_a_photo_taken_out_is_gone_from_the_store_and_the_web(asha: Visitor, app: Flask) -> None:
    page = send(asha, (picture(), "one.jpg"))
    (photo,) = photos(app)
    assert asha.client.get(addresses(photo)[0]).status_code == 200
    asha.post("/listings/1/draft", {**values(page), "out": str(photo.id)})
    assert kept_files(app) == []
    assert {asha.client.get(address).status_code for address in addresses(photo)} == {404}


@pytest.mark.promise("P-016")
def test_a_draft_thrown_away_leaves_no_file(asha: Visitor, app: Flask) -> None:
    send(asha, (picture(), "one.jpg"))
    asha.get("/listings/1/disposal").form("confirm").submit()
    assert kept_files(app) == [] == photos(app)


def test_what_photos_show_is_kept_and_read_out(asha: Visitor, app: Flask) -> None:
    page = send(asha, (picture(), "one.jpg"))
    number = photos(app)[0].id
    page = asha.post(
        "/listings/1/publication", {**values(page), f"alt-{number}": "Border, close", f"made-{number}": "on"}
    )
    assert page.tree.xpath("//main//picture//img[@alt='Border, close']")
    assert "A machine made or altered a photo here" in page.words("main")


@pytest.mark.promise("P-097")
def test_no_contact_can_stand_in_the_words_of_a_photo(asha: Visitor, app: Flask) -> None:
    page = send(asha, (picture(), "one.jpg"))
    number = photos(app)[0].id
    page = asha.post("/listings/1/draft", {**values(page), f"alt-{number}": "Call 98765 43210"})
    assert "Take the phone number out" in page.words("photos")
    assert photos(app)[0].alt == ""


# -- hostile and odd files --


def hostile(folder: Path) -> list[dict[str, str]]:
    with (folder / "hostile" / "index.csv").open() as file:
        return [row for row in csv.DictReader(file) if row["extension"] not in ("csv", "")]


@pytest.mark.long
@pytest.mark.promise("P-016")
def test_every_hostile_file_has_the_outcome_of_the_index(asha: Visitor, app: Flask, shared_data: Path) -> None:
    for row in hostile(shared_data):
        data = (shared_data / "hostile" / row["file"]).read_bytes()
        before = len(photos(app))
        page = send(asha, (io.BytesIO(data), row["file"]))
        added = len(photos(app)) - before
        assert page.status == 200
        if row["expected"].startswith("accept"):
            assert added == 1, row
            _holds_only_pixels(asha, photos(app)[-1])
        elif row["expected"].startswith("refuse with") or " or strip" in row["expected"]:
            assert added in (0, 1), row
        else:
            assert added == 0 and row["file"] in page.words("photos"), row


SIGNS_OF_MORE = [b"<script", b"<html", b"<?php", b"PK\x03\x04", b"Exif\0\0", b"http://ns.adobe.com", b"onload"]


def _holds_only_pixels(visitor: Visitor, photo: Photo) -> None:
    for address in addresses(photo):
        answer = visitor.client.get(address)
        assert answer.status_code == 200 and answer.mimetype == f"image/{address.rpartition('.')[2]}"
        assert not [sign for sign in SIGNS_OF_MORE if sign.lower() in answer.data.lower()], address
        with Image.open(io.BytesIO(answer.data)) as image:
            assert not dict(image.getexif()) and "icc_profile" not in image.info


def test_hostile_names_are_never_paths_and_are_shown_escaped(asha: Visitor, app: Flask, shared_data: Path) -> None:
    names = json.loads((shared_data / "hostile" / "file_names.json").read_text())
    for name in names:
        page = send(asha, (io.BytesIO(b"no picture"), name))
        assert page.status in (200, 422)
    assert kept_files(app) == [] == photos(app)


@pytest.mark.long
@pytest.mark.promise("P-016")
def test_position_and_camera_are_gone_from_every_byte_served(asha: Visitor, app: Flask, shared_data: Path) -> None:
    for path in sorted((shared_data / "media" / "metadata").glob("*.jpg")):
        send(asha, (io.BytesIO(path.read_bytes()), path.name))
    assert len(photos(app)) == 3
    for photo in photos(app):
        _holds_only_pixels(asha, photo)


@pytest.mark.long
@pytest.mark.criterion("B2")
def test_turned_pictures_stand_upright_and_odd_formats_are_told(asha: Visitor, app: Flask, shared_data: Path) -> None:
    folder = shared_data / "media"
    for name in ("landscape_6.jpg", "landscape_8.jpg"):
        send(asha, (io.BytesIO((folder / "orientation" / name).read_bytes()), name))
    assert all(photo.width > photo.height for photo in photos(app))
    refused = ["zPug_3.heic", "fixture.jxl", "fixture.psd", "16bit.cropped.tif", "fixture.pdf", "fixture.xlsx"]
    page = send(asha, *[(io.BytesIO((folder / "formats" / name).read_bytes()), name) for name in refused])
    assert (
        all(name in page.words("photos") for name in refused) and page.words("photos").count("JPEG, PNG or WebP") == 6
    )


# -- serving --


@pytest.fixture
def photo(asha: Visitor, app: Flask) -> Photo:
    """A picture of a listing on show."""
    send(asha, (picture(), "one.jpg"), act="publication")
    return photos(app)[0]


def test_a_picture_is_served_with_its_type_for_good_and_without_a_cookie(stranger: Visitor, photo: Photo) -> None:
    for address in addresses(photo):
        answer = stranger.client.get(address)
        assert answer.status_code == 200 and answer.mimetype == f"image/{address.rpartition('.')[2]}"
        assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable"
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert "Set-Cookie" not in answer.headers and "Cookie" not in answer.headers.get("Vary", "")
        assert int(answer.headers["Content-Length"]) == len(answer.data) > 100


def test_a_picture_known_already_is_not_sent_again(stranger: Visitor, photo: Photo) -> None:
    address = addresses(photo)[0]
    mark = stranger.client.get(address).headers["ETag"]
    answer = stranger.client.get(address, headers={"If-None-Match": mark})
    assert (answer.status_code, answer.data) == (304, b"")


def test_the_picture_of_a_draft_is_for_its_lister_alone(asha: Visitor, app: Flask, stranger: Visitor) -> None:
    send(asha, (picture(), "one.jpg"))
    address = addresses(photos(app)[0])[0]
    assert asha.client.get(address).headers["Cache-Control"].startswith("private")
    assert stranger.client.get(address).status_code == 404
    charu = app.test_client()
    sign_in(charu, "charu")
    assert charu.get(address).status_code == 404


def test_the_picture_of_a_suspended_person_is_not_there(stranger: Visitor, photo: Photo, app: Flask) -> None:
    with of(app).database.apart() as session:
        accounts.find_by_username(session, "asha").status = Status.SUSPENDED  # type: ignore[union-attr]
    assert stranger.client.get(addresses(photo)[0]).status_code == 404


@pytest.mark.parametrize(
    "name", ["x", "-list-208.jpeg", "%2e%2e/%2e%2e/keys/secret", "0" * 20 + "-list-208.jpeg", "../secret"]
)
def test_other_names_lead_nowhere(stranger: Visitor, name: str) -> None:
    assert stranger.client.get(f"/photos/{name}").status_code == 404


def test_a_size_that_is_not_kept_is_not_there(stranger: Visitor, photo: Photo) -> None:
    for wrong in ("list-208.png", "list-999.jpeg", "full-2048.avif", "list-208.jpeg/../x"):
        assert stranger.client.get(f"/photos/{photo.token}-{wrong}").status_code == 404


@pytest.mark.criterion("T3")
def test_lists_offer_small_pictures_in_three_formats(stranger: Visitor, photo: Photo) -> None:
    (shown,) = stranger.get("/").tree.xpath("//*[@id='goods']//picture")
    assert [source.get("type") for source in shown.xpath(".//source")] == ["image/avif", "image/webp"]
    for source in shown.xpath(".//source"):
        assert re.fullmatch(
            r"/photos/\w{20}-list-208\.\w+ 208w, /photos/\w{20}-list-416\.\w+ 416w", source.get("srcset")
        )
    image = shown.xpath(".//img")[0]
    assert (image.get("width"), image.get("height")) == ("208", "156")
    for address in [image.get("src"), *re.findall(r"/photos/\S+", " ".join(shown.xpath(".//source/@srcset")))]:
        assert stranger.client.get(address).status_code == 200


@pytest.mark.criterion("T3")
def test_data_saver_names_the_weight_of_a_photo_and_sends_none(app: Flask, photo: Photo) -> None:
    page = Visitor(app.test_client(), {"Save-Data": "on"}).get("/listings/1")
    assert not page.tree.xpath("//main//img")
    link = page.tree.xpath("//main//a[contains(., 'Show photo 1')]")[0]
    size = next(one["bytes"] for one in photo.renditions if (one["name"], one["mime"]) == ("page-960", "image/jpeg"))
    assert f"{max(1, round(size / 1000))}\u00a0KB" in link.text_content()
    assert app.test_client().get(link.get("href")).mimetype == "image/jpeg"


@pytest.mark.criterion("B2")
def test_a_photograph_weighs_at_most_12_kb_in_lists(asha: Visitor, app: Flask, shared_data: Path) -> None:
    path = shared_data / "media" / "photos" / "sylius_dress_01.jpg"
    send(asha, (io.BytesIO(path.read_bytes()), path.name))
    in_lists = [address for address in addresses(photos(app)[0]) if "-list-" in address]
    assert len(in_lists) == 6
    assert all(len(asha.client.get(address).data) <= 12_000 for address in in_lists)
