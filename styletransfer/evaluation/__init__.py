"""How good a model is: scores over pairs of content and style."""
