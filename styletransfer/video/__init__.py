"""Films: which frames, painted without flicker, in pieces that survive a crash."""
