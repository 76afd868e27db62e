"""The log: nothing of a person in it, no key without a label, one line a request."""

from __future__ import annotations

import io
import json
import logging

import pytest
import time_machine

from intrakraft import log
from intrakraft.domain.labels import LOG_KEYS


@pytest.fixture
def lines():
    stream = io.StringIO()
    log.configure(production=True, stream=stream)
    yield lambda: [json.loads(line) for line in stream.getvalue().splitlines()]
    log.configure()


@pytest.mark.promise("P-032")
def test_an_unlabelled_key_raises_before_production():
    log.configure(stream=io.StringIO())
    with pytest.raises(log.UnlabelledKey, match="phone"):
        log.info("sign-in", phone="x")


@pytest.mark.promise("P-032")
def test_an_unlabelled_key_is_dropped_in_production(lines):
    log.info("sign-in", phone="x", kind="code")
    assert lines()[0].keys() == {"event", "level", "at", "kind"}


@pytest.mark.promise("P-035")
@pytest.mark.parametrize(
    "text",
    [
        "asha.k@example.com",
        "आशा@उदाहरण.भारत",
        "asha@okhdfc",
        "+91 98201 12345",
        "98201-12345",
        "९८२०११२३४५",
        "1234 5678 9012",
        "ABCPK1234L",
        "27abcpk1234l1z5",
        "203.0.113.77",
        "2001:db8:1:2::77",
        "::ffff:203.0.113.77",
    ],
)
def test_what_may_be_of_a_person_is_masked(lines, text):
    log.warning("mail refused", detail=f"for {text}, sorry", count=3)
    assert lines()[0]["detail"] == "for [masked], sorry"


@pytest.mark.parametrize("text", ["took 12.5 ms", "at 10:51:22", "database is locked", "42 of 120", "listing 1234567"])
def test_plain_words_about_the_machine_stay(lines, text):
    log.info("note", detail=text)
    assert lines()[0]["detail"] == text


@pytest.mark.promise("P-034")
def test_numbers_and_things_are_masked_too(lines):
    log.info("note", row=9820112345, detail=object(), bytes=120_000_000, ms=1.5, htmx=True)
    line = lines()[0]
    assert (line["row"], line["detail"], line["bytes"], line["ms"], line["htmx"]) == (
        "[masked]", "object", 120_000_000, 1.5, True
    )  # fmt: skip


@pytest.mark.promise("P-011")
@time_machine.travel("2026-11-24 10:51:22+00:00", tick=False)
def test_a_request_is_one_line_without_address_or_ids(lines):
    log.access(method="GET", route="listings.show", status=200, ms=3.2, bytes=9120, htmx=False)
    assert lines() == [
        {
            "method": "GET",
            "route": "listings.show",
            "status": 200,
            "ms": 3.2,
            "bytes": 9120,
            "htmx": False,
            "at": "2026-11-24T10:51:00+00:00",
            "level": "info",
            "event": "request",
        }
    ]


@pytest.mark.promise("P-035")
def test_a_failure_tells_kinds_and_places_but_not_what_was_typed(lines):
    try:
        try:
            {}["Asha Kumari"]
        except KeyError as error:
            raise ValueError("cannot use “Asha Kumari”") from error
    except ValueError as error:
        log.failure(error)
    line = lines()[0]
    assert line["error"] == "ValueError < KeyError: [masked]"
    assert line["where"].startswith("test_log.py:")
    assert "Asha" not in str(line)


def test_a_broken_stream_loses_the_line_and_not_the_request():
    stream = io.StringIO()
    stream.close()
    log.configure(stream=stream)
    log.info("note")
    log.configure()


def test_lines_of_libraries_are_masked_and_labelled(lines):
    try:
        raise OSError("no route to asha@example.com")
    except OSError:
        logging.getLogger("some.library").warning("sent to %s", "asha@example.com", exc_info=True)
    log._FromLibraries().emit(logging.LogRecord("some.library", logging.ERROR, "x", 1, "%d", ("?",), None))
    assert [line["detail"] for line in lines()] == ["some.library: sent to [masked]", "some.library: [masked]"]
    assert lines()[0]["error"] == "OSError: [masked]"
    assert all(line.keys() <= LOG_KEYS.keys() for line in lines())
