"""Judges many pairs with an NLI model outside of the server: evaluation and calibration."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from reward_service.models.batching import by_length, cut, deduplicate
from reward_service.models.protocols import NliModel
from reward_service.types import Pair, Verdict

BATCH_TOKENS = 8192
BATCH_PAIRS = 256


def judge(
    nli: NliModel, pairs: Sequence[Pair], advance: Callable[[int], None] = lambda _: None
) -> list[Verdict]:
    """A verdict for each pair, in order; equal pairs are judged once.

    Args:
        nli: the model.
        pairs: any number of pairs, of normalised texts.
        advance: called after each batch with the number of distinct pairs in it.
    """
    distinct, where = deduplicate(pairs)
    prepared = nli.prepare(distinct)
    costs = [nli.cost(ready) for ready in prepared]
    found: dict[int, Verdict] = {}
    for batch in cut(by_length(costs), costs, max_tokens=BATCH_TOKENS, max_items=BATCH_PAIRS):
        verdicts = nli.run([prepared[index] for index in batch])
        found.update(zip(batch, verdicts, strict=True))
        advance(len(batch))
    return [found[index] for index in where]
