"""Settings of one installation, from `INTRAKRAFT_*` variables and `instance/config.toml`.

A bad or missing value stops the start with a sentence that names it; nothing else in the code reads the environment.
"""

from __future__ import annotations

import os
import secrets
import tomllib
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

ROOT = Path(__file__).resolve().parent.parent


class SettingsError(Exception):
    """One sentence for each value that cannot be used."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("Intrakraft cannot start:\n" + "\n".join(f"  - {problem}" for problem in problems))
        self.problems = problems


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Everything an installation can be told. Paths are absolute, times in seconds, sizes in bytes."""

    instance: Path
    environment: str = "development"
    public_url: str = "http://localhost:8000"
    hosts: tuple[str, ...] = ()
    proxies: int = 0
    secret_key: str = field(default="", repr=False)
    database_url: str = ""
    keyring_url: str = ""
    queue_url: str = ""
    limiter_url: str = "memory://"
    storage_url: str = ""
    storage_key: str = field(default="", repr=False)
    storage_secret: str = field(default="", repr=False)
    mail_url: str = ""
    mail_from: str = ""
    metrics_token: str = field(default="", repr=False)
    company: str = "Intrakraft Solutions Pvt Ltd"
    officer: str = "Mr. Keshav Sharma"
    phone: str = "+91 99201 51235"
    email: str = "Support@intrakraft.com"
    zone: str = "Asia/Kolkata"
    support_opens: str = "09:00"
    support_closes: str = "18:00"
    interest_daily_limit: int = 20
    interest_minute_limit: int = 6
    photo_limit: int = 12
    photo_bytes: int = 12_000_000
    request_bytes: int = 64_000_000
    throttle: bool = True
    outbox_page: bool = False

    @property
    def production(self) -> bool:
        """Whether real people use it: then plain http, loose hosts and on-screen mail are refused."""
        return self.environment == "production"

    @property
    def host_names(self) -> frozenset[str]:
        """Host names this installation answers to, without ports."""
        own = urlsplit(self.public_url).hostname or ""
        local = () if self.production else ("127.0.0.1", "localhost", "[::1]", "::1")
        return frozenset((own, *self.hosts, *local))


def load(**given: Any) -> Settings:
    """Settings from `given`, then the environment, then `instance/config.toml`, then defaults; checked as a whole.

    Raises `SettingsError` that lists every bad value at once.
    """
    instance = Path(given.pop("instance", None) or os.environ.get("INTRAKRAFT_INSTANCE") or ROOT / "instance").resolve()
    problems: list[str] = []
    values: dict[str, Any] = {**_from_file(instance / "config.toml", problems), **_from_environment(problems), **given}
    if problems:
        raise SettingsError(problems)
    instance.mkdir(parents=True, exist_ok=True)
    values.setdefault("database_url", f"sqlite:///{instance / 'intrakraft.sqlite'}")
    values.setdefault("keyring_url", f"sqlite:///{instance / 'keyring.sqlite'}")
    values.setdefault("queue_url", f"sqlite:///{instance / 'queue.sqlite'}")
    values.setdefault("storage_url", str(instance / "uploads"))
    values.setdefault("mail_url", f"folder:{instance / 'outbox'}")
    values.setdefault("secret_key", _kept_secret(instance / "keys" / "secret"))
    values.setdefault("metrics_token", _kept_secret(instance / "keys" / "metrics"))
    settings = Settings(instance=instance, **values)
    if not settings.mail_from:
        settings = _replaced(settings, mail_from=settings.email)
    if not settings.production and settings.mail_url.startswith("folder:") and "outbox_page" not in values:
        settings = _replaced(settings, outbox_page=True)
    problems = _problems(settings)
    if problems:
        raise SettingsError(problems)
    return settings


def _replaced(settings: Settings, **changes: Any) -> Settings:
    return Settings(**{f.name: getattr(settings, f.name) for f in fields(Settings)} | changes)


def _kept_secret(path: Path) -> str:
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    try:
        handle = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
    except FileExistsError:
        return path.read_text().strip()
    with os.fdopen(handle, "w") as file:
        file.write(secrets.token_urlsafe(48))
    return path.read_text().strip()


_TYPES = {f.name: f.type for f in fields(Settings) if f.name != "instance"}


def _from_file(path: Path, problems: list[str]) -> dict[str, Any]:
    if not path.exists():
        return {}
    try:
        found = tomllib.loads(path.read_text())
    except tomllib.TOMLDecodeError as error:
        problems.append(f"{path.name} is not valid TOML: {error}")
        return {}
    return _known({k: tuple(v) if isinstance(v, list) else v for k, v in found.items()}, path.name, problems)


def _from_environment(problems: list[str]) -> dict[str, Any]:
    prefix = "INTRAKRAFT_"
    skip = {"INSTANCE", "CHROMIUM", "TEST_POSTGRES_URL", "SHARED_DATA"}
    named = {k.removeprefix(prefix): v for k, v in os.environ.items() if k.startswith(prefix)}
    return _known({k.lower(): v for k, v in named.items() if k not in skip}, "the environment", problems)


def _known(found: dict[str, Any], where: str, problems: list[str]) -> dict[str, Any]:
    kept = {}
    for name, value in found.items():
        if name not in _TYPES:
            problems.append(f"{name} in {where} is not a setting")
            continue
        try:
            kept[name] = _typed(_TYPES[name], value)
        except ValueError:
            problems.append(f"{name} in {where} is “{value}”, which is not {_WORDS.get(_TYPES[name], 'text')}")
    return kept


_WORDS = {"int": "a whole number", "bool": "yes or no"}


def _typed(kind: Any, value: Any) -> Any:
    if kind == "int":
        return int(value)
    if kind == "bool":
        words = {
            "1": True,
            "yes": True,
            "true": True,
            "on": True,
            "0": False,
            "no": False,
            "false": False,
            "off": False,
        }
        if str(value).lower() not in words:
            raise ValueError(value)
        return words[str(value).lower()]
    if str(kind).startswith("tuple"):
        return value if isinstance(value, tuple) else tuple(p.strip() for p in str(value).split(",") if p.strip())
    return str(value)


def _problems(settings: Settings) -> list[str]:
    found = []
    if settings.environment not in ("development", "production"):
        found.append(f"environment is “{settings.environment}”; it is development or production")
    url = urlsplit(settings.public_url)
    if url.scheme not in ("http", "https") or not url.hostname:
        found.append(f"public_url is “{settings.public_url}”; it needs http or https and a host")
    for name in ("company", "officer", "phone", "email"):
        if not getattr(settings, name).strip():
            found.append(f"{name} is empty; the policy promises a named contact (P-151)")
    if "@" not in settings.email:
        found.append(f"email is “{settings.email}”; it needs an @")
    if not settings.database_url.startswith(("sqlite:///", "postgresql")):
        found.append("database_url starts with sqlite:/// or postgresql")
    if not settings.mail_url.startswith(("folder:", "smtp:", "smtps:")):
        found.append("mail_url starts with folder:, smtp: or smtps:")
    if len(settings.secret_key) < 32:
        found.append("secret_key is shorter than 32 letters")
    for name in ("interest_daily_limit", "interest_minute_limit", "photo_limit", "photo_bytes", "request_bytes"):
        if getattr(settings, name) < 1:
            found.append(f"{name} is {getattr(settings, name)}; it is at least 1")
    try:
        ZoneInfo(settings.zone)
    except (ZoneInfoNotFoundError, ValueError):
        found.append(f"zone is “{settings.zone}”, which is not a time zone")
    return found + (_production_problems(settings) if settings.production else [])


def _production_problems(settings: Settings) -> list[str]:
    found = []
    if not settings.public_url.startswith("https://"):
        found.append("public_url is not https, and production refuses plain http (P-127)")
    if settings.mail_url.startswith("folder:"):
        found.append("mail_url is a folder; real people need real mail: smtp://...")
    if settings.outbox_page:
        found.append("outbox_page shows people's codes and is for development only")
    if not settings.throttle:
        found.append("throttle is off; production needs it (P-126)")
    return found
