"""The components: each stands in a file of its name, needs nothing but its arguments, and ties words to what they belong to."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import brotli
import lxml.html
import pytest
from flask import Flask
from flask.testing import FlaskClient
from jinja2 import meta
from wtforms import BooleanField, RadioField, StringField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired, Optional

from intrakraft.web.filters import size
from intrakraft.web.forms import Form
from intrakraft.web.ui import CORE, PLACES, Card, Photo, Ui, drawings

FILES = sorted((Path(__file__).parents[2] / "intrakraft" / "templates" / "ui").glob("*.html"))
MACROS = [path.stem for path in FILES if path.stem != "foot"]
PARTS = {"method": "post", "headers": {"Sec-Fetch-Site": "same-origin"}}


class Asking(Form):
    pin = StringField("PIN", [InputRequired("It needs 6 digits")], description="Fills in the state")
    phone = StringField("Phone", [Optional()], render_kw={"inputmode": "tel"})
    kind = RadioField(
        "Kind", choices=[SelectChoice("a", "A"), SelectChoice("b", "B")], validators=[InputRequired("Choose one")]
    )
    agreed = BooleanField("I agree", [InputRequired("Tick it")])


@pytest.fixture
def ui(app: Flask) -> Iterator[Ui]:
    with app.test_request_context("/"):
        yield app.jinja_env.globals["ui"]  # type: ignore[misc]


@pytest.fixture
def asking(app: Flask) -> Iterator[Form]:
    """The form as it comes back wrong."""
    with app.test_request_context("/", method="POST", data={"pin": "", "phone": "98 <b>"}):
        form = Asking()
        form.validate()
        yield form


def parsed(markup: Any) -> Any:
    return lxml.html.fragment_fromstring(str(markup), create_parent="div")


@pytest.mark.parametrize("name", MACROS)
def test_a_macro_is_found_under_the_name_of_its_file(ui: Ui, name: str) -> None:
    assert getattr(ui, name).name == name


@pytest.mark.parametrize("path", [path for path in FILES if path.stem != "foot"], ids=lambda path: path.stem)
def test_a_macro_counts_on_no_variable_of_the_page(app: Flask, path: Path) -> None:
    source = path.read_text()
    assert meta.find_undeclared_variables(app.jinja_env.parse(source)) <= set(app.jinja_env.globals)
    assert re.match(r"\{# .*(ui\.|ui )", source), "it does not say how it is called"


def test_there_is_no_component_of_another_name(ui: Ui) -> None:
    with pytest.raises(AttributeError):
        _ = ui.carousel


def test_a_wrong_field_says_so_to_everybody(ui: Ui, asking: Form) -> None:
    tree = parsed(ui.field(asking.pin))
    box = tree.find(".//input")
    assert tree.find(".//label").get("for") == box.get("id")
    assert box.get("aria-invalid") == "true"
    told = [tree.get_element_by_id(name).text_content() for name in box.get("aria-describedby").split()]
    assert told == ["Fills in the state", "It needs 6 digits"]


def test_what_was_typed_stays_and_is_escaped(ui: Ui, asking: Form) -> None:
    box = parsed(ui.field(asking.phone)).find(".//input")
    assert (box.get("value"), box.get("inputmode"), box.get("aria-invalid")) == ("98 <b>", "tel", None)


def test_a_field_that_may_stay_empty_says_so(ui: Ui, asking: Form) -> None:
    assert "(optional)" in parsed(ui.field(asking.phone)).text_content()
    assert "(optional)" not in parsed(ui.field(asking.pin)).text_content()


def test_radios_stand_in_one_group_with_their_question(ui: Ui, asking: Form) -> None:
    group = parsed(ui.field(asking.kind)).find("fieldset")
    assert group.find("legend").text_content() == "Kind"
    assert len(group.findall("label/input")) == 2
    assert group.get_element_by_id(group.get("aria-describedby")).text_content() == "Choose one"


def test_the_summary_leads_to_each_wrong_field(ui: Ui, asking: Form) -> None:
    tree = parsed(ui.error_summary(asking))
    assert [link.get("href") for link in tree.iterfind(".//a")] == ["#pin", "#kind", "#agreed"]
    assert tree.find("div").get("role") == "alert"
    whole = parsed("".join(ui.field(field) for field in asking))
    assert all(whole.get_element_by_id(link.get("href")[1:]) is not None for link in tree.iterfind(".//a"))


def test_a_form_without_faults_has_no_summary(ui: Ui) -> None:
    assert str(ui.error_summary(Asking())).strip() == ""


def test_a_live_form_is_a_plain_form_first(app: Flask) -> None:
    text = "{% call ui.live_form('/listings/7/interests', part='interest') %}x{% endcall %}"
    with app.test_request_context("/"):
        form = parsed(app.jinja_env.from_string(text).render()).find("form")
    assert (form.get("method"), form.get("action")) == ("post", "/listings/7/interests")
    assert (form.get("hx-post"), form.get("hx-target")) == (form.get("action"), "#interest")
    assert form.find("input[@name='csrf_token']").get("value")


def test_a_pager_is_a_link_first_and_nothing_at_the_end(ui: Ui) -> None:
    link = parsed(ui.pager("/?before=7", id="lines")).find(".//a")
    assert (link.get("href"), link.get("rel"), link.get("hx-target")) == ("/?before=7", "next", "#lines")
    assert str(ui.pager(None)).strip() == ""


def test_a_square_button_is_named_by_its_label(ui: Ui) -> None:
    button = parsed(ui.button("Edit", kind="sq", icon="edit")).find("button")
    assert button.get("aria-label") == "Edit"
    assert button.text_content() == ""


def test_words_of_people_are_escaped(ui: Ui) -> None:
    card = Card(url="/l/1", title="<script>x</script>", print="pot", price_paise=100, business="A & B")
    assert "<script>" not in str(ui.goods([card]))


def test_data_saver_sends_no_picture(ui: Ui) -> None:
    photo = Photo(src="/p.jpg", webp="/p.webp 208w", alt="Vase")
    card = Card(url="/l/1", title="Vase", print="b-pot", photo=photo)
    assert "<img" in str(ui.goods([card]))
    assert "<img" not in str(ui.goods([card], saver=True)) + str(ui.shots([photo], saver=True))


def test_the_first_pictures_are_fetched_at_once_and_the_rest_when_seen(ui: Ui) -> None:
    cards = [Card(url="/l/1", title="Vase", print="pot", photo=Photo(src="/p.jpg")) for _ in range(5)]
    assert [img.get("loading") for img in parsed(ui.goods(cards)).iterfind(".//img")] == [
        None,
        None,
        None,
        "lazy",
        "lazy",
    ]


def test_a_drawing_is_printed_once_however_often_it_is_used(ui: Ui) -> None:
    ui.icon("hand"), ui.icon("hand"), ui.block_print("b-pot")
    found = re.findall(r'<symbol id="([^"]+)"', ui.symbols())
    assert sorted(found) == sorted(CORE | {"i-hand", "b-pot"})


def test_a_drawing_that_does_not_exist_is_a_fault(ui: Ui) -> None:
    with pytest.raises(KeyError):
        ui.icon("unicorn")


def test_every_place_has_a_drawing() -> None:
    assert {f"i-{place.icon}" for place in PLACES.values()} | CORE <= set(drawings())


@pytest.mark.parametrize("headers", [{}, {"Save-Data": "on"}])
def test_the_gallery_shows_everything_in_both_languages(client: FlaskClient, headers: dict[str, str]) -> None:
    for language in ("en", "hi"):
        assert client.get("/gallery", headers={"Accept-Language": language, **headers}).status_code == 200


def test_in_data_saver_a_page_sends_no_script_and_says_its_own_size(client: FlaskClient) -> None:
    text = client.get("/gallery", headers={"Save-Data": "on"}).get_data(as_text=True)
    assert "<script" not in text
    said = re.search(r"This page was ([\d.]+.KB)", text)
    assert said
    assert said[1] == size(len(brotli.compress(text.encode(), quality=5)))


def test_the_choices_of_this_browser_need_no_script(client: FlaskClient) -> None:
    page = lxml.html.fromstring(client.get("/gallery").get_data(as_text=True))
    form = page.get_element_by_id("choices")
    fields = {box.get("name"): box.get("value") for box in form.iterfind("input")}
    answer = client.post(form.get("action"), data={**fields, "language": "hi"}, headers=PARTS["headers"])
    assert (answer.status_code, answer.location) == (303, "/gallery")
    assert '<html lang="hi"' in client.get("/gallery").get_data(as_text=True)
    client.post("/choices/theme", data={**fields, "theme": "d"}, headers=PARTS["headers"])
    assert 'data-theme="dark"' in client.get("/gallery").get_data(as_text=True)


def test_the_last_resort_needs_no_database_no_session_and_no_words(app: Flask) -> None:
    with app.app_context():
        text = app.jinja_env.get_template("errors/500.html").render()
    assert "Our side broke" in text
    assert "csrf_token" not in text
