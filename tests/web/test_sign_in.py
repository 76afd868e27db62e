"""Sign-in in front of the site: two steps, one answer for every wrong name, and a way out that leaves nothing."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import lxml.html
import pyotp
import pytest
import sqlalchemy as sa
import time_machine

from intrakraft.domain.accounts import SecurityEvent, SignIn, second_factors, states
from intrakraft.domain.base import now
from intrakraft.domain.notices import Kind
from intrakraft.web import second_step
from tests.accounts import find
from tests.mails import code, told, wrong

PHONE = "Mozilla/5.0 (Linux; Android 14; Pixel 8 Build/UD1A) AppleWebKit/537.36 Chrome/131.0.0.0 Mobile Safari/537.36"


def first_step(visitor, name, password, *, both=False, next_="", **ticks):
    page = visitor.get(f"/sign-in?next={next_}" if next_ else "/sign-in")
    return page.form("credentials").submit(both=both, name=name, password=password, **ticks)


def second_step_of(page, database, person, *, both=False, **ticks):
    return page.form("second").submit(both=both, code=code(database, Kind.SIGN_IN_CODE, to=person.id), **ticks)


def enter(visitor, database, person, *, next_="", stay=None, **ticks):
    """Both steps; gives the page it leads to."""
    page = first_step(visitor, person.username, person.password, next_=next_, stay=stay)
    return second_step_of(page, database, person, **ticks)


def events(database, person=None) -> list[str]:
    owner = SecurityEvent.account_id == (person.id if person else None)
    with database.apart() as session:
        return list(session.scalars(sa.select(SecurityEvent.kind).where(owner).order_by(SecurityEvent.id)))


def set_up_code_app(database, person) -> pyotp.TOTP:
    with database.apart() as session:
        secret = second_factors.begin_totp(session, person.id)
    app = pyotp.TOTP(secret)
    with database.apart() as session:
        second_factors.confirm_totp(session, person.id, app.at(now() - timedelta(seconds=30)))
    return app


# -- two steps --


@pytest.mark.criterion("A2")
@pytest.mark.promise("P-044")
def test_name_and_password_then_the_mailed_code_without_script_and_with(database, asha, visit):
    visitor = visit()
    page = first_step(visitor, "asha", asha.password, both=True)
    assert not visitor.is_signed_in and "as••••@" in page.words("second")
    page = second_step_of(page, database, asha, both=True)
    assert visitor.is_signed_in and visitor.get("/account").status == 200


@pytest.mark.criterion("A2")
def test_the_e_mail_address_is_a_name_too(database, asha, visit):
    visitor = visit()
    second_step_of(first_step(visitor, asha.email.upper(), asha.password), database, asha)
    assert visitor.is_signed_in


@pytest.mark.criterion("A2")
@pytest.mark.promise("P-120")
def test_a_wrong_code_lets_nobody_in_and_says_how_many_tries_are_left(database, asha, visit):
    visitor = visit()
    page = first_step(visitor, "asha", asha.password)
    right = code(database, Kind.SIGN_IN_CODE)
    page = page.form("second").submit(code=wrong(right))
    assert page.status == 422 and "4 tries are left" in page.text and not visitor.is_signed_in
    assert page.form("second").values()["code"] == wrong(right)
    page.form("second").submit(both=False, code=right)
    assert visitor.is_signed_in


@pytest.mark.criterion("A2")
def test_of_many_browsers_with_one_code_one_gets_in(app, database, asha, visit):
    visitor = visit()
    page = first_step(visitor, "asha", asha.password)
    values, cookies = page.form("second").values(code=code(database, Kind.SIGN_IN_CODE)), visitor.client._cookies

    def send(_: int) -> bool:
        client = app.test_client()
        client._cookies = dict(cookies)
        answer = client.post("/sign-in/second-step", data=values, headers={"Sec-Fetch-Site": "same-origin"})
        return answer.status_code == 303

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(send, range(10))) == 1
    with database.apart() as session:
        assert session.scalar(sa.select(sa.func.count(SignIn.id))) == 1


@pytest.mark.criterion("A3")
def test_with_a_code_app_its_code_is_asked_and_each_works_once(database, asha, visit):
    app = set_up_code_app(database, asha)
    with time_machine.travel(now(), tick=False):
        typed = app.at(now())
        page = first_step(visit(), "asha", asha.password)
        assert "Code the app shows now" in page.words("second") and told(database, Kind.SIGN_IN_CODE) == []
        visitor = visit()
        page = first_step(visitor, "asha", asha.password)
        page.form("second").submit(both=False, code=typed)
        again = visit()
        page = first_step(again, "asha", asha.password).form("second").submit(both=False, code=typed)
    assert visitor.is_signed_in and not again.is_signed_in and "not the code the app shows now" in page.text


@pytest.mark.criterion("A3")
def test_a_paper_code_opens_the_account_when_the_phone_is_lost(database, asha, visit):
    set_up_code_app(database, asha)
    with database.apart() as session:
        paper = second_factors.new_recovery_codes(session, asha.id)[0]
    visitor = visit()
    page = first_step(visitor, "asha", asha.password).link("Use a paper code")
    page.form("second").submit(both=False, code=paper.lower())
    assert visitor.is_signed_in


@pytest.mark.criterion("A3")
def test_a_code_can_still_be_mailed_at_sign_in(database, asha, visit):
    set_up_code_app(database, asha)
    visitor = visit()
    page = first_step(visitor, "asha", asha.password).link("Mail me a code instead")
    page = page.form("/sign-in/second-step/codes").submit()
    second_step_of(page, database, asha)
    assert visitor.is_signed_in


@pytest.mark.criterion("A2")
def test_a_passkey_is_offered_and_what_it_did_not_sign_is_refused(database, asha, visit):
    with database.apart() as session:
        session.add(second_factors.Passkey(subject_id=asha.id, credential_id=b"id", public_key=b"key", device="Pixel"))
    visitor = visit()
    page = first_step(visitor, "asha", asha.password)
    form = page.form("second")
    options = visitor.client.post(form.element.get("data-options"), data={"csrf_token": form.values()["csrf_token"]})
    assert options.json["rpId"] == "localhost" and options.json["allowCredentials"]
    page = form.submit(answer='{"id": "none"}')
    assert "The passkey did not answer" in page.text and page.form("second").values()["answer"] == ""
    assert not visitor.is_signed_in


# -- trust and stay --


@pytest.mark.criterion("A2")
@pytest.mark.promise("P-051")
def test_nothing_is_remembered_unless_asked(database, asha, visit):
    visitor = visit()
    enter(visitor, database, asha)
    assert {name[2] for name, _ in visitor.cookies()} == {"session"}
    assert all(cookie.max_age is None for _, cookie in visitor.cookies())


@pytest.mark.criterion("A2")
def test_a_trusted_device_is_asked_no_code(database, asha, visit):
    visitor = visit()
    enter(visitor, database, asha, trust="y")
    visitor.post("/sign-out", {"csrf_token": visitor.get("/account").form("choices").values()["csrf_token"]})
    assert not visitor.is_signed_in
    page = first_step(visitor, "asha", asha.password, both=True)
    assert visitor.is_signed_in and page.status == 200
    assert visitor.get("/account/password").path.startswith("/verification")


@pytest.mark.criterion("A2")
def test_staff_are_asked_on_every_device_each_time(database, dev, visit):
    visitor = visit()
    page = first_step(visitor, "dev", dev.password)
    assert not page.tree.xpath("//input[@name='trust']")
    values = page.form("second").values(code=code(database, Kind.SIGN_IN_CODE, to=dev.id)) | {"trust": "y"}
    visitor.post("/sign-in/second-step", values)
    assert visitor.is_signed_in and "device" not in {name[2] for name, _ in visitor.cookies()}


def test_staying_signed_in_is_asked_for(database, asha, visit):
    visitor = visit()
    enter(visitor, database, asha, stay="y")
    kept = {name[2]: cookie for name, cookie in visitor.cookies()}["session"]
    assert kept.expires is not None
    with database.apart() as session:
        found = session.scalars(sa.select(SignIn)).one()
        assert found.expires_at - found.created_at == timedelta(days=30)


# -- fixation, sessions --


@pytest.mark.promise("P-126")
@pytest.mark.promise("P-044")
def test_a_session_from_before_is_dropped_at_sign_in(database, asha, charu, visit):
    visitor = visit(charu)
    with visitor.client.session_transaction() as before:
        before["planted"], token = "by a thief", before["_user_id"]
    visitor.set_cookies([(name, cookie) for name, cookie in visitor.cookies() if name[2] == "session"])
    first = visitor.get("/sign-in").form("credentials").submit(both=False, name="asha", password=asha.password)
    second_step_of(first, database, asha)
    with visitor.client.session_transaction() as after:
        assert "planted" not in after and after["_user_id"] != token
    assert find(database, token) is None


@pytest.mark.promise("P-044")
def test_the_session_cookie_is_closed_to_script_and_other_sites(database, asha, visit):
    visitor = visit()
    page = first_step(visitor, "asha", asha.password)
    values = page.form("second").values(code=code(database, Kind.SIGN_IN_CODE))
    answer = visitor.client.post("/sign-in/second-step", data=values, headers={"Sec-Fetch-Site": "same-origin"})
    set_cookie = next(one for one in answer.headers.getlist("Set-Cookie") if one.startswith("session="))
    assert "HttpOnly" in set_cookie and "SameSite=Lax" in set_cookie and "Path=/" in set_cookie


@pytest.mark.promise("P-044")
@pytest.mark.promise("P-042")
def test_signing_out_ends_the_session_on_the_server_too(app, database, asha, visit):
    visitor = visit()
    enter(visitor, database, asha)
    kept = dict(visitor.client._cookies)
    token = visitor.get("/account").form("choices").values()["csrf_token"]
    answer = visitor.client.post("/sign-out", data={"csrf_token": token}, headers={"Sec-Fetch-Site": "same-origin"})
    assert answer.headers["Clear-Site-Data"] == '"cache", "storage"'
    visitor.client._cookies = kept
    assert visitor.get("/account").path.startswith("/sign-in")


def test_the_sign_in_is_kept_alive_while_it_is_used(database, asha, visit):
    with time_machine.travel(now(), tick=False) as clock:
        visitor = visit()
        enter(visitor, database, asha)
        for _ in range(4):
            clock.shift(timedelta(hours=11))
            assert visitor.get("/account").path == "/account"
        clock.shift(timedelta(hours=12, minutes=1))
        assert visitor.get("/account").path.startswith("/sign-in")


@pytest.mark.promise("P-050")
def test_without_cookies_the_second_page_says_plainly_why(app, asha, visit):
    visitor = visit()
    first_step(visitor, "asha", asha.password)
    visitor.set_cookies([])
    page = visitor.get("/sign-in/second-step")
    assert page.status == 400 and "Your browser keeps no cookies" in page.text


def test_an_attempt_that_is_over_says_so(database, asha, visit):
    with time_machine.travel(now(), tick=False) as clock:
        visitor = visit()
        first_step(visitor, "asha", asha.password)
        clock.shift(timedelta(minutes=31))
        page = visitor.get("/sign-in/second-step")
    assert page.status == 409 and "That took too long" in page.text


# -- where it leads --


def test_one_comes_back_to_where_one_was(database, asha, dupatta, visit):
    page = enter(visit(), database, asha, next_=f"/listings/{dupatta}%3Fmessage=Namaste")
    assert page.path == f"/listings/{dupatta}?message=Namaste"


@pytest.mark.promise("P-126")
@pytest.mark.parametrize("evil", ["//evil.example", "https://evil.example", "/%5Cevil.example", "javascript:alert(1)"])
def test_nobody_is_led_to_another_site(database, asha, visit, evil):
    page = enter(visit(), database, asha, next_=evil)
    assert page.path == "/" and page.response.request.host == "localhost"


@pytest.mark.criterion("A2")
def test_who_is_on_hold_reads_why_first_and_may_stay(database, asha, visit):
    with database.apart() as session:
        states.suspend(session, asha.account(session), reason="Rule 4.2 was broken.", by="operator")
    visitor = visit()
    page = enter(visitor, database, asha, next_="/sell")
    assert page.path == "/account/state" and "on hold" in page.text and "Rule 4.2 was broken." in page.text
    assert visitor.get("/account").status == 200


@pytest.mark.criterion("A2")
def test_who_is_blocked_is_answered_like_a_wrong_password(database, asha, visit):
    with database.apart() as session:
        states.block(session, asha.account(session), reason="rule 4.2", by="operator")
    page = first_step(visit(), "asha", asha.password)
    assert page.status == 422 and "Name or password is not right." in page.text


# -- wrong names, wrong passwords --


@pytest.mark.criterion("A5")
@pytest.mark.promise("P-126")
def test_a_wrong_name_and_a_wrong_password_get_the_same_answer(database, asha, visit):
    known = first_step(visit(), "asha", "not the password", both=True)
    unknown = first_step(visit(), "nobody", "not the password", both=True)
    assert known.status == unknown.status == 422
    assert known.words("credentials") == unknown.words("credentials")
    assert "Name or password is not right." in known.words("credentials")


@pytest.mark.criterion("A5")
def test_a_wrong_name_costs_the_same_work(database, asha, visit, monkeypatch):
    """The time is the hash's; it is computed once whether or not the name is somebody's, and one event is written."""
    from intrakraft.domain.accounts import passwords

    done: list[str] = []
    verify = passwords.verify_password
    monkeypatch.setattr(
        passwords, "verify_password", lambda stored, typed: done.append(stored[:9]) or verify(stored, typed)
    )
    for name in ("asha", "nobody", "nobody@example.in"):
        first_step(visit(), name, "not the password")
    assert done == ["$argon2id"] * 3
    assert events(database, asha)[-1:] == ["sign_in_failed"] and events(database) == ["sign_in_failed"] * 2


@pytest.mark.criterion("A5")
@pytest.mark.promise("P-126")
@pytest.mark.parametrize("name", ["asha", "nobody"])
def test_brute_force_stops_after_five_in_a_minute(asha, visit, name):
    pages = [first_step(visit(), name, f"wrong {n}") for n in range(6)]
    assert [page.status for page in pages] == [422] * 5 + [429]
    assert pages[-1].response.headers["Retry-After"] and "Too many tries" in pages[-1].text
    assert pages[-1].form("credentials").values()["name"] == name


@pytest.mark.criterion("A5")
def test_the_wait_grows(asha, visit):
    def tries(clock, pause) -> int:
        clock.shift(pause)
        return [first_step(visit(), "asha", "wrong").status for _ in range(6)].count(422)

    with time_machine.travel(now(), tick=False) as clock:
        assert [tries(clock, timedelta(seconds=61)) for _ in range(3)] == [5, 5, 0]


@pytest.mark.criterion("A5")
def test_a_name_counts_however_it_is_spelt_and_tells_of_no_address(asha, visit):
    for name in ("asha", "ASHA", " asha", "Asha", "asha "):
        first_step(visit(), name, "wrong")
    assert first_step(visit(), "asha", asha.password).status == 429
    assert first_step(visit(), asha.email, "wrong").status == first_step(visit(), "no@body.example.in", "wrong").status


@pytest.mark.criterion("A5")
def test_wrong_passwords_elsewhere_do_not_shut_the_owner_out_of_a_trusted_phone(database, asha, visit):
    phone = visit()
    enter(phone, database, asha, trust="y")
    phone.client.delete_cookie("session")
    for _ in range(6):
        first_step(visit(), "asha", "wrong")
    first_step(phone, "asha", asha.password)
    assert phone.is_signed_in


@pytest.mark.criterion("A5")
def test_a_right_password_wipes_the_slate(asha, visit):
    for _ in range(4):
        first_step(visit(), "asha", "wrong")
    assert first_step(visit(), "asha", asha.password).status == 200
    assert first_step(visit(), "asha", "wrong").status == 422


@pytest.mark.criterion("A5")
def test_a_network_is_throttled_over_all_names(visit, monkeypatch):
    from intrakraft.web import throttles

    monkeypatch.setattr(throttles, "PASSWORD_NETWORK", ("3/5 minutes",))
    pages = [first_step(visit(), f"name{n}", "wrong") for n in range(4)]
    assert [page.status for page in pages] == [422, 422, 422, 429]


# -- what is noted --


@pytest.mark.promise("P-031")
@pytest.mark.promise("P-034")
def test_of_a_device_only_family_and_system_are_kept(database, asha, visit):
    enter(visit(User_Agent=PHONE), database, asha)
    with database.apart() as session:
        found = session.scalars(sa.select(SignIn)).one()
        assert (found.family, found.system) == ("Chrome Mobile", "Android 14")
    assert {one["device"] for one in told(database, Kind.NEW_DEVICE)} == {"Chrome Mobile, Android 14"}


@pytest.mark.promise("P-034")
@pytest.mark.sqlite
def test_the_address_stands_in_the_sealed_log_alone(database, asha, visit, settings):
    visitor = visit()
    visitor.client.environ_base["REMOTE_ADDR"] = "203.0.113.77"
    first_step(visitor, "asha", "wrong")
    enter(visitor, database, asha)
    held = [path.read_bytes() for path in settings.instance.rglob("*") if path.is_file()]
    assert not [one for one in held if b"203.0.113" in one]
    assert list((settings.instance / "security").glob("*.log"))


@pytest.mark.promise("P-126")
def test_the_owner_reads_what_happened(database, asha, visit):
    visitor = visit()
    first_step(visitor, "asha", "wrong")
    enter(visitor, database, asha)
    assert events(database, asha)[-2:] == ["sign_in_failed", "signed_in"]
    assert "Wrong password at sign-in" in visitor.get("/account/security").text


def test_nobody_else_is_asked_for_a_way_they_have_not(database, asha, visit):
    page = first_step(visit(), "asha", asha.password)
    values = page.form("second").values(code="123456") | {"way": "totp"}
    page = page.visitor.post("/sign-in/second-step", values)
    assert page.status == 422 and str(second_step.second_steps.NOT_SET_UP) in page.text


LIVE = {
    "environment": "production",
    "public_url": "https://bazaar.example",
    "mail_url": "smtp://127.0.0.1:1",
    "outbox_page": False,
}


@pytest.mark.promise("P-044")
@pytest.mark.settings(**LIVE)
def test_in_production_every_cookie_is_bound_to_this_host_and_https(app, database, asha):
    client, https = app.test_client(), {"base_url": "https://bazaar.example"}

    def post(address, **values):
        page = lxml.html.fromstring(client.get(address, **https).text)
        form = page.xpath("//main//form")[0]
        sent = {**dict(form.form_values()), **values}
        return client.post(form.get("action"), data=sent, headers={"Sec-Fetch-Site": "same-origin"}, **https)

    set_cookies = post("/sign-in", name="asha", password=asha.password).headers.getlist("Set-Cookie")
    answer = post("/sign-in/second-step", code=code(database, Kind.SIGN_IN_CODE), trust="y")
    set_cookies += answer.headers.getlist("Set-Cookie")
    assert {one.partition("=")[0] for one in set_cookies} == {"__Host-session", "__Host-attempt", "__Host-device"}
    for one in set_cookies:
        assert "; Secure" in one and "; HttpOnly" in one and "SameSite=Lax" in one and "Domain" not in one


# -- the log --


@pytest.mark.promise("P-032")
def test_nothing_typed_into_a_form_stands_in_a_log_line(visit, asha, bina, dupatta, capfd):
    typed = {"name": "canary-name", "email": "canary@mail.example.in", "password": "canary passphrase seven"}
    first_step(visit(), typed["email"], typed["password"])
    first_step(visit(), bina.username, bina.password)
    visit().get("/registration/new").form("registration").submit(**typed, username="canary-user", street="canary lane")
    visit(bina).get(f"/listings/{dupatta}").form("interest").submit(message="canary message")
    log = capfd.readouterr().err
    for route in ("sign_in.create", "registration.create", "interests.create"):
        assert f'"route": "{route}"' in log
    for never in ("canary", bina.password, bina.username, *bina.secrets, *asha.secrets):
        assert never not in log
