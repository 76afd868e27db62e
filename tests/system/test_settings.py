"""Settings: a bad value stops the start with a sentence that names it, and production refuses what is only for trying out."""

from pathlib import Path

import pytest

from intrakraft.config import SettingsError, load

REAL = {"environment": "production", "public_url": "https://bazaar.example.in", "mail_url": "smtp://mail.example.in"}


@pytest.mark.promise("P-151")
@pytest.mark.parametrize("name", ["company", "officer", "phone", "email"])
def test_an_empty_contact_stops_the_start(tmp_path: Path, name: str) -> None:
    with pytest.raises(SettingsError, match=name):
        load(instance=tmp_path, **{name: " "})


@pytest.mark.promise("P-151")
def test_the_contact_comes_from_the_operators_own_file(tmp_path: Path) -> None:
    (tmp_path / "config.toml").write_text('officer = "Ms. Kavita Rao"\nphone = "+91 80000 00000"\n')
    settings = load(instance=tmp_path)
    assert (settings.officer, settings.phone) == ("Ms. Kavita Rao", "+91 80000 00000")


@pytest.mark.promise("P-127")
def test_production_refuses_plain_http(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="https"):
        load(instance=tmp_path, **{**REAL, "public_url": "http://bazaar.example.in"})


@pytest.mark.parametrize("change", [{"mail_url": "folder:/x"}, {"throttle": False}, {"outbox_page": True}])
def test_production_refuses_what_is_only_for_trying_out(tmp_path: Path, change: dict[str, object]) -> None:
    load(instance=tmp_path, **REAL)
    with pytest.raises(SettingsError):
        load(instance=tmp_path, **{**REAL, **change})


def test_every_bad_value_is_named_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("INTRAKRAFT_PHOTO_LIMIT", "many")
    monkeypatch.setenv("INTRAKRAFT_NO_SUCH_THING", "1")
    with pytest.raises(SettingsError) as refused:
        load(instance=tmp_path)
    assert "photo_limit" in str(refused.value) and "no_such_thing" in str(refused.value)


def test_secrets_are_made_once_and_never_shown(tmp_path: Path) -> None:
    first, second = load(instance=tmp_path), load(instance=tmp_path)
    assert first.secret_key == second.secret_key
    assert first.secret_key not in repr(first)
    assert (tmp_path / "keys" / "secret").stat().st_mode & 0o077 == 0
