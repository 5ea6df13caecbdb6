"""The machine beneath: memory, its limits, and signals."""
