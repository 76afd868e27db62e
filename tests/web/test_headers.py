"""Headers of every answer: scripts of our own or none, no referrer, no hints, private pages stored nowhere, https or nothing."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

import pytest
from flask import Flask
from flask.testing import FlaskClient

from intrakraft.domain.labels import COOKIES
from intrakraft.web.cookies import strip_unregistered
from intrakraft.web.devices import admit
from tests.makers import Person, make_listing
from tests.people import Visit
from tests.visitor import FETCH

PUBLIC = (
    "/",
    "/listings",
    "/listings?q=cotton",
    "/policy",
    "/terms",
    "/support",
    "/sign-in",
    "/registration/new",
    "/nothing",
)
PRIVATE = (
    "/account",
    "/account/contact",
    "/account/security",
    "/interests",
    "/privacy/who-saw",
    "/notices",
    "/my/listings",
)
MACHINES = ("/robots.txt", "/healthz", "/.well-known/security.txt", "/policy/versions/1/en.md")
HTTPS = "https://bazaar.example.in"
production = pytest.mark.settings(
    environment="production", public_url=HTTPS, mail_url="smtp://127.0.0.1:1", outbox_page=False
)


# -- strict --


@pytest.mark.promise("P-007", "P-010", "P-031", "P-126")
def test_every_page_is_strict_and_links_to_the_policy(visit: Visit, asha: Person, dupatta: int) -> None:
    asked = [(visit(), path) for path in (*PUBLIC, f"/listings/{dupatta}", *MACHINES)]
    for visitor, path in (*asked, *((visit(asha), path) for path in PRIVATE)):
        headers = visitor.client.get(path).headers
        csp = dict(rule.split(" ", 1) for rule in headers["Content-Security-Policy"].split("; ") if " " in rule)
        assert (
            csp["default-src"] == "'none'" and csp["script-src"] == csp["style-src"] == csp["form-action"] == "'self'"
        )
        assert csp["frame-ancestors"] == csp["base-uri"] == "'none'"
        assert "unsafe" not in headers["Content-Security-Policy"] and "http" not in headers["Content-Security-Policy"]
        assert headers["Referrer-Policy"] == "same-origin" and headers["X-Content-Type-Options"] == "nosniff"
        assert (
            "geolocation=()" in headers["Permissions-Policy"] and "browsing-topics=()" in headers["Permissions-Policy"]
        )
        assert "Accept-CH" not in headers and ("Set-Cookie" in headers) is (path in PRIVATE), path
        if headers["Content-Type"].startswith("text/html"):
            assert headers["Link"] == '</policy>; rel="privacy-policy"', path


@pytest.mark.promise("P-042")
def test_private_pages_are_stored_nowhere_and_signing_out_clears_the_browser(visit: Visit, asha: Person) -> None:
    member = visit(asha)
    for path in (*PRIVATE, "/", "/listings"):
        assert member.client.get(path).headers["Cache-Control"] == "private, no-store", path
    token = member.get("/account").form("choices").values()["csrf_token"]
    answer = member.client.post("/sign-out", data={"csrf_token": token}, headers=FETCH)
    assert answer.headers["Clear-Site-Data"] == '"cache", "storage"'
    assert member.client.get("/account").status_code == 303


def test_public_pages_may_be_kept_but_are_asked_about_each_time(visit: Visit, dupatta: int) -> None:
    client = visit().client
    for path in ("/", "/listings", f"/listings/{dupatta}", "/policy"):
        answer = client.get(path)
        assert answer.headers["Cache-Control"] == "no-cache", path
        assert {"HX-Request", "HX-Target", "Cookie"} <= {part.strip() for part in answer.headers["Vary"].split(",")}, (
            path
        )
        again = client.get(path, headers={"If-None-Match": answer.headers["ETag"]})
        assert (again.status_code, again.data) == (304, b""), path
        assert "Content-Security-Policy" in again.headers


# -- kept pages --


def test_a_kept_page_is_never_somebody_elses(app: Flask, visit: Visit, asha: Person, dupatta: int) -> None:
    shelf = app.wsgi_app
    stranger, member = visit(), visit(asha)
    assert "Sign in" in stranger.get("/").text and "Sign in" in visit().get("/").text
    assert shelf.hits == 1  # type: ignore[attr-defined]
    assert "Your account" in member.get("/").text
    assert "Sign in" in stranger.get("/").text and "Your account" not in stranger.get("/").text
    assert stranger.get("/", Accept_Language="hi").text != stranger.get("/").text
    part = stranger.live(f"/listings/{dupatta}", "interest").text
    assert "<html" not in part and "<html" in stranger.client.get(f"/listings/{dupatta}").text


def test_every_commit_empties_the_shelf(visit: Visit, asha: Person, dupatta: int) -> None:
    stranger = visit()
    assert "Cotton sari" not in stranger.get("/listings").text
    make_listing(stranger.database, asha, title="Cotton sari")
    assert "Cotton sari" in stranger.get("/listings").text


# -- hosts and https --


@pytest.mark.promise("P-127")
def test_a_foreign_host_is_refused(client: FlaskClient) -> None:
    for host in ("evil.example", "127.0.0.1.evil.example", "localhost@evil.example", "[::2]:80", ""):
        assert client.get("/", headers={"Host": host}).status_code == 400, host
    for host in ("127.0.0.1:8000", "localhost", "[::1]:8000"):
        assert client.get("/", headers={"Host": host}).status_code == 200, host


@production
@pytest.mark.promise("P-127")
def test_production_speaks_https_and_says_so_for_two_years(app: Flask, client: FlaskClient) -> None:
    plain = client.get("/listings?q=a+b", base_url=HTTPS.replace("https", "http"))
    assert (plain.status_code, plain.location) == (308, f"{HTTPS}/listings?q=a+b")
    answer = client.get("/", base_url=HTTPS)
    assert answer.status_code == 200
    assert re.fullmatch(r"max-age=63072000; includeSubDomains", answer.headers["Strict-Transport-Security"])
    assert "http://" not in re.sub(r"http://www.w3.org/\S+", "", answer.text), "mixed content"
    assert client.get("/", base_url="https://localhost").status_code == 400


# -- cookies --


@production
@pytest.mark.promise("P-038", "P-044")
def test_cookies_of_production_are_bound_to_the_host_and_closed_to_script(app: Flask, client: FlaskClient) -> None:
    app.add_url_rule("/admit", "admit", lambda: (admit("token", stay=True), "in")[1])
    page = client.get("/", base_url=HTTPS).text
    token = re.search(r'name="csrf_token" value="([^"]+)"', page)
    assert token
    sent = {"csrf_token": token[1], "language": "hi", "next": "/"}
    answers = [
        client.get("/admit", base_url=HTTPS),
        client.post("/choices/language", data=sent, headers=FETCH, base_url=HTTPS),
    ]
    for answer, name in zip(answers, ("session", "choices"), strict=True):
        (cookie,) = answer.headers.getlist("Set-Cookie")
        parts = {part.strip() for part in cookie.split(";")}
        assert cookie.startswith(f"__Host-{name}=")
        assert {"Secure", "HttpOnly", "SameSite=Lax", "Path=/"} <= parts and not any("Domain" in part for part in parts)


@pytest.mark.promise("P-038")
def test_a_cookie_that_nobody_registered_is_stripped_and_a_fault_in_tests(app: Flask) -> None:
    with app.test_request_context("/"):
        response = app.make_response("x")
        response.set_cookie("tracker", "1")
        response.set_cookie("choices", "hi..")
        with pytest.raises(AssertionError):
            strip_unregistered(response)
        app.testing = False
        (kept,) = strip_unregistered(response).headers.getlist("Set-Cookie")
        assert kept.startswith("choices=")


@pytest.mark.promise("P-051")
def test_most_cookies_end_with_the_browser() -> None:
    ends = [cookie.name for cookie in COOKIES.values() if cookie.max_age is None]
    assert len(ends) > len(COOKIES) / 2


# -- referrer --


@pytest.mark.promise("P-010")
def test_no_address_of_ours_carries_a_person_and_no_way_out_tells_where_from(
    visit: Visit, asha: Person, bina: Person
) -> None:
    listing_id = make_listing(visit().database, asha, description="See https://loom.example/a and https://b.example.")
    for visitor in (visit(), visit(bina)):
        page = visitor.get(f"/listings/{listing_id}")
        outward = [a for a in page.tree.xpath("//a[@href]") if a.get("href").startswith("/out?")]
        assert len(outward) == 2
        for link in outward:
            opened = visitor.get(link.get("href"))
            assert opened.response.headers["Referrer-Policy"] == "no-referrer"
            (away,) = [a for a in opened.tree.xpath("//main//a/@href") if a.startswith("http")]
            assert urlsplit(away).hostname in ("loom.example", "b.example")
            assert not any(secret in away for secret in (*asha.secrets, *bina.secrets, "asha", "bina"))
