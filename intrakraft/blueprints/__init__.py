"""Routes by feature: route, form, call, answer. Blueprints never import each other."""

from __future__ import annotations

from importlib import import_module
from importlib.util import find_spec

from flask import Flask

FEATURES = (
    "home",
    "listings",
    "drafts",
    "photos",
    "interests",
    "ledger",
    "notices",
    "registration",
    "sign_in",
    "verification",
    "passwords",
    "states",
    "second_factors",
    "devices",
    "profile",
    "choices",
    "policy",
    "outward",
    "support",
    "operator",
    "gallery",
)


def init_app(app: Flask) -> None:
    """Register every feature; the order is that of the pages' importance, URLs never overlap."""
    for feature in FEATURES:
        if find_spec(f"intrakraft.blueprints.{feature}"):
            app.register_blueprint(import_module(f"intrakraft.blueprints.{feature}").bp)
