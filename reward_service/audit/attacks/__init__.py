"""Attacks that a good reward puts below every honest answer, one file each."""
