"""Honest answers that a good reward puts near the top, one file each."""
