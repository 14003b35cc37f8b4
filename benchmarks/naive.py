"""How in-process reward functions are commonly written: one pair a call, nothing shared, nothing kept.

Each reward function of a recipe parses the texts that it reads for itself, the reference anew for each
completion, embeds them in one call of its own, and judges its pairs one by one in float32.  The functions
themselves are the real ones.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from benchmarks.serving import Setup
from reward_service.api.convert import samples
from reward_service.catalogue import Catalogue, build_catalogue
from reward_service.lexicons import load_lexicon
from reward_service.models.cores import cores
from reward_service.models.pack import load_nli, load_readers
from reward_service.needs import (
    normalised,
    scorable,
    texts_to_annotate,
    texts_to_embed,
    unique,
    with_documents,
)
from reward_service.rewards.base import Reward
from reward_service.types import Sample, Score, Verdicts
from shared.schema import DEFAULT_REWARD, ScoreItem

Told = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Naive:
    """The pace of scoring without a server."""

    seconds: Sequence[float]
    """Of each completion."""
    pairs: int
    """That were judged, each as often as a reward function asked."""
    tokens: int
    scores: Sequence[float | None]

    @property
    def completions_per_s(self) -> float:
        return len(self.seconds) / sum(self.seconds)


def measure_naive(
    setup: Setup, items: Sequence[ScoreItem], *, tell: Told = lambda _: None, reward: str = DEFAULT_REWARD
) -> Naive:
    """Score completions one after another; a first one, which compiles kernels, doesn't count.

    Args:
        setup: names the models and the device.
        items: what to score.
        tell: is told how far it is.
        reward: a function or recipe.

    Raises:
        ValueError: there is nothing to score.
    """
    if not items:
        raise ValueError("nothing to score")
    settings = setup.in_process()
    # One call at a time has all cores, as torch does by default.
    threads = settings.threads or cores()
    annotator, embedder = load_readers(settings.models, settings.embedding_model, settings.spacy_model)
    nli = load_nli(settings.models, settings.nli_model, device=settings.device, dtype="float32",
                   threads=threads)  # fmt: skip
    work = _Functions(build_catalogue(load_lexicon(settings.lexicon)), annotator, embedder, nli)
    try:
        work.score(_shortened(samples(items[:1], settings.limits)[0]), reward)
        work.pairs = work.tokens = 0
        seconds, scores = [], []
        for number, sample in enumerate(samples(items, settings.limits), start=1):
            tell(f"one pair a call, completion {number} of {len(items)}")
            begin = time.perf_counter()
            scores.append(work.score(sample, reward))
            seconds.append(time.perf_counter() - begin)
    finally:
        work.close()
    return Naive(seconds, work.pairs, work.tokens, scores)


def _shortened(sample: Sample) -> Sample:
    """For the warm-up: the first sentence of answer and reference."""
    first = sample.completion.answer.partition(". ")[0] + "."
    reference = (sample.reference or "").partition(". ")[0] + "."
    return replace(sample, completion=replace(sample.completion, answer=first), reference=reference)


class _Functions:
    """Reward functions that each call the models for themselves."""

    def __init__(self, catalogue: Catalogue, annotator: Any, embedder: Any, nli: Any) -> None:
        self.catalogue = catalogue
        self.annotator, self.embedder, self.nli = annotator, embedder, nli
        self.pairs = self.tokens = 0

    def score(self, sample: Sample, reward: str) -> float | None:
        clean = normalised(sample)
        functions = self.catalogue.functions_for([reward])
        parts = {function.name: self._alone(clean, function) for function in functions}
        return self.catalogue.combine([reward], parts)[reward].score

    def close(self) -> None:
        for model in (self.annotator, self.embedder, self.nli):
            model.close()

    def _alone(self, sample: Sample, function: Reward) -> Score:
        if not scorable(sample, function):
            return Score.unscorable("it needs a reference answer")
        texts: list[Any] = unique(texts_to_annotate(sample, function.reads))
        draft = with_documents(sample, {text: self._one(self.annotator, text) for text in texts})
        wanted = unique(texts_to_embed(draft, [function]))
        vectors = dict(zip(wanted, self.embedder.run(self.embedder.prepare(wanted)), strict=True))
        ready = replace(draft, vectors=vectors)
        verdicts = Verdicts(
            {pair: self._one(self.nli, pair) for pair in function.pairs(ready)}, self.nli.calibration
        )
        return function.score(ready, verdicts)

    def _one(self, model: Any, item: Any) -> Any:
        """One item through one model, in a call of its own."""
        (prepared,) = model.prepare([item])
        if model is self.nli:
            self.pairs += 1
            self.tokens += model.cost(prepared)
        (result,) = model.run([prepared])
        return result
