"""Every epoch has an order of its own, and it is the same whenever it is asked for."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

CHECK = """
from itertools import islice
from trl.trainer.utils import RepeatSampler
from trainer.order import EpochOrder

at = [0.0]
def sampler():
    whole = RepeatSampler(range(40), mini_repeat_count=2, batch_size=2, shuffle=True, seed=7)
    return EpochOrder(whole, lambda: at[0])

undisturbed = sampler()
orders = []
for at[0] in (0.0, 1.0, 1.9999999, 3.0):
    orders.append(list(undisturbed))
assert len({tuple(order) for order in orders}) == 4, "each epoch has its own"
assert all(sorted(set(order)) == list(range(40)) and len(order) == len(undisturbed) for order in orders)

resumed = sampler()
at[0] = 1.5  # in the middle of the second epoch, whose first half is skipped
assert list(resumed) == orders[1]
at[0] = 2.0  # between two epochs
assert list(resumed) == orders[2]
at[0] = None  # transformers has not begun
assert list(resumed) == orders[0]
assert list(EpochOrder(RepeatSampler(range(3), 2, shuffle=False), lambda: 0.0)) == [0, 0, 1, 1, 2, 2]
print("in order")
"""


def test_order_follows_from_seed_and_epoch(root: Path) -> None:
    """In a process of its own: importing TRL warns, and warnings are errors here."""
    done = subprocess.run(
        [sys.executable, "-c", CHECK], cwd=root, capture_output=True, text=True, check=False
    )
    assert done.stdout.strip() == "in order", done.stderr
