"""Batches: whole folders, in runs that lose nothing and do nothing twice."""
