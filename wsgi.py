"""The application as a server finds it: `wsgi:app`.

A setting that cannot be used ends the start with its sentence and nothing else.
"""

import sys

from intrakraft import create_app
from intrakraft.config import SettingsError

try:
    app = create_app()
except SettingsError as error:
    sys.exit(str(error))
