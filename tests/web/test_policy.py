"""The policy and the terms as pages: complete, dated, sealed, light, readable without script in both languages."""

import hashlib
import re

import brotli
import pytest
from flask.testing import FlaskClient

from intrakraft.domain.privacy import policy, texts
from intrakraft.domain.privacy.texts import Kind
from tests.people import Visit

ON_THE_WIRE = 30_000
BOTH = pytest.mark.parametrize(("path", "kind"), [("/policy", Kind.PRIVACY), ("/terms", Kind.TERMS)])
LANGS = pytest.mark.parametrize("lang", ["en", "hi"])


def bare(html: str) -> str:
    """The words of a page, without tags."""
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", html))


@pytest.mark.promise("P-004")
@BOTH
@LANGS
def test_every_clause_has_its_anchor_and_a_link_to_it(client: FlaskClient, path: str, kind: Kind, lang: str) -> None:
    page = client.get(path, query_string={"lang": lang}).text
    for clause in policy.current(kind).clauses:
        assert page.count(f'id="{clause}"') == 1
        assert page.count(f'href="#{clause}"') >= 1


@pytest.mark.promise("P-004")
@BOTH
@LANGS
def test_the_full_text_is_light(client: FlaskClient, path: str, kind: Kind, lang: str) -> None:
    page = client.get(path, query_string={"lang": lang}).data
    assert len(brotli.compress(page, quality=5)) < ON_THE_WIRE


@pytest.mark.promise("P-004")
@LANGS
def test_the_summary_comes_first(client: FlaskClient, lang: str) -> None:
    page = client.get("/policy", query_string={"lang": lang}).text
    assert page.index('id="summary"') < page.index('id="part-frame"')
    assert page.count("<h1") == 1


@pytest.mark.promise("P-004")
def test_policy_and_terms_are_linked_from_pages(client: FlaskClient) -> None:
    for path in ("/support", "/policy", "/terms/archive", "/support/child-reports/new"):
        page = client.get(path).text
        assert 'href="/policy"' in page and 'href="/terms"' in page


@pytest.mark.promise("P-004")
@pytest.mark.parametrize(
    "path", ["/policy", "/policy/archive", "/policy/versions/2020-03-01", "/terms", "/terms/archive"]
)
@LANGS
def test_the_pages_stand_the_review(visit: Visit, path: str, lang: str) -> None:
    page = visit(**{"Accept-Language": lang}).get(path)
    assert page.status == 200 and page.tree.get("lang", "").startswith(lang)


@pytest.mark.promise("P-006")
def test_the_policy_shows_both_dates(client: FlaskClient) -> None:
    page = bare(client.get("/policy?lang=en", headers={"Accept-Language": "en"}).text)
    assert "1 August 2017" in page and "1 March 2020" in page


@pytest.mark.promise("P-006")
@BOTH
@LANGS
def test_the_seal_shown_is_that_of_the_file(client: FlaskClient, path: str, kind: Kind, lang: str) -> None:
    text = policy.current(kind, lang=lang)
    file = client.get(f"{path}/versions/{text.version}/{lang}.md")
    seal = hashlib.sha256(file.data).hexdigest()
    assert file.mimetype == "text/markdown"
    assert seal in client.get(path, query_string={"lang": lang}).text
    assert seal in client.get(f"{path}/archive").text


@pytest.mark.promise("P-006")
def test_the_words_shown_are_the_words_of_the_file(client: FlaskClient) -> None:
    text = policy.current(Kind.PRIVACY)
    page = bare(client.get("/policy?lang=en").text)
    for clause in text.clauses.values():
        plain = re.sub(r"[\[\]*|]|\(#?[a-z/-]+\)|\{\w+\}", "", clause.words)
        for sentence in re.findall(r"[A-Z][a-z ,-]{40,}\.", plain):
            assert re.sub(r"\s+", " ", sentence) in page, clause.id


@pytest.mark.promise("P-007")
@pytest.mark.parametrize("path", ["/policy", "/terms", "/support", "/policy/archive"])
def test_every_page_names_the_policy_in_its_header(client: FlaskClient, path: str) -> None:
    assert client.get(path).headers["Link"] == '</policy>; rel="privacy-policy"'


@pytest.mark.promise("P-116")
def test_the_terms_are_a_text_of_their_own(client: FlaskClient) -> None:
    terms = client.get("/terms?lang=en").text
    assert 'id="payment"' in terms and 'id="payment"' not in client.get("/policy?lang=en").text
    assert "never hold a buyer" in terms


@pytest.mark.promise("P-141")
def test_the_archive_says_what_is_not_held(client: FlaskClient) -> None:
    page = bare(client.get("/policy/archive", headers={"Accept-Language": "en"}).text)
    assert "1 August 2017 to 29 February 2020" in page and "Text not held" in page
    assert "Text not held" not in client.get("/terms/archive").text


@pytest.mark.promise("P-141")
@BOTH
def test_each_version_keeps_its_address(client: FlaskClient, path: str, kind: Kind) -> None:
    for held in texts.versions(kind):
        for lang, text in held.items():
            page = client.get(f"{path}/versions/{text.version}", query_string={"lang": lang})
            assert page.status_code == 200 and f'lang="{lang}"' in page.text


@BOTH
@pytest.mark.parametrize(
    "rest", ["versions/2017-08-01", "versions/2020-03-01/fr.md", "versions/..", "versions/x/en.md"]
)
def test_what_is_not_held_is_not_found(client: FlaskClient, path: str, kind: Kind, rest: str) -> None:
    assert client.get(f"{path}/{rest}").status_code == 404


def test_an_unknown_language_falls_back_to_the_readers(client: FlaskClient) -> None:
    page = client.get("/policy?lang=xx", headers={"Accept-Language": "hi"})
    assert 'class="prose" lang="hi"' in page.text


def test_the_text_is_rendered_once(client: FlaskClient) -> None:
    client.get("/policy?lang=en")
    before = texts.shown.cache_info()
    client.get("/policy/versions/2020-03-01?lang=en")
    after = texts.shown.cache_info()
    assert (after.misses, after.hits) == (before.misses, before.hits + 1)


@pytest.mark.promise("P-151")
@pytest.mark.settings(
    company="Rangrez & Sons", officer="Ms. A <b>", phone="+91 11111 11111", email="desk@rangrez.example"
)
def test_the_operator_comes_from_settings(client: FlaskClient) -> None:
    for path in ("/policy?lang=en", "/policy?lang=hi", "/terms?lang=en", "/terms?lang=hi"):
        page = client.get(path).text
        assert "Rangrez &amp; Sons" in page and "Ms. A &lt;b&gt;" in page and "desk@rangrez.example" in page
        assert "Keshav" not in page and "99201" not in page


@pytest.mark.promise("P-005")
@BOTH
def test_reading_sets_no_cookie(client: FlaskClient, path: str, kind: Kind) -> None:
    assert "Set-Cookie" not in client.get(path).headers
