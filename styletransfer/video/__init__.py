"""Films painted without flicker, in pieces that survive a crash."""
