"""The studio in the browser: a page of our own, and the service behind it."""
