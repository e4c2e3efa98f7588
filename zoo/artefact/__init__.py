"""Saved models: save, load, predict."""
