"""Pictures, animations and films: in and out. No model, no style."""
