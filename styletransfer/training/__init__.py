"""Training a stylizer: data, losses, the loop and what it leaves behind."""
