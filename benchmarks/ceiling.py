"""What the NLI model alone could do: the same pairs, tokenised and sorted beforehand, in the best batches."""

from __future__ import annotations

import statistics
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from reward_service.models.batching import by_length, cut
from reward_service.models.protocols import NliModel
from reward_service.types import Pair

BUDGETS = (1024, 2048, 4096, 8192, 16_384)
"""Padded tokens of a batch, of which the fastest is taken: small ones stay in a CPU's caches, large ones fill
a GPU."""
TRIAL_PAIRS = 128
"""Pairs on which the budgets are compared; at most, since slow models are slow here too."""

Told = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Ceiling:
    """The NLI model's own pace."""

    dtype: str
    budget: int
    """Padded tokens of a batch, of the fastest."""
    pairs: int
    tokens: int
    """Real ones, without padding."""
    seconds: Sequence[float]
    """Of each run."""

    @property
    def pairs_per_s(self) -> float:
        return self.pairs / statistics.median(self.seconds)

    @property
    def tokens_per_s(self) -> float:
        return self.tokens / statistics.median(self.seconds)


def measure_ceiling(
    nli: NliModel,
    pairs: Sequence[Pair],
    *,
    runs: int,
    budgets: Sequence[int] = BUDGETS,
    calls: int = 1,
    tell: Told = lambda _: None,
) -> Ceiling:
    """Run all pairs through the model's `forward`, with nothing around it.

    Args:
        nli: the model.
        pairs: distinct ones.
        runs: repetitions over all pairs.
        budgets: what to choose from; each is tried once on a sample after a warm-up.
        calls: forward calls side by side, as the server runs them.
        tell: is told what is being done.

    Raises:
        ValueError: there are no pairs.
    """
    if not pairs:
        raise ValueError("no pair was judged, so there is no ceiling")
    prepared = list(nli.prepare(pairs))
    costs = [nli.cost(one) for one in prepared]
    step = max(1, len(prepared) // TRIAL_PAIRS)
    sample = [prepared[index] for index in by_length(costs)[::step]]
    pace = {}
    _pass(nli, sample[: len(sample) // 4 + 1], budgets[0], calls)  # compiles kernels, fills pools
    for budget in budgets:
        tell(f"batches of {budget} tokens on {len(sample)} pairs")
        pace[budget] = _pass(nli, sample, budget, calls)
    best = min(pace, key=pace.__getitem__)
    seconds = []
    for run in range(runs):
        tell(f"{len(prepared)} pairs in batches of {best} tokens, run {run + 1} of {runs}")
        seconds.append(_pass(nli, prepared, best, calls))
    return Ceiling(nli.spec.dtype, best, len(prepared), sum(costs), seconds)


def _pass(nli: NliModel, prepared: Sequence[Any], budget: int, calls: int) -> float:
    """Seconds of the forward calls; collating before them and reading the results behind them don't count."""
    costs = [nli.cost(one) for one in prepared]
    # The longest first, so that no call begins with much to do when the others have ended.
    batches = cut(by_length(costs)[::-1], costs, max_tokens=budget, max_items=len(costs))
    inputs = [nli.collate([prepared[index] for index in batch]) for batch in batches]
    _wait_for_device(nli.spec.device)
    begin = time.perf_counter()
    outputs = _side_by_side(nli, inputs, calls)
    _wait_for_device(nli.spec.device)
    seconds = time.perf_counter() - begin
    for output in outputs:
        nli.finish(output)  # finds NaN
    return seconds


def _side_by_side(nli: NliModel, inputs: Sequence[Any], calls: int) -> list[Any]:
    """The outputs of all batches; each thread takes the next one when it has ended its own."""
    outputs: list[Any] = [None] * len(inputs)
    left, lock = iter(enumerate(inputs)), threading.Lock()

    def work() -> None:
        while True:
            with lock:
                found = next(left, None)
            if found is None:
                return
            outputs[found[0]] = nli.forward(found[1])

    threads = [threading.Thread(target=work) for _ in range(calls - 1)]
    for thread in threads:
        thread.start()
    work()
    for thread in threads:
        thread.join()
    return outputs


def _wait_for_device(device: str) -> None:
    """Calls on a GPU return before they are done."""
    import torch

    if device.startswith("cuda"):
        torch.cuda.synchronize(device)
