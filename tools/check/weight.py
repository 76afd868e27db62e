"""Weighs the pages as they go over the wire: page and stylesheet within one TCP window, script within its own budget.

The application runs in this process on the demo bazaar; pages are found by following its own links, signed out.
"""

import io
import re
import sys
import tempfile
from collections import deque
from collections.abc import Iterator
from contextlib import redirect_stderr
from urllib.parse import urldefrag, urlsplit

import brotli
from flask.testing import FlaskClient

from intrakraft import create_app
from intrakraft.config import load
from intrakraft.web.state import of

HTML_AND_CSS = 14_000
LONG_TEXTS = 30_000  # policy, data map, promises: read once, in full
SCRIPT = 20_000
LONG = re.compile(r"^/(privacy|policy|terms|promises)")
MOST_PAGES = 60
EACH_SHAPE = 3  # pages whose address differs only in numbers
HEADERS = {"Accept-Encoding": "br", "Accept": "text/html"}
LANGUAGES = ("en", "hi")  # Devanagari takes three bytes a letter
LINK = re.compile(r'<a\b[^>]*?\shref="([^"]+)"')
STYLE = re.compile(r'<link\b[^>]*?\bhref="([^"]+\.css[^"]*)"')
CODE = re.compile(r'<script\b[^>]*?\bsrc="([^"]+)"')


def wire_bytes(client: FlaskClient, url: str, language: str) -> tuple[int, str]:
    """Bytes of the packed body, and the text where it is a page."""
    answer = client.get(url, headers={**HEADERS, "Accept-Language": language})
    body = answer.get_data()
    packed = answer.headers.get("Content-Encoding") == "br"
    plain = brotli.decompress(body) if packed else body
    text = plain.decode() if answer.mimetype == "text/html" and answer.status_code == 200 else ""
    return len(body) if packed else len(brotli.compress(body, quality=11)), text


def pages(client: FlaskClient, language: str, start: str = "/") -> Iterator[tuple[str, int, str]]:
    """Address, bytes and text of pages reached by links, a few of each shape."""
    waiting, seen, shapes = deque([start]), {start}, {}
    weighed = 0
    while waiting and weighed < MOST_PAGES:
        url = waiting.popleft()
        size, text = wire_bytes(client, url, language)
        if not text:
            continue
        weighed += 1
        yield url, size, text
        for link in LINK.findall(text):
            address = urldefrag(link.replace("&amp;", "&"))[0]
            shape = re.sub(r"\d+", "7", urlsplit(address).path)
            if address.startswith("/") and address not in seen and shapes.get(shape, 0) < EACH_SHAPE:
                seen.add(address)
                shapes[shape] = shapes.get(shape, 0) + 1
                waiting.append(address)


def weigh(client: FlaskClient, language: str) -> Iterator[tuple[str, int, int, int]]:
    """Address, bytes of page and styles, their budget, bytes of script."""
    parts: dict[str, int] = {}

    def part(url: str) -> int:
        if url not in parts:
            parts[url] = wire_bytes(client, url, language)[0]
        return parts[url]

    for url, size, text in pages(client, language):
        styles, code = sum(map(part, set(STYLE.findall(text)))), sum(map(part, set(CODE.findall(text))))
        yield f"{url} ({language})", size + styles, LONG_TEXTS if LONG.match(url) else HTML_AND_CSS, code


def main() -> int:
    """Weigh, print the table with the heaviest first, and say what is over its budget."""
    with tempfile.TemporaryDirectory() as folder, redirect_stderr(io.StringIO()):  # the log of requests
        app = create_app(load(instance=folder))
        for command in (["setup"], ["seed"]):
            done = app.test_cli_runner().invoke(args=command)
            if done.exit_code:
                print(done.output, done.exception)
                return 1
        weighed = [row for language in LANGUAGES for row in weigh(app.test_client(), language)]
        found = sorted(weighed, key=lambda row: row[1] / row[2], reverse=True)
        of(app).database.dispose()
    for url, size, budget, code in found:
        print(f"{'over' if size > budget else '':4} {size:>6} of {budget}  script {code:>6} of {SCRIPT}  {url}")
    return int(not found or any(size > budget or code > SCRIPT for _, size, budget, code in found))


if __name__ == "__main__":
    sys.exit(main())
