"""A page that paints in the browser of whoever visits it: `write` puts a folder together."""
