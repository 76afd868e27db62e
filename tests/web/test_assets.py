"""The stylesheet and the script as they are sent: small, named after their content, kept for a year, nothing from elsewhere."""

import base64
import hashlib
import re
import shutil
import tomllib
from pathlib import Path

import brotli
import pytest
from flask import Flask
from whitenoise.compress import Compressor

from intrakraft.web import assets
from intrakraft.web.assets import SOURCE, Assets, minified, script, stylesheet

STYLES = sorted(str(path.relative_to(SOURCE / "css")) for path in (SOURCE / "css").rglob("*.css"))


@pytest.fixture
def copied(tmp_path: Path) -> Path:
    """The sources in a place where they may be changed."""
    return Path(shutil.copytree(SOURCE, tmp_path / "source"))


def test_the_stylesheet_leaves_room_for_the_page_in_the_first_round_trip() -> None:
    assert len(brotli.compress(stylesheet().encode())) <= 7_900


def test_all_script_together_stays_within_its_budget() -> None:
    assert len(brotli.compress(script().encode())) <= 16_000


@pytest.mark.parametrize("name", [name for name in STYLES if name != "app.css"])
def test_every_style_file_is_sent(name: str) -> None:
    assert f'@import "{name}";' in (SOURCE / "css" / "app.css").read_text()


def test_old_phones_keep_every_rule_because_none_stands_in_a_layer() -> None:
    assert "@layer" not in stylesheet()


@pytest.mark.promise("P-043")
def test_styles_fetch_nothing() -> None:
    assert not re.search(r"url\(|@import|https?:|@font-face", stylesheet())


@pytest.mark.promise("P-042")
@pytest.mark.parametrize("path", sorted((SOURCE / "js").glob("*.js")), ids=lambda path: path.name)
def test_own_scripts_keep_nothing_evaluate_nothing_and_ask_nobody_else(path: Path) -> None:
    assert not re.search(r"Storage|indexedDB|document\.cookie|eval\(|Function\(|https?:|\.innerHTML", path.read_text())


def test_both_dark_themes_use_the_same_dyes() -> None:
    asked, chosen = re.findall(r":root(?::not\(\[data-theme=light\]\)|\[data-theme=dark\])\{([^}]+)\}", stylesheet())
    assert set(asked.split(";")) | {"color-scheme:dark"} == set(chosen.split(";"))


@pytest.mark.parametrize(
    ("written", "sent"),
    [
        ("a:hover {\n  color: red;\n}", "a:hover{color:red}"),
        (".x > .y, .z  .w { margin: 0 auto; }", ".x>.y,.z .w{margin:0 auto}"),
        ("/* no */ p { width: calc(1rem + 3vw); }", "p{width:calc(1rem + 3vw)}"),
        ('i::before { content: attr(data-l) " ; } "; }', 'i::before{content:attr(data-l) " ; } "}'),
        (
            "@media (min-width: 40rem) { .a :hover { top: 0 !important; } }",
            "@media (min-width:40rem){.a :hover{top:0!important}}",
        ),
    ],
)
def test_making_it_small_changes_no_meaning(written: str, sent: str) -> None:
    assert minified(written) == sent


def test_the_name_changes_with_the_content(copied: Path, tmp_path: Path) -> None:
    before = Assets(tmp_path / "built", copied).url("app.css")
    (copied / "css" / "base.css").write_text("p { color: red; }")
    stylesheet.cache_clear()
    assert Assets(tmp_path / "built", copied).url("app.css") != before


def test_a_second_start_packs_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = Assets(tmp_path).names
    monkeypatch.setattr(Compressor, "compress", lambda *args: pytest.fail("packed again"))
    assert Assets(tmp_path).names == first


def test_files_are_sent_packed_and_for_a_year(tmp_path: Path) -> None:
    app = Flask("bare", static_folder=None)
    url = assets.init_app(app, tmp_path).url("app.css")
    answer = app.test_client().get(url, headers={"Accept-Encoding": "br"})
    assert answer.headers["Content-Encoding"] == "br"
    assert answer.headers["Cache-Control"] == "max-age=31536000, public, immutable"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert brotli.decompress(answer.data).decode() == stylesheet()


def test_an_old_browser_gets_the_plain_file(tmp_path: Path) -> None:
    app = Flask("bare", static_folder=None)
    url = assets.init_app(app, tmp_path).url("app.js")
    answer = app.test_client().get(url)
    assert "Content-Encoding" not in answer.headers
    assert answer.get_data(as_text=True) == script()


def test_vendored_files_are_what_was_published() -> None:
    folder = SOURCE / "vendor"
    listed = tomllib.loads((folder / "MANIFEST.toml").read_text())["file"]
    for one in listed:
        content = (folder / one["path"]).read_bytes()
        assert base64.b64encode(hashlib.sha384(content).digest()).decode() == one["sha384"]
        assert (folder / one["licence_file"]).read_text()
    carried = {str(path.relative_to(folder)) for path in folder.glob("*/*.js")}
    assert carried == {one["path"] for one in listed}
