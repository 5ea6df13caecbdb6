"""One photo in many styles: grids, contact sheets and morphs."""
