"""Painting a picture of any size: levels, tiles, colour, regions, refinement."""
