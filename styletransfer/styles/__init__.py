"""Styles as codes: what they are, how they are made, blended, named and remembered."""
