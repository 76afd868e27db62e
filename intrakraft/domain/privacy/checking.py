"""The check that nothing personal is held or sent without a label, and that nothing goes round the gate.

It reads the tables, the registers and the source itself (promises, rule zero; P-058, P-129).
"""

from __future__ import annotations

import re
from pathlib import Path

from intrakraft.domain.base import Model
from intrakraft.domain.labels import (
    COOKIES,
    LOG_KEYS,
    MAIL_FIELDS,
    OUTBOUND,
    SECURITY_KEYS,
    Category,
    Purpose,
    labelled,
    unlabelled,
)

PACKAGE = Path(__file__).resolve().parent.parent.parent

_GATE_DOORS = re.compile(r"set_authorizer|blobopen|\bSET LOCAL ROLE|\.iterdump\(|sqlite3\.connect|psycopg\.connect")
_HASH_WRITERS = re.compile(r"(?<!class )\bCredential\(|(?:update|insert|delete)\(Credential")
_OUTWARD = re.compile(
    r"^\s*(?:import|from)\s+(smtplib|requests|urllib\.request|http\.client|socket|httpx)\b", re.MULTILINE
)


_CODE = re.compile(r"{[{%](.*?)[%}]}", re.DOTALL)
_QUOTED = re.compile(r"\"[^\"]*\"|'[^']*'")
_NAME = re.compile(r"(?<![\w.|])[a-z_]\w*\b(?!\s*=[^=])")
_STATEMENTS = {"block", "endblock", "endfor", "endif", "endset", "extends", "for", "if", "set"}
_OPERATORS = {"and", "defined", "in", "is", "not"}
_OF_LETTERS = {
    "_",
    "button",
    "intro",
    "language",
    "line",
    "loop",
    "ngettext",
    "operator",
    "rest",
    "subject",
    "url",
    "why",
}


def problems() -> list[str]:
    """One line for each thing that is wrong; an empty list passes the build."""
    return [*_columns(), *_templates(), *_doors(), *_registers()]


def summary() -> str:
    """What was looked at, in numbers."""
    columns = sum(len(table.columns) for table in Model.metadata.sorted_tables)
    personal = len(labelled(Model.metadata))
    tables = len(Model.metadata.tables)
    return (
        f"{tables} tables, {columns} columns, {personal} of them personal; "
        f"{len(COOKIES)} cookies, {len(LOG_KEYS)} log keys, {len(MAIL_FIELDS)} mail fields: all labelled"
    )


def _columns() -> list[str]:
    missing = [f"column {name} has no label" for name in unlabelled(Model.metadata)]
    loose = [
        f"column {column.table.name}.{column.name} holds {label.category} for everybody to read and lies outside the gate"
        for column, label in labelled(Model.metadata)
        if label.category in _SENSITIVE and not label.gated
    ]
    return missing + loose


_SENSITIVE = {Category.CON, Category.AUTH, Category.BIL, Category.KYC, Category.SHP, Category.LOC}


def _templates() -> list[str]:
    """Names in mail templates that are neither a labelled mail field nor the letter's own."""
    found = []
    for path in sorted((PACKAGE / "templates" / "mail").glob("*.*")):
        code = " ".join(_QUOTED.sub(" ", piece) for piece in _CODE.findall(path.read_text()))
        names = set(_NAME.findall(code)) - _STATEMENTS - _OPERATORS - _OF_LETTERS - MAIL_FIELDS.keys()
        found += [f"mail field {name} in {path.name} has no label" for name in sorted(names)]
    return found


def _doors() -> list[str]:
    """Source that opens a way round the gate, or speaks outward beside the adapters."""
    found = []
    for path in sorted(PACKAGE.rglob("*.py")):
        name = path.relative_to(PACKAGE).as_posix()
        text = path.read_text()
        if name == "domain/privacy/checking.py":
            continue
        if name not in ("gate.py", "db.py", "domain/places.py") and _GATE_DOORS.search(text):
            found.append(f"{name} touches what only the gate may touch")
        if not name.startswith("adapters/") and _OUTWARD.search(text):
            found.append(f"{name} speaks outward; only adapters may")
        if name != "domain/accounts/passwords.py" and _HASH_WRITERS.search(text):
            found.append(f"{name} writes a password hash; only passwords.set_password may")
    return found


def _registers() -> list[str]:
    wrong = [f"cookie {name} has no reason" for name, cookie in COOKIES.items() if not cookie.why.strip()]
    session_only = sum(1 for cookie in COOKIES.values() if cookie.max_age is None)
    if session_only * 2 <= len(COOKIES):
        wrong.append("most cookies must end with the browser session (P-051)")
    fields = {
        **LOG_KEYS,
        **SECURITY_KEYS,
        **MAIL_FIELDS,
        **{f"{to}.{k}": f for to, known in OUTBOUND.items() for k, f in known.items()},
    }
    return wrong + [
        f"field {name} has no purpose" for name, field in fields.items() if not isinstance(field.purpose, Purpose)
    ]
