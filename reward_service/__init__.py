"""The reward server: keeps the models resident and scores batches of completions over HTTP."""

__version__ = "0.1.0"
