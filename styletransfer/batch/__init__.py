"""Folders of any size, so that nothing is lost and nothing is done twice."""
