"""Mail: letters leave by SMTP, or stay in a folder where nothing is set up yet.

This is the only door through which anything is sent to a person's mailbox, and it sees only what an outbox letter holds
(P-080). Made with the standard library: the Flask extension for mail needs an application context, which the worker has
no other use for, and writes headers in an older form.
"""

from __future__ import annotations

import os
import smtplib
import ssl
from dataclasses import dataclass
from datetime import datetime
from email import policy
from email.headerregistry import Address
from email.message import EmailMessage
from email.parser import BytesParser
from email.utils import format_datetime
from pathlib import Path
from typing import Protocol
from urllib.parse import SplitResult, parse_qs, unquote, urlsplit

from email_validator import EmailNotValidError, validate_email

from intrakraft.domain.base import new_token, now
from intrakraft.domain.notices import Letter, TryLater, Undeliverable

KEPT_LETTERS = 500
TIMEOUT = 20.0
_MAIL = policy.SMTP.clone(cte_type="7bit")


class Places(Protocol):
    """The settings that mail reads."""

    @property
    def mail_url(self) -> str: ...

    @property
    def mail_from(self) -> str: ...

    @property
    def company(self) -> str: ...

    @property
    def public_url(self) -> str: ...


class Transport(Protocol):
    """A way to hand over a finished message; raises `TryLater` or `Undeliverable`."""

    def send(self, message: EmailMessage) -> None: ...


@dataclass(frozen=True, slots=True)
class KeptLetter:
    """A letter in the folder, as the outbox page of a development installation shows it."""

    at: datetime
    to: str
    subject: str
    text: str
    html: str


class Mail:
    """Sends letters in the name of one installation, through one transport."""

    def __init__(self, transport: Transport, *, sender: str, company: str, host: str) -> None:
        self._transport = transport
        self._from = Address(company, addr_spec=sender)
        self._host = host

    @classmethod
    def from_settings(cls, settings: Places) -> Mail:
        """`folder:<path>`, `smtp://user:password@host:port` or `smtps://...`, with `?tls=starttls|none&timeout=20`.

        SMTP is encrypted by STARTTLS unless the host is this machine itself. Raises ValueError for an address it cannot
        use.
        """
        host = urlsplit(settings.public_url).hostname or "localhost"
        transport = transport_for(settings.mail_url, own_host=host)
        return cls(transport, sender=settings.mail_from, company=settings.company, host=host)

    def send(self, letter: Letter) -> None:
        """Hand one letter over. Raises `TryLater` or `Undeliverable`."""
        self._transport.send(self._message(letter))

    def latest(self, limit: int = 40) -> list[KeptLetter]:
        """The newest letters of the folder, for development; none where mail really leaves."""
        return self._transport.latest(limit) if isinstance(self._transport, Folder) else []

    def _message(self, letter: Letter) -> EmailMessage:
        message = EmailMessage(policy=_MAIL)
        message["From"] = self._from
        message["To"] = _deliverable(letter.to)
        message["Subject"] = " ".join(letter.words.subject.split())
        message["Date"] = format_datetime(now())
        message["Message-ID"] = f"<{letter.reference}@{self._host}>"
        message["Auto-Submitted"] = "auto-generated"
        message.set_content(letter.words.text)
        message.add_alternative(letter.words.html, subtype="html")
        message["Content-Language"] = letter.language
        return message


def transport_for(url: str, *, own_host: str) -> Transport:
    """The transport that an address names. Raises ValueError with a sentence for one that cannot be used."""
    if url.startswith("folder:"):
        return Folder(Path(url.removeprefix("folder:")))
    found = urlsplit(url)
    if found.scheme not in ("smtp", "smtps") or not found.hostname:
        raise ValueError("mail_url is folder:<path>, smtp://host or smtps://host")
    return Smtp(found, own_host)


def _deliverable(address: str) -> Address:
    """The address as it goes into the envelope: its domain in ASCII where it can be."""
    try:
        found = validate_email(address, check_deliverability=False, globally_deliverable=False)
        return Address(addr_spec=found.ascii_email or found.normalized)
    except (EmailNotValidError, ValueError):
        raise Undeliverable("not an address") from None


# -- into a folder --


class Folder:
    """Keeps letters as .eml files that any mail program opens; the newest 500 stay."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def send(self, message: EmailMessage) -> None:
        """Write the letter under a name that sorts by time."""
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        name = f"{now():%Y%m%dT%H%M%S%f}-{new_token(6)}.eml"
        draft = self._folder / f".{name}.part"
        with os.fdopen(os.open(draft, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "wb") as file:
            file.write(message.as_bytes())
        os.replace(draft, self._folder / name)
        for old in self._names()[KEPT_LETTERS:]:
            old.unlink(missing_ok=True)

    def latest(self, limit: int) -> list[KeptLetter]:
        """The newest `limit` letters, newest first."""
        return [_kept(path) for path in self._names()[:limit]]

    def _names(self) -> list[Path]:
        return sorted(self._folder.glob("*.eml"), reverse=True)


def _kept(path: Path) -> KeptLetter:
    message = BytesParser(_class=EmailMessage, policy=policy.default).parsebytes(path.read_bytes())
    text, html = (message.get_body((kind,)) for kind in ("plain", "html"))
    return KeptLetter(
        at=message["Date"].datetime,
        to=str(message["To"]),
        subject=str(message["Subject"]),
        text=text.get_content() if text else "",
        html=html.get_content() if html else "",
    )


# -- by SMTP --


class Smtp:
    """One connection a letter: mail is rare, and a kept connection is one more thing that breaks."""

    def __init__(self, url: SplitResult, own_host: str) -> None:
        query = {name: values[-1] for name, values in parse_qs(url.query, keep_blank_values=True).items()}
        self._host, self._own_host = url.hostname or "", own_host
        self._implicit = url.scheme == "smtps"
        self._port = url.port or (465 if self._implicit else 587)
        self._user, self._password = unquote(url.username or ""), unquote(url.password or "")
        self._tls = query.pop("tls", "none" if self._host in ("127.0.0.1", "::1", "localhost") else "starttls")
        self._timeout = float(query.pop("timeout", TIMEOUT))
        if query or self._tls not in ("starttls", "none"):
            raise ValueError("mail_url knows tls=starttls, tls=none and timeout=<seconds>")

    def send(self, message: EmailMessage) -> None:
        """Hand the letter to the server. Whatever may be better later is `TryLater`, a final no `Undeliverable`."""
        try:
            with self._connected() as line:
                _hand_over(line, message)
        except smtplib.SMTPResponseException as error:
            raise TryLater(f"mail server said {error.smtp_code}") from error
        except (smtplib.SMTPException, OSError) as error:
            raise TryLater(type(error).__name__) from error

    def _connected(self) -> smtplib.SMTP:
        where = (self._host, self._port, self._own_host, self._timeout)
        line = _smtps(*where) if self._implicit else smtplib.SMTP(*where)
        try:
            if not self._implicit and self._tls == "starttls":
                line.starttls(context=ssl.create_default_context())
            if self._user:
                line.login(self._user, self._password)
        except BaseException:
            line.close()
            raise
        return line


def _hand_over(line: smtplib.SMTP, message: EmailMessage) -> None:
    try:
        line.send_message(message)
    except smtplib.SMTPRecipientsRefused as error:
        raise _verdict(min(code for code, _ in error.recipients.values())) from error
    except smtplib.SMTPDataError as error:
        raise _verdict(error.smtp_code) from error
    except smtplib.SMTPNotSupportedError as error:
        raise Undeliverable("address not supported by the mail server") from error


def _smtps(host: str, port: int, own_host: str, timeout: float) -> smtplib.SMTP_SSL:
    return smtplib.SMTP_SSL(host, port, own_host, timeout=timeout, context=ssl.create_default_context())


def _verdict(code: int) -> TryLater | Undeliverable:
    return (Undeliverable if code >= 500 else TryLater)(f"mail server said {code}")
