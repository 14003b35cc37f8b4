"""Compares policies on held-out questions by the scores that the reward server gives their answers."""
