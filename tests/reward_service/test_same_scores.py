"""Less work, the same scores: whatever the batch, its order, its detail and the state of the caches.

What the engine says is held against `by_hand`, which shares nothing, skips nothing and keeps nothing.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Sequence
from dataclasses import replace
from functools import cache

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from reward_service.catalogue import Catalogue, build_catalogue
from reward_service.engine import Engine
from reward_service.lexicons import load_lexicon
from reward_service.models.fakes import FakeNli, fake_pack
from reward_service.models.pack import load_pack
from reward_service.models.protocols import ModelPack
from reward_service.needs import (
    missing,
    normalised,
    pairs,
    texts_to_annotate,
    texts_to_embed,
    unique,
    with_documents,
)
from reward_service.rewards.base import Reads
from reward_service.types import Calibration, Sample, Score, Verdicts
from reward_service.workers import EngineLimits
from shared.completion import split
from shared.schema import Detail, Lane

QUESTIONS = (
    "What is surplus-value?",
    "How does capital exploit the working class?",
    "?",
    "Who leads the state?",
)
SENTENCES = (
    "Surplus-value is the value that workers create beyond the value of their labour-power.",
    "Surplus-value is not the value that workers create beyond the value of their labour-power.",
    "Because the working day is longer than the wage repays, the capitalist appropriates unpaid labour.",
    "Capital exploits the working class in the sphere of production.",
    "Capital does not exploit the working class in the sphere of production.",
    "Therefore profit, interest and rent are forms of surplus-value, as Marx argued in 1867.",
    "Idealists say that the state stands above the classes.",
    "The state is an instrument by which one class rules another.",
    "The cat sat on the mat and slept for an hour.",
    "capital labour class state value hegemony dialectic praxis",
    "Wages rise.",
)
REWARDS = (
    "full_coherence_reward",
    "full_coherence_smooth_reward",
    "robust_coherence_reward",
    "self_consistency_reward",
    "nli_coherence_reward",
    "topic_relevance_reward",
    "structural_coherence_reward",
    "match_format_exactly",
    "faithfulness_reward",
)


@cache
def catalogue() -> Catalogue:
    return build_catalogue(load_lexicon("marxist"))


def pack() -> ModelPack:
    """Fakes with an eager NLI model, so that gates and contradictions decide often."""
    return fake_pack(nli=FakeNli(calibration=Calibration(sentence_contradicted=0.6)))


@st.composite
def samples(draw: st.DrawFn) -> Sample:
    texts = st.lists(st.sampled_from(SENTENCES), max_size=6).map(" ".join)
    reference = draw(st.none() | texts)
    completion = split(draw(st.sampled_from(("<think>Hm.</think>", "<think>", ""))) + draw(texts))
    passages = tuple(draw(st.lists(texts, max_size=3)))
    return Sample("x", draw(st.sampled_from(QUESTIONS)), completion, reference, passages)


def by_hand(models: ModelPack, sample: Sample, names: Sequence[str]) -> dict[str, Score]:
    """The scores of one sample: every text, every pair, every function, and then the arithmetic."""
    functions = catalogue().functions_for(names)
    reads = frozenset[Reads]().union(*(function.reads for function in functions))
    clean = normalised(sample)
    texts = unique(texts_to_annotate(clean, reads))
    documents = dict(zip(texts, models.annotator.run(models.annotator.prepare(texts)), strict=True))
    draft = with_documents(clean, documents)
    texts = unique(texts_to_embed(draft, functions))
    vectors = dict(zip(texts, models.embedder.run(models.embedder.prepare(texts)), strict=True))
    ready = replace(draft, vectors=vectors)
    wanted = pairs([ready], functions)
    judged = dict(zip(wanted, models.nli.run(models.nli.prepare(wanted)), strict=True))
    verdicts = Verdicts(judged, models.nli.calibration)
    parts = {
        function.name: Score.unscorable(reason)
        if (reason := missing(clean, function))
        else function.score(ready, verdicts)
        for function in functions
    }
    combined = catalogue().combine(names, parts)
    return {name: combined[name] for name in names}


async def by_engine(
    engine: Engine, batch: Sequence[Sample], names: Sequence[str], detail: Detail
) -> list[dict[str, Score]]:
    result = await engine.score(batch, names, lane=Lane.TRAINING, deadline_s=60, detail=detail)
    return [{name: scored.scores[name] for name in names} for scored in result.samples]


def assert_equal(found: dict[str, Score], wanted: dict[str, Score]) -> None:
    assert found.keys() == wanted.keys()
    for name, score in wanted.items():
        assert found[name].reason == score.reason
        if score.score is None:
            assert found[name].score is None
        elif name.endswith("smooth_reward"):
            assert found[name].score == pytest.approx(score.score, abs=1e-5)
        else:
            assert found[name].score == pytest.approx(score.score, abs=1e-9)  # bands


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    batch=st.lists(samples(), min_size=1, max_size=20),
    names=st.lists(st.sampled_from(REWARDS), min_size=1, max_size=4, unique=True),
    details=st.lists(st.sampled_from(Detail), min_size=1, max_size=4),
    cached=st.booleans(),
    calls=st.sampled_from([1, 2, 3]),
    seed=st.integers(0, 1000),
)
def test_any_batch_in_any_order_and_cache_state_gets_the_scores_by_hand(
    batch: list[Sample], names: list[str], details: list[Detail], cached: bool, calls: int, seed: int
) -> None:
    models = pack()
    wanted = [by_hand(models, sample, names) for sample in batch]
    limits = EngineLimits(cache_bytes=2**24 if cached else 0, max_batch_tokens=512, calls=calls)
    shuffled = random.Random(seed).sample(range(len(batch)), len(batch))

    async def use() -> list[list[dict[str, Score]]]:
        engine = Engine(pack, catalogue(), limits)
        await engine.start()
        try:
            one_by_one = [
                (await by_engine(engine, [batch[i]], names, details[0]))[0]
                for i in shuffled[: len(batch) // 2]
            ]
            at_once = await asyncio.gather(*(by_engine(engine, batch, names, detail) for detail in details))
            mixed = await by_engine(engine, [batch[i] for i in shuffled], names, Detail.SCORES)
        finally:
            await engine.close()
        for found, index in zip(
            [*one_by_one, *mixed], [*shuffled[: len(batch) // 2], *shuffled], strict=True
        ):
            assert_equal(found, wanted[index])
        return list(at_once)

    for found in asyncio.run(use()):
        for scores, right in zip(found, wanted, strict=True):
            assert_equal(scores, right)


def test_scores_alone_run_fewer_pairs_where_gates_decide() -> None:
    """The check above would hold for an engine that skips nothing, too."""
    answer = " ".join(SENTENCES[index] for index in (0, 2, 5, 3))
    consistent = Sample("a", QUESTIONS[0], split(answer), " ".join(SENTENCES[:3]))
    off_topic = Sample(
        "b", QUESTIONS[0], split(f"{SENTENCES[8]} The dog ran after it."), " ".join(SENTENCES[:3])
    )

    async def use() -> dict[tuple[str, Detail], int]:
        found = {}
        for sample in (consistent, off_topic):
            for detail in (Detail.SCORES, Detail.EVIDENCE):
                engine = Engine(pack, catalogue())
                await engine.start()
                result = await engine.score(
                    [sample], ["full_coherence_reward"], lane=Lane.LIVE, deadline_s=60, detail=detail
                )
                await engine.close()
                found[sample.id, detail] = result.cost.nli_pairs
        return found

    found = asyncio.run(use())
    assert 0 < found["a", Detail.SCORES] < found["a", Detail.EVIDENCE]
    assert (found["b", Detail.SCORES], found["b", Detail.EVIDENCE] > 0) == (0, True)


def test_the_real_models_agree_with_themselves_in_any_company() -> None:
    models = load_pack("embedded")
    chosen = random.Random(7)
    names = ["full_coherence_reward", "full_coherence_smooth_reward", "faithfulness_reward"]
    batch = [
        Sample(
            str(number),
            chosen.choice(QUESTIONS[:2]),
            split("<think>Hm.</think>" + " ".join(chosen.sample(SENTENCES, chosen.randint(1, 7)))),
            " ".join(chosen.sample(SENTENCES[:8], 3)),
            tuple(chosen.sample(SENTENCES[:8], chosen.randint(0, 3))),
        )
        for number in range(24)
    ]
    wanted = [by_hand(models, sample, names) for sample in batch]

    async def use() -> tuple[list[dict[str, Score]], ...]:
        engine = Engine(lambda: models, catalogue())
        await engine.start()
        try:
            cold = await by_engine(engine, batch, names, Detail.SCORES)
            backwards = await by_engine(engine, batch[::-1], names, Detail.EVIDENCE)
            warm = await by_engine(engine, batch, names, Detail.SCORES)
        finally:
            await engine.close()
        return cold, backwards[::-1], warm

    for found in asyncio.run(use()):
        for scores, right in zip(found, wanted, strict=True):
            assert_equal(scores, right)
