"""The project's own checks can fail: each is shown something wrong once."""

import sys

import pytest

from tools import licences, translations
from tools.check import __main__ as checks
from tools.check import house, sizes, words


@pytest.fixture
def tree(tmp_path, monkeypatch):
    """A small source tree that the checks take for the project."""
    for module in (house, sizes, translations):
        monkeypatch.setattr(module, "ROOT", tmp_path)
    monkeypatch.setattr(translations, "SOURCE", tmp_path / "intrakraft")

    def write(name, text):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)

    return write


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("intrakraft/domain/a.py", "x = datetime.now(UTC)"),
        ("intrakraft/blueprints/a.py", "session.commit()"),
        ("intrakraft/web/a.py", "monkey.patch_all()"),
        ("intrakraft/static/js/a.js", "// TODO: later"),
        ("intrakraft/templates/a.html", "<p style='color:red'>"),
        ("intrakraft/templates/a.html", '<a onclick="x()">'),
        ("intrakraft/templates/a.html", "<script>x()</script>"),
        ("intrakraft/templates/a.html", "{{ text|safe }}"),
        ("intrakraft/static/css/a.css", "@import 'https://example.com/a.css'"),
        ("intrakraft/static/css/a.css", "p { background: url(//example.com/a.png) }"),
        ("intrakraft/domain/helpers.py", ""),
    ],
)
def test_house_rules_find_what_they_forbid(tree, name, text):
    tree(name, text)
    assert [problem.split(":")[0] for problem in house.broken()] == [name]


def test_house_rules_allow_the_one_clock_the_one_commit_and_the_decorated_script(tree):
    tree("intrakraft/domain/base.py", "datetime.now(UTC)")
    tree("intrakraft/db.py", "session.commit()")
    tree("intrakraft/templates/mail/base.html", "<style>p { margin: 0 }</style>")
    tree("intrakraft/templates/a.html", '<script src="/a.js" defer></script>{{ options }}')
    assert list(house.broken()) == []


@pytest.mark.parametrize(
    ("name", "lines", "budget"),
    [
        ("intrakraft/domain/a.py", 501, 500),
        ("intrakraft/templates/a/b.html", 121, 120),
        ("intrakraft/web/a.py", 601, 600),
        ("intrakraft/static/css/a.css", 601, 600),
        ("tests/conftest.py", 121, 120),
    ],
)
def test_a_line_too_many_is_found(tree, name, lines, budget):
    tree(name, "\n" * (lines - 1))
    assert list(sizes.long_files()) == []
    tree(name, "\n" * lines)
    assert list(sizes.long_files()) == [f"{name} has {lines} lines, its budget is {budget}"]


def test_long_views_are_found_and_long_functions_beside_them_are_not(tree):
    body = "    x()\n" * 25
    tree("intrakraft/blueprints/a.py", f"@bp.get('/')\ndef long():\n{body}\n\ndef other():\n{body}")
    assert list(sizes.views().values()) == [26]
    assert len(list(sizes.long_views())) == 2


def test_only_licences_that_bind_the_whole_are_refused():
    assert all(map(licences.BINDING.search, ("GPL-3.0-only", "AGPL-3.0-or-later", "MIT AND GPL-2.0-only")))
    assert not any(map(licences.BINDING.search, ("LGPL-3.0-only", "MIT", "Apache-2.0 OR BSD-3-Clause")))


def test_runtime_libraries_are_walked_to_the_last():
    found = licences.required("intrakraft")
    assert {"flask", "markupsafe", "zope-interface"} <= found
    assert not {"pytest", "psycopg", "intrakraft"} & found
    assert "psycopg" in licences.required("intrakraft", licences.EXTRAS)


def test_translations_miss_nothing(tree, monkeypatch):
    tree("intrakraft/a.py", 'N_("%(n)s left")\n')
    tree("intrakraft/templates/a.html", "{% trans %}\n  Send it\n{% endtrans %}")
    translations.update("hi")
    assert sum("no translation" in problem for problem in translations.problems("hi")) == 2
    path = translations.po_path("hi")
    path.write_text(
        path.read_text()
        .replace('"Send it"\nmsgstr ""', '"Send it"\nmsgstr "भेजें"')
        .replace('"%(n)s left"\nmsgstr ""', '"%(n)s left"\nmsgstr "%(m)s बाकी"')
    )
    assert ["placeholders" in problem for problem in translations.problems("hi")] == [True, False]
    path.write_text(path.read_text().replace("%(m)s", "%(n)s"))
    assert [problem.split(" is ")[1].split(":")[0] for problem in translations.problems("hi")] == ["stale"]
    path.with_suffix(".mo").write_bytes(translations.compiled("hi"))
    assert list(translations.problems("hi")) == []


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ("<p>Send it</p>", ["Send it"]),
        ("<p>{% trans %}Send it{% endtrans %} {{ _('Send') }} 12 · ₹{{ price }} <code>abc</code></p>", []),
        ('<img alt="A pot">{% if a %}<i title="{{ _(\'Pot\') }}"></i>{% endif %}', ["alt=A pot"]),
        ("{% block main %}{% call ui.note() %}Saved{% endcall %}{% endblock %}", ["Saved"]),
        ('{% macro m(x) %}<b class="{{ x }}">Intrakraft</b> by {{ x }}{% endmacro %}', ["by …"]),
    ],
)
def test_words_that_nobody_can_translate_are_found(source, found):
    assert words.unmarked(source) == found


def test_the_first_failure_stops_and_shows_its_output(monkeypatch, capfd):
    say = [sys.executable, "-c"]
    commands = {"a": [*say, "print('fine')"], "b": [*say, "exit('broken here')"], "c": [*say, "print('later')"]}
    monkeypatch.setattr(checks, "CHECKS", commands)
    assert checks.main([]) == 1
    said = capfd.readouterr().out
    assert "broken here" in said and "fine" not in said
    assert [line.split()[:2] for line in said.splitlines()[:2]] == [["a", "ok"], ["b", "FAILED"]]
    assert "\nc" not in said
    assert checks.main(["nothing"]) == 2
