"""The way out: outside links are marked, lead through a page that names them, and carry nothing about anybody."""

import re
from urllib.parse import unquote

import pytest
from flask import Flask
from flask.testing import FlaskClient

from intrakraft.web.links import opened, outward_link, user_text
from tests.people import Visit

REL = 'rel="noopener noreferrer nofollow ugc"'


@pytest.fixture(autouse=True)
def in_a_request(app: Flask):
    with app.test_request_context("/"):
        yield


def hrefs(html: str) -> list[str]:
    return re.findall(r'href="([^"]+)"', html)


# -- in people's text --


@pytest.mark.promise("P-008")
@pytest.mark.parametrize("address", ["https://loom.example/a?b=1&c=2", "http://loom.example", "www.loom.example/x"])
def test_an_outside_link_is_marked(address: str) -> None:
    html = str(user_text(f"See {address}."))
    assert REL in html and "another site" in html and html.count("<a ") == 1
    assert hrefs(html)[0].startswith("/out?u=")
    assert html.endswith("</a>.</p>")


@pytest.mark.promise("P-008")
def test_an_own_link_is_not_marked() -> None:
    html = str(user_text("See http://localhost:8000/listings/7?a=1#b now"))
    assert hrefs(html) == ["/listings/7?a=1#b"]
    assert "rel=" not in html and "another site" not in html


@pytest.mark.promise("P-008")
def test_an_own_link_cannot_lead_elsewhere() -> None:
    assert hrefs(str(user_text("http://localhost:8000//evil.example/x"))) == ["/evil.example/x"]


@pytest.mark.parametrize(
    "text",
    [
        "javascript:alert(1)", "data:text/html,x", "https://", "https://intranet/x", "http://10", "https://[::2]/",
        "https://a..b/", "https://exa mple", "https://-a.example/", "https://x.example:99999/", "ftp://x.example/",
    ],
)  # fmt: skip
def test_what_is_no_proper_address_stays_text(text: str) -> None:
    html = str(user_text(text))
    assert "<a " not in html


@pytest.mark.parametrize("text", ["<script>alert(1)</script>", '"><img src=x onerror=y>', "https://x.example/<b>"])
def test_what_people_write_is_never_markup(text: str) -> None:
    assert not re.search(r"<(?!/?(p|br|a|span)\b)", str(user_text(text)))


def test_paragraphs_and_lines_are_kept() -> None:
    assert user_text("एक\nदो\n\n\nthree\r\n") == "<p>एक<br>दो</p><p>three</p>"
    assert user_text("  ") == "<p></p>"


@pytest.mark.parametrize(
    ("text", "link"),
    [
        ("(https://x.example/a)", "https://x.example/a"),
        ("https://x.example/a_(b).", "https://x.example/a_(b)"),
        ("https://x.example/a।", "https://x.example/a"),
        ("https://x.example/é?q=ओम, yes", "https://x.example/é?q=ओम"),
    ],
)
def test_punctuation_is_not_part_of_an_address(text: str, link: str) -> None:
    assert f">{link}<" in user_text(text)


@pytest.mark.promise("P-010")
@pytest.mark.parametrize(
    "address",
    [
        "https://x.example/?mail=asha@loom.example", "https://x.example/?m=asha%40loom.example", "https://wa.me/919876543210",
        "https://x.example/?m=asha%2540loom.example", "https://asha:pw@x.example/", "https://x.example/#98765-43210",
    ],
)  # fmt: skip
def test_an_address_with_a_persons_details_is_no_link(address: str) -> None:
    assert "<a " not in user_text(address)
    with pytest.raises(ValueError):
        outward_link(address)


# -- the page between --


@pytest.mark.promise("P-009")
@pytest.mark.promise("P-010")
def test_the_page_names_the_site_and_gives_advice(client: FlaskClient) -> None:
    answer = client.get(outward_link("https://loom.example/a?b=1"), headers={"Accept-Language": "en"})
    assert answer.status_code == 200
    assert "This leads to loom.example" in answer.text and "privacy policy of its own" in answer.text
    assert "Read its policy before you give it" in answer.text
    assert "https://loom.example/a?b=1" in hrefs(answer.text)


@pytest.mark.promise("P-010")
@pytest.mark.parametrize("signed", [True, False])
def test_no_referrer_leaves_from_here(client: FlaskClient, signed: bool) -> None:
    answer = client.get(outward_link("https://loom.example/") if signed else "/out?u=x")
    assert answer.headers["Referrer-Policy"] == "no-referrer"
    assert "noindex" in answer.headers["X-Robots-Tag"]


@pytest.mark.promise("P-009")
@pytest.mark.parametrize(
    "query",
    ["", "?u=", "?u=https://evil.example/", "?u=Imh0dHBzOi8vZXZpbC5leGFtcGxlLyI.AAAA", "?u=%00", "?u=" + "a" * 5000],
)
def test_what_we_did_not_sign_is_refused_in_words(client: FlaskClient, query: str) -> None:
    answer = client.get(f"/out{query}")
    assert answer.status_code == 400 and "Location" not in answer.headers
    assert "is not ours" in answer.text and not [link for link in hrefs(answer.text) if "evil" in link]


@pytest.mark.promise("P-009")
def test_an_edited_link_is_refused(client: FlaskClient) -> None:
    link = outward_link("https://loom.example/")
    for position in range(len("/out?u="), len(link), 3):
        letter = "A" if link[position] != "A" else "B"
        edited = link[:position] + letter + link[position + 1 :]
        assert client.get(edited).status_code == 400 or opened(unquote(edited[7:])) == opened(unquote(link[7:]))


@pytest.mark.promise("P-009")
def test_another_installations_link_is_refused(client: FlaskClient, app: Flask) -> None:
    link = outward_link("https://loom.example/")
    app.secret_key = "another key of another installation, long enough"
    assert client.get(link).status_code == 400


def test_both_pages_stand_the_review(visit: Visit) -> None:
    assert visit().get(outward_link("https://loom.example/")).status == 200
    assert visit().get("/out?u=x").status == 400


def test_a_name_in_foreign_letters_is_spelled_out(client: FlaskClient) -> None:
    page = client.get(outward_link("https://аpple.example/"), headers={"Accept-Language": "en"}).text
    assert "xn--" in page and "imitate" in page
