"""Combined rewards, one YAML each, and the file that loads them."""

from reward_service.recipes.loader import load_recipes

__all__ = ["load_recipes"]
