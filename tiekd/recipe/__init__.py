"""Recipes: every setting of a training run, composed from files, rows and overrides, and checked at once."""
