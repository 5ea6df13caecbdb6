"""Pictures, animations and films in and out, and files that are never half-written."""
