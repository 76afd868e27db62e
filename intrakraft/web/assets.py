"""The stylesheet, the script and the drawn icon as they are sent: joined, named after their content, packed once.

A name that changes with the content may be kept for a year; a page asks for one stylesheet and at most one script.
"""

from __future__ import annotations

import hashlib
import os
import re
import tempfile
from functools import cache
from pathlib import Path
from wsgiref.headers import Headers

from flask import Flask
from whitenoise import WhiteNoise
from whitenoise.compress import Compressor

SOURCE = Path(__file__).resolve().parent.parent / "static"
HTMX = "vendor/htmx-4.0.1/htmx.min.js"
YEAR = 365 * 86_400

_STRING = re.compile(r"""("[^"\n]*"|'[^'\n]*')""")
_COMMENT = re.compile(r"/\*.*?\*/", re.DOTALL)
_AROUND = re.compile(r"\s*([{};,>])\s*")


@cache
def stylesheet(source: Path = SOURCE) -> str:
    """All rules in the order that css/app.css gives, without comments and spare blanks.

    The files are joined without `@layer`: a browser that does not know it drops everything inside.
    """
    order = re.findall(r'@import "([^"]+)"', (source / "css" / "app.css").read_text())
    return minified("\n".join((source / "css" / name).read_text() for name in order))


@cache
def script(source: Path = SOURCE) -> str:
    """htmx as it came, then our own small files, each lacking only its comments and indentation."""
    own = [_bare(path.read_text()) for path in sorted((source / "js").glob("*.js"))]
    return "\n".join([(source / HTMX).read_text().strip(), *own]) + "\n"


def minified(css: str) -> str:
    """The same rules with no comments and no blanks that mean nothing; what stands in quotes stays."""
    pieces = _STRING.split(_COMMENT.sub("", css))
    pieces[::2] = [_squeezed(piece) for piece in pieces[::2]]
    return "".join(pieces).strip()


def _squeezed(piece: str) -> str:
    piece = _AROUND.sub(r"\1", re.sub(r"\s+", " ", piece))
    return re.sub(r"(?<=[\w)-]): ", ":", piece).replace(";}", "}").replace(" !important", "!important")


def _bare(javascript: str) -> str:
    lines = (line.strip() for line in _COMMENT.sub("", javascript).splitlines())
    return "\n".join(line for line in lines if line and not line.startswith("//"))


class Assets:
    """The files that pages ask for, built into `folder`; a second start finds them there and packs nothing."""

    def __init__(self, folder: Path, source: Path = SOURCE) -> None:
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        icon = (source / "icon.svg").read_text()
        contents = {"app.css": stylesheet(source), "app.js": script(source), "icon.svg": icon}
        self.names = {name: self._publish(name, text.encode()) for name, text in contents.items()}

    def url(self, name: str) -> str:
        """The address of one of `app.css`, `app.js`, `icon.svg`."""
        return f"/static/{self.names[name]}"

    def _publish(self, name: str, content: bytes) -> str:
        stem, dot, ending = name.rpartition(".")
        hashed = f"{stem}-{hashlib.sha256(content).hexdigest()[:12]}{dot}{ending}"
        if not (self.folder / f"{hashed}.gz").exists():
            with tempfile.TemporaryDirectory(dir=self.folder) as apart:
                fresh = Path(apart) / hashed
                fresh.write_bytes(content)
                packed = Compressor(quiet=True).compress(str(fresh))
                for path in (str(fresh), *sorted(packed)):
                    os.replace(path, self.folder / Path(path).name)
        return hashed


class KeptForAYear(WhiteNoise):
    """WhiteNoise for names that change with their content."""

    FOREVER = YEAR


def _guard(headers: Headers, path: str, url: str) -> None:
    headers["X-Content-Type-Options"] = "nosniff"
    headers["Cross-Origin-Resource-Policy"] = "same-origin"


def init_app(app: Flask, folder: Path | None = None) -> Assets:
    """Build the files, let WhiteNoise answer for them before the application, give templates `asset_url`."""
    assets = Assets(folder or Path(app.instance_path) / "static")
    app.wsgi_app = KeptForAYear(  # type: ignore[method-assign]
        app.wsgi_app,
        root=str(assets.folder),
        prefix="static/",
        max_age=YEAR,
        immutable_file_test=lambda path, url: True,
        allow_all_origins=False,
        add_headers_function=_guard,
    )
    app.jinja_env.globals["asset_url"] = assets.url
    return assets
