"""The resident models: the only package that imports torch, transformers, sentence-transformers or spaCy."""
