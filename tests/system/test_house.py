"""The whole house at once: every route has its rule, every part its block, every column its label, every promise its test."""

from __future__ import annotations

import ast
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa
from flask import Flask
from jinja2 import Environment

from intrakraft import migrations
from intrakraft.db import Database
from intrakraft.domain.base import Model
from intrakraft.domain.labels import COOKIES, LOG_KEYS, Category, Cookie, Purpose
from intrakraft.domain.privacy import checking, promises
from intrakraft.domain.privacy.disclosures import Disclosure
from tests.domain.test_interests import ask
from tests.makers import Person

ROUTES = Path(__file__).with_name("routes.txt")
RULES = {"public", "signed_in", "recently_verified", "staff_for"}
PRIVATE = ("/account", "/my/", "/interests", "/privacy/", "/notices", "/verification", "/welcome")
SHOWN = (
    "A1 A2 A3 A4 A5 A6 C1 C4 U2 U3 T1 T2 T3 T5 P-004 P-007 P-008 P-009 P-010 P-011 P-012 P-013 P-014 P-015 P-016 P-017"
    " P-023 P-031 P-032 P-034 P-038 P-042 P-044 P-050 P-051 P-052 P-096 P-097 P-098 P-099 P-104 P-105 P-113 P-114 P-115"
    " P-116 P-117 P-120 P-122 P-126 P-127 P-128 P-129 P-151"
)


# -- routes --


def test_every_route_states_who_may_come_in(app: Flask) -> None:
    without = [name for name, view in app.view_functions.items() if getattr(view, "access", None) not in RULES]
    assert without == []


@pytest.mark.promise("P-122")
def test_nothing_personal_is_public(app: Flask) -> None:
    private = [rule for rule in app.url_map.iter_rules() if rule.rule.startswith(PRIVATE)]
    writes = [
        rule for rule in app.url_map.iter_rules() if rule.rule.startswith("/listings/") and "POST" in rule.methods
    ]
    opened = [rule.rule for rule in (*private, *writes) if app.view_functions[rule.endpoint].access == "public"]
    assert len(private) > 20 and len(writes) > 5 and opened == []


def test_no_address_is_lost(app: Flask) -> None:
    known = {
        f"{method} {rule.rule}" for rule in app.url_map.iter_rules() for method in rule.methods - {"HEAD", "OPTIONS"}
    }
    listed = set(ROUTES.read_text().splitlines())
    assert listed - known == set(), "these addresses were given out: let them redirect"
    assert known - listed == set(), f"write these into {ROUTES.name}"


# -- templates --


@pytest.fixture
def templates(app: Flask) -> dict[str, str]:
    """Source of every template, each compiled once."""
    environment = app.jinja_env
    names = environment.list_templates(filter_func=lambda name: not name.startswith("mail/"))
    for name in names:
        environment.get_template(name)
    return {name: environment.loader.get_source(environment, name)[0] for name in names}


def hosts(name: str, templates: dict[str, str]) -> list[str]:
    """The pages that a template is, or is included in."""
    around = [other for other, source in templates.items() if f'include "{name}"' in source]
    return [page for other in around for page in hosts(other, templates)] or [name]


def test_every_target_of_htmx_is_a_block_and_an_id_of_its_page(app: Flask, templates: dict[str, str]) -> None:
    asked = re.compile(r"""part="([\w-]+)"|hx-target="#([\w-]+)"|ui\.pager\([^\n]*?id="([\w-]+)\"""")
    found = 0
    for name, source in templates.items():
        for part in {next(filter(None, match)) for match in asked.findall(source) if not name.startswith("ui/")}:
            found += 1
            for host in hosts(name, templates):
                assert part in app.jinja_env.get_template(host).blocks, f"{name} targets #{part}, no block of {host}"
                assert f'id="{part}"' in templates[host] + source, f"{name} targets #{part}, no id of {host}"
    assert found > 15


def calls(folder: Path, *names: str) -> Iterator[tuple[str, ast.Call]]:
    """Every call of these functions under a folder, with its place."""
    for path in sorted(folder.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in names:
                yield f"{path.name}:{node.lineno}", node


def test_every_part_that_a_view_may_answer_with_is_a_block(app: Flask, root: Path) -> None:
    found = 0
    for place, call in calls(root / "intrakraft", "page"):
        if not call.args or not isinstance(call.args[0], ast.Constant):
            continue
        blocks = app.jinja_env.get_template(call.args[0].value).blocks
        words = {word.arg: ast.literal_eval(word.value) for word in call.keywords if word.arg in ("parts", "only")}
        for part in (*words.get("parts", ()), *filter(None, [words.get("only")])):
            found += 1
            assert part in blocks, f"{place}: {call.args[0].value} has no block {part}"
    assert found > 25


def test_every_page_that_is_named_is_there(app: Flask, root: Path, templates: dict[str, str]) -> None:
    named = {
        (place, call.args[0].value)
        for place, call in calls(root / "intrakraft", "go", "url_for", "_elsewhere")
        if call.args and isinstance(call.args[0], ast.Constant)
    }
    for name, source in templates.items():
        named |= {(name, endpoint) for endpoint in re.findall(r"""url_for\(["']([\w.]+)["']""", source)}
        named |= {(name, endpoint) for endpoint in re.findall(r"""ui\.url\(["']([\w.]+)["']""", source)}
    assert len(named) > 80
    assert [(place, name) for place, name in named if name.strip(".") == name and name not in app.view_functions] == []


# -- labels --


@pytest.mark.promise("P-012", "P-032", "P-038", "P-129")
def test_everything_held_or_sent_has_its_label(database: Database) -> None:
    assert checking.problems() == []


@pytest.mark.promise("P-012")
def test_a_column_without_its_label_is_found() -> None:
    table = sa.Table("stray", Model.metadata, sa.Column("id", sa.Integer, primary_key=True))
    try:
        assert checking.problems() == ["column stray.id has no label"]
    finally:
        Model.metadata.remove(table)


@pytest.mark.promise("P-097")
def test_a_contact_outside_the_gate_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    from dataclasses import replace

    column = Disclosure.__table__.c.fields
    monkeypatch.setitem(column.info, "label", replace(column.info["label"], category=Category.CON))
    (problem,) = checking.problems()
    assert "disclosure.fields" in problem and "outside the gate" in problem


@pytest.mark.promise("P-032", "P-038", "P-051")
def test_a_cookie_or_log_key_without_purpose_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    from dataclasses import replace

    monkeypatch.setitem(COOKIES, "tracker", Cookie("tracker", Purpose.TRAFFIC, None, " "))
    monkeypatch.setitem(LOG_KEYS, "referrer", replace(LOG_KEYS["route"], purpose="curiosity"))
    assert checking.problems() == ["cookie tracker has no reason", "field referrer has no purpose"]
    for name in ("a", "b", "c", "d", "e", "f"):
        monkeypatch.setitem(COOKIES, name, Cookie(name, Purpose.TRAFFIC, 60, "x"))
    assert any("P-051" in problem for problem in checking.problems())


STRAYS = {
    "templates/mail/stray.txt": ("{{ _('Hello') }} {{ birth_date|moment }}", "mail field birth_date in stray.txt"),
    "blueprints/a.py": ("import requests\n", "blueprints/a.py speaks outward"),
    "domain/b.py": ("connection = sqlite3.connect('x')\n", "domain/b.py touches"),
    "domain/c.py": ("session.execute(sa.update(Credential))\n", "domain/c.py writes a password hash"),
    "web/d.py": ("raw.execute('SET LOCAL ROLE postgres')\n", "web/d.py touches"),
}


@pytest.mark.promise("P-129", "P-032")
def test_source_that_goes_round_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    package = tmp_path / "intrakraft"
    shutil.copytree(checking.PACKAGE / "templates" / "mail", package / "templates" / "mail")
    monkeypatch.setattr(checking, "PACKAGE", package)
    assert checking.problems() == []
    for name, (text, found) in STRAYS.items():
        path = package / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
        (problem,) = checking.problems()
        assert found in problem
        path.unlink()


# -- schema --


def test_migrations_make_what_the_models_say(database: Database) -> None:
    assert migrations.differences(database) == []


def test_migrations_go_down_and_up_with_rows_in_every_step(
    database: Database, asha: Person, bina: Person, dupatta: int
) -> None:
    with database.apart() as session:
        ask(session, dupatta, bina)
    database.dispose()
    migrations.downgrade(database, "base")
    engine = database.owner()
    left = set(sa.inspect(engine).get_table_names()) - {"alembic_version"}
    engine.dispose()
    migrations.upgrade(database)
    assert (left, migrations.differences(database)) == (set(), [])


# -- contracts --


@pytest.mark.long
def test_rooms_import_in_one_direction(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from importlinter.cli import lint_imports

    monkeypatch.chdir(root)
    assert lint_imports(config_filename=str(root / "pyproject.toml"), no_cache=True, verbose=False) == 0


def test_every_promise_and_criterion_has_a_test(root: Path) -> None:
    marked = promises.marks(root / "tests")
    assert [name for name in SHOWN.split() if name not in marked] == []
    numbers = {int(name[2:]) for name in marked if name.startswith("P-")}
    assert numbers <= set(range(1, promises.PROMISES + 1)), "a mark of a promise that there is not"


def test_the_marks_are_read_from_the_source(tmp_path: Path) -> None:
    (tmp_path / "test_a.py").write_text(
        'pytestmark = pytest.mark.criterion("T9")\n'
        '@pytest.mark.promise("P-001", "P-002")\n@pytest.mark.long\ndef test_x(): ...\n'
        '@pytest.mark.parametrize("P-003", [])\nasync def test_y(): ...\n'
    )
    (tmp_path / "other.py").write_text('@pytest.mark.promise("P-004")\ndef test_x(): ...\n')
    found = promises.marks(tmp_path)
    assert {name: sorted(where) for name, where in found.items()} == {
        "P-001": ["test_a.py::test_x"],
        "P-002": ["test_a.py::test_x"],
        "T9": ["test_a.py"],
    }
    report = promises.report(tmp_path)
    assert "2 of 153 promises and 1 criteria have a test" in report and "P-003" in report[-1]


def test_the_templates_are_strict(app: Flask) -> None:
    environment: Environment = app.jinja_env
    with app.test_request_context("/"), pytest.raises(Exception, match="undefined"):
        environment.from_string("{{ nobody }}").render()
