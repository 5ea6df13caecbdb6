"""An HTTP API for painting: what `stylize serve` opens."""
