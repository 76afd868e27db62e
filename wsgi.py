"""The application as a server finds it: `wsgi:app`."""

from intrakraft import create_app

app = create_app()
