"""Mail over a real connection, in a folder, and the words of every kind of notice."""

from __future__ import annotations

import re
import socket
import threading
from email import message_from_bytes, policy
from pathlib import Path
from types import SimpleNamespace

import pytest
import time_machine
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult

from intrakraft.adapters import mail
from intrakraft.adapters.letters import PAGES, Letters
from intrakraft.adapters.mail import Mail, transport_for
from intrakraft.domain.notices import CONTENTS, Kind, Letter, TryLater, Undeliverable, Written
from tests.servers import free_port

OPERATOR = SimpleNamespace(
    company="Intrakraft Solutions Pvt Ltd",
    officer="Mr. Keshav Sharma",
    phone="+91 99201 51235",
    email="support@intrakraft.example",
    zone="Asia/Kolkata",
)
FIELDS = {
    "name": "Asha <Kumari>",
    "username": "asha",
    "code": "482913",
    "minutes": 10,
    "link": "https://intrakraft.example/reset/one",
    "address": "new@example.com",
    "listing_id": 7,
    "listing_title": "Cotton <dupatta>",
    "other_username": "bina",
    "message": "All indigo?\n<script>",
    "when": "2026-11-24T05:21:00+00:00",
    "device": "Firefox on Android",
    "what": "An authenticator app was added",
    "state": "suspended",
    "reason": "Two complaints <upheld>",
}


def url(endpoint, **values):
    return "/".join(("https://intrakraft.example", endpoint, *map(str, values.values())))


@pytest.fixture(scope="module")
def letters() -> Letters:
    return Letters(OPERATOR, url)


def letter(to="asha@example.com", subject="कोड", reference="r1") -> Letter:
    return Letter(to, "Asha", "hi", Written(subject, "नमस्ते\n", "<p>नमस्ते</p>"), reference)


def mail_to(address: str) -> Mail:
    return Mail.from_settings(
        SimpleNamespace(
            mail_url=address,
            mail_from="support@intrakraft.example",
            company=OPERATOR.company,
            public_url="https://intrakraft.example",
        )
    )


# -- over SMTP --


def test_a_hindi_letter_arrives_whole(smtp):
    mail_to(smtp.url).send(letter())
    (arrived,) = smtp.mails
    assert arrived["Subject"] == "कोड"
    assert arrived.get_body(("plain",)).get_content().strip() == "नमस्ते"
    assert arrived.get_body(("html",)).get_content().strip() == "<p>नमस्ते</p>"


@time_machine.travel("2026-11-24 10:51:22+00:00", tick=False)
def test_headers_name_the_sender_the_time_and_a_machine(smtp):
    mail_to(smtp.url).send(letter())
    (arrived,) = smtp.mails
    assert arrived["From"] == "Intrakraft Solutions Pvt Ltd <support@intrakraft.example>"
    assert arrived["To"] == "asha@example.com"
    assert arrived["Date"] == "Tue, 24 Nov 2026 10:51:22 +0000"
    assert arrived["Message-ID"] == "<r1@intrakraft.example>"
    assert arrived["Auto-Submitted"] == "auto-generated"
    assert arrived["Content-Language"] == "hi"


def test_a_second_try_bears_the_same_message_id(smtp):
    for _ in range(2):
        mail_to(smtp.url).send(letter())
    assert len({arrived["Message-ID"] for arrived in smtp.mails}) == 1


def test_a_subject_cannot_smuggle_a_header(smtp):
    mail_to(smtp.url).send(letter(subject="Goods\r\nBcc: charu@example.com"))
    (arrived,) = smtp.mails
    assert arrived["Subject"] == "Goods Bcc: charu@example.com"
    assert arrived["Bcc"] is None


@pytest.mark.parametrize("to", ["asha@example.com\r\nBcc: x@y.in", "asha@example.com, charu@example.com", "asha", ""])
def test_what_is_not_one_address_gets_no_letter(smtp, to):
    with pytest.raises(Undeliverable):
        mail_to(smtp.url).send(letter(to=to))
    assert smtp.mails == []


def test_a_domain_in_hindi_is_written_in_ascii(smtp):
    mail_to(smtp.url).send(letter(to="asha@उदाहरण.भारत"))
    assert smtp.mails[0]["To"] == "asha@xn--p1b6ci4b4b3a.xn--h2brj9c"


@pytest.mark.parametrize(
    ("answer", "error"), [("451 later", TryLater), ("452 full", TryLater), ("550 no such person", Undeliverable)]
)
def test_the_servers_answer_says_whether_to_try_again(smtp, answer, error):
    smtp.refuse = answer
    with pytest.raises(error, match=answer[:3]) as refused:
        mail_to(smtp.url).send(letter())
    assert "asha" not in str(refused.value)


def test_a_server_that_is_not_there_is_tried_later():
    with pytest.raises(TryLater, match="ConnectionRefusedError"):
        mail_to(f"smtp://127.0.0.1:{free_port()}").send(letter())


def test_a_server_that_says_nothing_is_given_up_on():
    with socket.create_server(("127.0.0.1", 0)) as silent, pytest.raises(TryLater, match="SMTPServerDisconnected"):
        mail_to(f"smtp://127.0.0.1:{silent.getsockname()[1]}?timeout=0.2").send(letter())


def test_a_server_without_encryption_gets_neither_password_nor_letter(smtp):
    with pytest.raises(TryLater):
        mail_to(f"{smtp.url.replace('//', '//asha:secret@')}?tls=starttls").send(letter())
    assert smtp.mails == []


def test_user_and_password_are_given():
    seen, office = [], SimpleNamespace(mails=[])

    async def handle_DATA(server, session, envelope):  # noqa: N802
        office.mails.append(message_from_bytes(envelope.content, policy=policy.default))
        return "250 OK"

    def authenticator(server, session, envelope, mechanism, auth):
        seen.append((auth.login, auth.password))
        return AuthResult(success=auth.password == b"p@ss", handled=False)

    office.handle_DATA = handle_DATA
    options = {"authenticator": authenticator, "auth_required": True, "auth_require_tls": False}
    controller = Controller(office, hostname="127.0.0.1", port=free_port(), **options)
    controller.start()
    try:
        mail_to(f"smtp://asha:p%40ss@127.0.0.1:{controller.port}").send(letter())
        with pytest.raises(TryLater, match="535"):
            mail_to(f"smtp://asha:wrong@127.0.0.1:{controller.port}").send(letter())
    finally:
        controller.stop()
    assert seen[0] == (b"asha", b"p@ss")
    assert len(office.mails) == 1


@pytest.mark.parametrize("address", ["http://mail", "smtp:", "smtp://host?tls=maybe", "smtp://host?retries=3"])
def test_an_address_that_cannot_be_used_stops_the_start(address):
    with pytest.raises(ValueError, match="mail_url"):
        transport_for(address, own_host="intrakraft.example")


@pytest.mark.parametrize(
    ("address", "tls"),
    [("smtp://mail.example.in", "starttls"), ("smtp://localhost", "none"), ("smtp://mail.example.in?tls=none", "none")],
)
def test_mail_leaves_the_machine_encrypted_unless_told_otherwise(address, tls):
    assert transport_for(address, own_host="intrakraft.example")._tls == tls


@pytest.mark.promise("P-080")
def test_no_other_module_can_write_to_a_mailbox_or_call_out():
    clients = re.compile(r"^\s*(?:from|import) (smtplib|requests|httpx|urllib\.request|http\.client|aiohttp)\b", re.M)
    package = Path(mail.__file__).parents[1]
    found = {path.relative_to(package).as_posix() for path in package.rglob("*.py") if clients.search(path.read_text())}
    assert found == {"adapters/mail.py"}


# -- in a folder --


def test_the_folder_keeps_letters_that_a_mail_program_opens(tmp_path):
    here = mail_to(f"folder:{tmp_path / 'outbox'}")
    with time_machine.travel("2026-11-24 10:51:22+00:00", tick=False) as clock:
        for subject in ("one", "कोड"):
            here.send(letter(subject=subject))
            clock.shift(1)
    newest, older = here.latest()
    assert (newest.subject, newest.to, newest.text.strip()) == ("कोड", "asha@example.com", "नमस्ते")
    assert (older.subject, older.html.strip()) == ("one", "<p>नमस्ते</p>")
    files = list((tmp_path / "outbox").iterdir())
    assert {(file.suffix, oct(file.stat().st_mode & 0o777)) for file in files} == {(".eml", "0o600")}


def test_the_folder_does_not_grow_for_ever(tmp_path, monkeypatch):
    monkeypatch.setattr("intrakraft.adapters.mail.KEPT_LETTERS", 3)
    here = mail_to(f"folder:{tmp_path}")
    threads = [threading.Thread(target=here.send, args=(letter(),)) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    here.send(letter(subject="last"))
    assert len(here.latest()) == 3
    assert "last" in [kept.subject for kept in here.latest()]


def test_real_mail_shows_nothing_on_the_outbox_page(smtp):
    assert mail_to(smtp.url).latest() == []


# -- the words --


@pytest.mark.promise("P-007")
@pytest.mark.promise("P-151")
@pytest.mark.parametrize("kind", Kind)
def test_every_letter_links_the_policy_and_names_the_operator(letters, kind):
    words = letters(kind, "en", FIELDS)
    for part in (words.text, words.html):
        assert "https://intrakraft.example/policy.show" in part
        assert all(name in part for name in (OPERATOR.company, OPERATOR.officer, OPERATOR.phone, OPERATOR.email))
    assert '<html lang="en">' in words.html
    assert words.subject and "\n" not in words.subject


@pytest.mark.parametrize("kind", Kind)
def test_every_letter_can_be_written_with_what_it_needs_and_no_more(letters, kind):
    contents = CONTENTS[kind]
    known = dict.fromkeys(contents.may) | {name: FIELDS[name] for name in contents.needs}
    words = letters(kind, "en", {**known, "name": ""})
    assert "None" not in words.subject + words.text + words.html
    assert "\n\n\n" not in words.text


@pytest.mark.parametrize("kind", Kind)
def test_what_people_typed_stays_text(letters, kind):
    html = letters(kind, "en", FIELDS).html
    assert "Asha &lt;Kumari&gt;" in html
    assert not re.search(r"<(dupatta|script|upheld|kumari)", html, re.IGNORECASE)


@pytest.mark.promise("P-070")
@pytest.mark.parametrize("kind", Kind)
def test_service_letters_carry_no_offers_and_fetch_nothing(letters, kind):
    words = letters(kind, "en", FIELDS)
    assert not re.search(r"offer|discount|sale|coupon|deal|newsletter|upgrade", words.text, re.IGNORECASE)
    assert not re.search(r"<(img|link|script)\b|url\(|@import", words.html)


@pytest.mark.parametrize("kind", [kind for kind in Kind if "code" in CONTENTS[kind].needs])
def test_a_code_is_in_the_letter_but_not_in_its_subject(letters, kind):
    words = letters(kind, "en", FIELDS)
    assert FIELDS["code"] not in words.subject
    assert FIELDS["code"] in words.text and FIELDS["code"] in words.html
    assert "within 10 minutes" in words.text


def test_times_are_indian_and_a_strange_language_is_answered_in_english(letters):
    words = letters(Kind.NEW_DEVICE, "xx", FIELDS)
    assert "Tue 24 Nov, 10:51" in words.text
    assert words.subject == "A new device signed in"


def test_pages_in_letters_exist(letters):
    used = set()
    spy = Letters(OPERATOR, lambda endpoint, **values: used.add(endpoint) or url(endpoint, **values))
    for kind in Kind:
        spy(kind, "en", FIELDS)
    assert used <= set(PAGES.values())
