"""Registration in front of the site: promised fields, one notice, no session before the code, no word about who is known."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
import sqlalchemy as sa

from intrakraft.domain import accounts
from intrakraft.domain.accounts import Account, states
from intrakraft.domain.base import Model
from intrakraft.domain.labels import registration_labels
from intrakraft.domain.notices import Kind
from intrakraft.domain.privacy import policy
from intrakraft.domain.privacy.policy import OnBehalfOf
from intrakraft.web.forms import Line
from intrakraft.web.registration_form import RegistrationForm, fields_of, notice
from tests.mails import code, told, wrong

TYPED = {
    "name": "Farah Khan",
    "place_of_business": "Khan Lamps",
    "street": "7 Purana Bazar",
    "pin": "244001",
    "email": "farah@example.in",
    "username": "farah-lamps",
    "password": "lantern harbour eleven spoons",
    "adult": "y",
    "policy": "y",
    "terms": "y",
}


@pytest.fixture
def stranger(visit):
    return visit()


def register(stranger, *, both=False, **changes):
    """Fill the form in and send it."""
    page = stranger.get("/registration/new")
    return page.form("registration").submit(both=both, **{**TYPED, **changes})


def errors(page) -> dict[str, str]:
    """What stands under each field, by its name."""
    wrong = page.tree.xpath("//p[@class='err']")
    return {one.get("id").removesuffix("-error"): " ".join(one.text_content().split()) for one in wrong}


def count(app, model=Account) -> int:
    from intrakraft.web.state import of

    with of(app).database.apart() as session:
        return session.scalar(sa.select(sa.func.count()).select_from(model))


# -- the form and its notice --


def unlabelled(form) -> set[str]:
    """Fields without a label, and labels without a field; `next` is the way back and asks for nothing."""
    labelled = {name for column, _ in registration_labels(Model.metadata) for name in fields_of(column)}
    return labelled ^ ({field.name for field in form} - {"next"})


@pytest.mark.criterion("A1")
@pytest.mark.promise("P-012")
def test_form_notice_and_labels_ask_for_the_same(app):
    with app.test_request_context("/registration/new"):
        form = RegistrationForm(formdata=None)
        labels = registration_labels(Model.metadata)
        assert unlabelled(form) == set()
        assert len(notice(form)) == len(labels)


@pytest.mark.promise("P-012")
def test_a_field_without_its_label_is_found(app):
    class Nosy(RegistrationForm):
        birthday = Line("Birthday")

    with app.test_request_context("/registration/new"):
        assert unlabelled(RegistrationForm(formdata=None)) == set()
        assert unlabelled(Nosy(formdata=None)) == {"birthday"}


@pytest.mark.promise("P-012")
def test_the_notice_stands_in_the_form_and_says_why(stranger):
    page = stranger.get("/registration/new")
    words = page.words("notice")
    for item in ("Your name", "Place of business", "Address", "PIN", "E-mail", "Phone", "Username", "Password"):
        assert item in words
    assert "checks your password; the password itself is never kept" in words


@pytest.mark.promise("P-113")
@pytest.mark.promise("P-116")
def test_each_statement_has_an_unticked_box_of_its_own(stranger):
    page = stranger.get("/registration/new")
    boxes = page.tree.xpath("//form//input[@type='checkbox']")
    assert [box.get("name") for box in boxes] == ["adult", "policy", "terms", "authority"]
    assert not [box for box in boxes if box.get("checked") is not None]
    assert policy.statement(policy.Agreed.ADULT).words in page.words("registration")


@pytest.mark.promise("P-012")
def test_the_notice_says_that_the_pin_is_for_those_one_deals_with(app):
    with app.test_request_context("/registration/new"):
        (pin,) = [line for line in notice(RegistrationForm(formdata=None)) if line.name == "PIN"]
        assert pin.seen_by == "people you deal with"


@pytest.mark.promise("P-014")
def test_of_the_place_only_the_typed_address_is_kept_and_no_position_is_looked_up(root, stranger):
    columns = {column.name for column in Account.__table__.columns}
    assert {"city", "district", "state", "pin"} <= columns
    held = {column.name for table in Model.metadata.sorted_tables for column in table.columns}
    assert not held & {"lat", "lon", "latitude", "longitude", "position_lat", "geolocation", "ip", "ip_address"}
    scripts = [*(root / "intrakraft" / "static").rglob("*.js"), *(root / "intrakraft" / "templates").rglob("*.html")]
    assert len(scripts) > 20 and not [path for path in scripts if "geolocation" in path.read_text()]
    assert "geolocation=()" in stranger.client.get("/registration/new").headers["Permissions-Policy"]


def test_the_address_of_the_form_loaded_anew_shows_the_form(stranger):
    assert stranger.get("/registration").path == "/registration/new"


@pytest.mark.promise("P-014")
@pytest.mark.promise("P-113")
def test_no_birth_date_and_no_position_is_asked(stranger):
    text = stranger.get("/registration/new").text
    assert "geolocation" not in text and "birth" not in text.lower()


# -- the address --


def fill_in(stranger, **changes):
    """Press “Fill in from PIN”."""
    form = stranger.get("/registration/new").form("registration")
    return stranger.post("/registration", {**form.values(**changes), "fill": "pin"})


def typed_in(page) -> dict[str, str]:
    return dict(page.form("registration").element.form_values())


@pytest.mark.criterion("U3")
def test_a_pin_fills_in_district_and_state_by_a_button(stranger):
    page = fill_in(stranger, pin="302 029", name="Farah", password="not repeated")
    form = typed_in(page)
    assert (form["city"], form["district"], form["state"], form["name"]) == ("Jaipur", "Jaipur", "Rajasthan", "Farah")
    assert form["password"] == "" and page.status == 200 and errors(page) == {}


@pytest.mark.criterion("U3")
def test_the_town_that_was_typed_stays(stranger):
    form = typed_in(fill_in(stranger, pin="302029", city="Sanganer", district="Wrong"))
    assert (form["city"], form["district"]) == ("Sanganer", "Jaipur")


@pytest.mark.criterion("U3")
@pytest.mark.parametrize(
    ("pin", "words"),
    [
        ("30290", "PIN 30290 has 5 digits, it needs 6."),
        ("", "Enter the 6 digits of the PIN."),
        ("999999", "India Post lists no such PIN. Check it, or write town, district and state yourself."),
    ],
)
def test_a_pin_that_is_none_is_said_beside_it(stranger, pin, words):
    assert errors(fill_in(stranger, pin=pin))["pin"] == words


@pytest.mark.criterion("U3")
def test_with_script_the_place_comes_as_a_part(stranger):
    answer = stranger.live("/registration/new?pin=682001", "place")
    assert 'value="Ernakulam"' in answer.text and "Kerala" in answer.text and "<html" not in answer.text


@pytest.mark.criterion("U3")
def test_what_is_left_empty_is_filled_in_on_sending_and_what_is_corrected_stays(app, stranger):
    register(stranger, district="Corrected")
    with app.app_context():
        from intrakraft.web.state import db

        account = db.session.scalars(sa.select(Account)).one()
        assert (account.city, account.district, account.state, account.state_code) == (
            "Moradabad", "Corrected", "Uttar Pradesh", "09"
        )  # fmt: skip


# -- what is refused --


@pytest.mark.criterion("A1")
@pytest.mark.promise("P-113")
@pytest.mark.parametrize("box", ["adult", "policy", "terms"])
def test_without_each_tick_there_is_no_account(app, stranger, box):
    page = register(stranger, **{box: None})
    assert page.status == 422 and list(errors(page)) == [box]
    assert count(app) == 0


@pytest.mark.promise("P-114")
def test_a_firm_needs_its_name_the_role_and_the_declaration(app, stranger):
    page = register(stranger, kind="representative")
    assert set(errors(page)) == {"entity_name", "entity_role", "authority"} and count(app) == 0


@pytest.mark.promise("P-114")
def test_a_firm_is_declared_by_name_and_text(app, stranger):
    firm = {"entity_name": "Khan & Sons", "entity_role": "Partner", "authority": "y"}
    register(stranger, kind="representative", **firm)
    with app.app_context():
        from intrakraft.web.state import db

        account = db.session.scalars(sa.select(Account)).one()
        assert (account.kind, account.entity_name, account.entity_role) == ("representative", "Khan & Sons", "Partner")
        assert policy.missing(db.session, account.id, OnBehalfOf.FIRM) == []


@pytest.mark.criterion("A1")
def test_everything_wrong_is_said_at_once_and_what_was_typed_stays(app, stranger):
    wrong = {"name": "", "pin": "30290", "email": "nowhere", "phone": "12", "username": "no", "password": "short"}
    page = register(stranger, both=True, **wrong, street="14 Kotwali Road")
    assert set(errors(page)) == set(wrong) | {"city", "district", "state"}
    form = typed_in(page)
    assert form["street"] == "14 Kotwali Road" and form["pin"] == "30290" and form["password"] == ""
    assert page.status == 422 and count(app) == 0


def test_a_taken_username_is_told_beside_the_field(asha, stranger):
    page = register(stranger, username="Asha")
    assert errors(page)["username"] == "Somebody has this username. Free are: asha-shop, asha-store, asha-trade."


@pytest.mark.promise("P-145")
def test_who_was_blocked_gets_a_plain_answer(app, database, asha, stranger):
    with database.apart() as session:
        states.block(session, asha.account(session), reason="rule 4.2", by="operator")
    page = register(stranger, email=asha.email)
    assert page.status == 403 and "We cannot open an account with these details." in page.text
    assert "rule 4.2" not in page.text and count(app) == 1


# -- the code --


@pytest.mark.criterion("A1")
@pytest.mark.criterion("A2")
@pytest.mark.promise("P-128")
def test_from_form_to_first_page_without_script_and_with(app, database, stranger):
    page = register(stranger, both=True)
    assert "fa••••@example.in" in page.words("proof") and not stranger.is_signed_in
    page = page.form("proof").submit(code=code(database, Kind.REGISTRATION_CODE))
    assert stranger.is_signed_in and "Your account is open, farah-lamps" in page.text
    assert stranger.get("/account").status == 200
    for address in ("/account/security/code-app", "/account/security/passkeys"):
        assert f'href="{address}"' in page.text


@pytest.mark.criterion("A2")
@pytest.mark.promise("P-005")
def test_before_the_code_there_is_no_session_and_nothing_public(database, stranger):
    register(stranger)
    assert stranger.get("/account").path.startswith("/sign-in")
    assert stranger.get("/people/farah-lamps").status == 404


@pytest.mark.criterion("A2")
@pytest.mark.promise("P-120")
def test_five_wrong_codes_are_the_end_of_a_code(database, stranger):
    page = register(stranger)
    right = code(database, Kind.REGISTRATION_CODE)
    for left in ("4 tries are left", "3 tries are left"):
        page = page.form("proof").submit(both=False, code=wrong(right))
        assert page.status == 422 and left in errors(page)["code"]
    for _ in range(3):
        page = page.form("proof").submit(both=False, code=wrong(right))
    page = page.form("proof").submit(both=False, code=right)
    assert "fifth wrong code" in errors(page)["code"] and not stranger.is_signed_in


@pytest.mark.criterion("A2")
def test_of_many_browsers_with_one_code_one_gets_in(app, database, stranger):
    page = register(stranger)
    values, cookies = page.form("proof").values(code=code(database, Kind.REGISTRATION_CODE)), stranger.client._cookies

    def send(_: int) -> bool:
        client = app.test_client()
        client._cookies = dict(cookies)
        return (
            client.post("/registration/code", data=values, headers={"Sec-Fetch-Site": "same-origin"}).status_code == 303
        )

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(send, range(16))) == 1


@pytest.mark.promise("P-050")
def test_without_cookies_the_code_page_says_why(app, stranger):
    register(stranger)
    stranger.set_cookies([])
    page = stranger.get("/registration/code")
    assert (
        page.status == 400 and "Your browser keeps no cookies" in page.text and "one cookie, named session" in page.text
    )


def test_the_code_can_be_mailed_again(database, stranger):
    page = register(stranger)
    page = page.form("/registration/codes").submit()
    assert page.status == 200 and len(told(database, Kind.REGISTRATION_CODE)) == 1


def test_beginning_again_in_the_same_browser_replaces_the_first(app, stranger):
    register(stranger, email="typo@example.in")
    register(stranger)
    assert count(app) == 1


def test_who_came_from_a_page_goes_back_to_it(database, stranger):
    page = stranger.get("/registration/new?next=/listings/7").form("registration").submit(both=False, **TYPED)
    page = page.form("proof").submit(both=False, code=code(database, Kind.REGISTRATION_CODE))
    assert 'href="/listings/7"' in page.text


def test_nobody_is_led_elsewhere(database, stranger):
    page = stranger.get("/registration/new?next=//evil.example/x").form("registration").submit(both=False, **TYPED)
    page = page.form("proof").submit(both=False, code=code(database, Kind.REGISTRATION_CODE))
    assert not page.tree.xpath("//a[contains(@href, '//evil') and not(contains(@href, 'next'))]")


def test_a_username_taken_while_the_mail_was_under_way_can_be_changed(app, database, visit):
    first, second = visit(), visit()
    page = register(first)
    other = register(second, email="other@example.in")
    other.form("proof").submit(both=False, code=code(database, Kind.REGISTRATION_CODE))
    right = told(database, Kind.REGISTRATION_CODE)[0]["code"]
    page = page.form("proof").submit(both=False, code=right)
    assert "Somebody has this username" in errors(page)["username"]
    page = page.form("proof").submit(both=False, code=right, username="farah-two")
    assert "Your account is open, farah-two" in page.text


# -- no word about who is known --


@pytest.mark.criterion("A5")
@pytest.mark.promise("P-126")
def test_a_known_address_gets_the_same_page(app, database, asha, visit):
    known, unknown = register(visit(), email=asha.email), register(visit(), email="farah@mail24.example.in")
    assert known.status == unknown.status == 200

    def neutral(page) -> str:
        return page.words("proof").replace(accounts.shortened(asha.email), "X").replace("fa••••@mail24.example.in", "X")

    assert neutral(known) == neutral(unknown)
    assert len(told(database, Kind.REGISTRATION_KNOWN, to=asha.id)) == 1
    wrong_known = known.form("proof").submit(both=False, code="123456")
    assert "4 tries are left" in errors(wrong_known)["code"]


@pytest.mark.criterion("A5")
def test_a_known_address_holds_its_username_no_more_than_an_unknown(asha, visit):
    register(visit(), email=asha.email)
    assert register(visit(), email="other@example.in").status == 200


@pytest.mark.criterion("A5")
def test_registrations_of_one_address_are_throttled_and_nothing_typed_is_lost(visit):
    for _ in range(4):
        register(visit())
    page = register(visit())
    assert page.status == 429 and "Too many tries" in page.text and typed_in(page)["name"] == "Farah Khan"


@pytest.mark.promise("P-015")
@pytest.mark.sqlite
def test_the_password_is_written_nowhere(app, database, stranger, settings, capfd):
    page = register(stranger)
    page.form("proof").submit(both=False, code=code(database, Kind.REGISTRATION_CODE))
    written = [path.read_bytes() for path in settings.instance.rglob("*") if path.is_file()]
    said = capfd.readouterr()
    assert TYPED["password"].encode() not in b"".join(written)
    assert TYPED["password"] not in said.out + said.err + "".join(str(one) for one in told(database))


# -- what is agreed, and what mere looking leaves --


@pytest.mark.promise("P-115")
@pytest.mark.promise("P-116")
def test_each_agreement_is_a_row_of_its_own_with_the_words_that_were_shown(database, stranger):
    shown = stranger.get("/registration/new").words("registration")
    register(stranger)
    with database.apart() as session:
        account_id = session.scalars(sa.select(Account.id)).one()
        agreed = policy.acceptances_of(session, account_id)
        assert sorted(one.kind for one in agreed) == ["adult", "policy", "terms"]
        assert all(policy.words_of(session, one)[0] in shown for one in agreed)


@pytest.mark.promise("P-005")
@pytest.mark.promise("P-011")
@pytest.mark.promise("P-031")
def test_looking_at_every_open_page_writes_nothing_about_anybody(app, database, visit, capfd):
    from intrakraft.domain.labels import labelled

    personal = {column.table for column, _ in labelled(Model.metadata)}

    def rows() -> dict[str, int]:
        with database.apart() as session:
            return {t.name: session.scalar(sa.select(sa.func.count()).select_from(t)) for t in personal}

    open_pages = [
        rule.rule
        for rule in app.url_map.iter_rules()
        if "GET" in rule.methods and not rule.arguments and app.view_functions[rule.endpoint].access == "public"
    ]
    before = rows()
    for address in open_pages:
        client = app.test_client()
        client.environ_base["REMOTE_ADDR"] = "203.0.113.77"
        answer = client.get(address, headers={"User-Agent": "Pixel 8 Build/UD1A"})
        assert "Set-Cookie" not in answer.headers and "Accept-CH" not in answer.headers, address
    said = capfd.readouterr()
    assert rows() == before and len(open_pages) > 15
    assert "203.0.113" not in said.out + said.err and "Pixel" not in said.out + said.err


@pytest.mark.promise("P-052")
@pytest.mark.promise("P-126")
def test_the_form_is_guarded_without_any_cookie(app, stranger):
    page = stranger.get("/registration/new")
    assert stranger.cookies() == []
    values = page.form("registration").values(**TYPED)
    client = app.test_client()
    without = {name: value for name, value in values.items() if name != "csrf_token"}
    assert client.post("/registration", data=without).status_code == 400
    assert client.post("/registration", data=values, headers={"Sec-Fetch-Site": "cross-site"}).status_code == 403
    assert count(app) == 0
