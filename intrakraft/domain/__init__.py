"""Tables and rules of the platform. Nothing here knows the web, a clock but `now()`, or an outside service."""

from importlib import import_module
from pkgutil import walk_packages


def load() -> None:
    """Import every module, so that all tables are known: the gate and the migrations read their labels."""
    for module in walk_packages(__path__, "intrakraft.domain."):
        import_module(module.name)
