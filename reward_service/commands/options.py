"""Options that several commands have."""

from __future__ import annotations

import argparse
from pathlib import Path


def add_dataset(parser: argparse.ArgumentParser) -> None:
    """Declare `--dataset FILE …`."""
    parser.add_argument(
        "--dataset",
        type=Path,
        nargs="+",
        required=True,
        metavar="FILE",
        help="questions and reference answers: lines of instruction, response",
    )


def positive(text: str) -> int:
    """A whole number of 1 or more; argparse says what is wrong with any other text."""
    value = int(text)
    if value < 1:
        raise argparse.ArgumentTypeError(f"must be 1 or more, not {value}")
    return value
