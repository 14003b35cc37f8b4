"""The order of the prompts, which a resumed run must continue.

TRL's sampler shuffles every epoch anew with a generator that goes on from epoch to epoch, and no checkpoint
keeps it: a run that is resumed in its second epoch would see the order of the first one again.  Here the
order of an epoch depends on the seed and the epoch's number alone.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import Any

from torch.utils.data import Sampler

SAME_EPOCH = 1e-6
"""An epoch's share that is rounding: 1.9999999 is two epochs."""


class EpochOrder(Sampler[int]):
    """A shuffling sampler whose order follows from its seed and the epoch.

    Args:
        sampler: TRL's; its `generator` is set anew for each epoch, from its `seed`.
        epoch: how many epochs are done, as transformers counts them (1.25 is a quarter into the second).
    """

    def __init__(self, sampler: Any, epoch: Callable[[], float | None]) -> None:
        self._sampler = sampler
        self._epoch = epoch

    def __iter__(self) -> Iterator[int]:
        if self._sampler.shuffle:
            done = math.floor((self._epoch() or 0.0) + SAME_EPOCH)
            self._sampler.generator.manual_seed(self._sampler.seed + done)
        return iter(self._sampler)

    def __len__(self) -> int:
        return len(self._sampler)


def in_order(trainer: type[Any]) -> type[Any]:
    """TRL's trainer with the order of prompts by epoch.

    Args:
        trainer: the class; made here and not by a `class` statement, since Unsloth puts its own in the place
            of TRL's.
    """

    def _get_train_sampler(self: Any, dataset: Any = None) -> EpochOrder:
        sampler = trainer._get_train_sampler(self, dataset)
        return EpochOrder(sampler, lambda: self.state.epoch)

    return type(trainer.__name__, (trainer,), {"_get_train_sampler": _get_train_sampler})
