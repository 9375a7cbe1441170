"""Recipes: every setting of a training run, composed from files, rows and overrides, and checked at once.

Nothing here needs torch until a recipe is checked against its network.
"""

from tiekd.recipe.composition import shipped_recipes
from tiekd.recipe.recipe import Recipe, completed, load_recipe

__all__ = ["Recipe", "completed", "load_recipe", "shipped_recipes"]
