"""The machine: memory, its limits, and signals."""
