"""The demo bazaar: invented people, shops, goods and interests as data, and the loader that puts them into a database.

Everybody in it is invented, and every picture is named with its licence in PICTURES.toml.
"""
