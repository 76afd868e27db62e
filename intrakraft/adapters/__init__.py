"""One module for each outside thing, with an embedded default. The domain never imports them; they are handed in."""
