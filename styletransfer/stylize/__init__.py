"""From a photo and style codes to a picture of any size: drafts, tiles, colour, regions, refinement."""
