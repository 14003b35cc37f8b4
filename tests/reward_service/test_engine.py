"""The engine on fake models: which steps run, what comes back, and what happens when something breaks."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import replace
from typing import Any, TypeVar

import pytest

from reward_service.catalogue import Catalogue, build_catalogue
from reward_service.engine import Engine
from reward_service.errors import ModelUnavailable, NotReady, UnknownReward
from reward_service.evidence.claims import NO_REFERENCE
from reward_service.evidence.faithfulness import NO_PASSAGE
from reward_service.fingerprint import fingerprint
from reward_service.lexicons import load_lexicon
from reward_service.models.fakes import FakeAnnotator, FakeEmbedder, fake_pack
from reward_service.models.protocols import ModelPack
from reward_service.types import BatchResult, Sample, Score
from shared.completion import split
from shared.schema import Detail, Lane

Result = TypeVar("Result")

GOOD = (
    "Surplus-value is the value that workers create beyond the value of their labour-power. "
    "Because the working day is longer than the time that reproduces the wage, the capitalist appropriates "
    "unpaid labour. "
    "Therefore profit, interest and rent are forms of surplus-value, as Marx argued in Capital in 1867."
)


@pytest.fixture(scope="module")
def catalogue() -> Catalogue:
    return build_catalogue(load_lexicon("marxist"))


def sample(answer: str = GOOD, *, reference: str | None = GOOD, name: str = "a") -> Sample:
    return Sample(name, "What is surplus-value?", split(f"<think>hm</think>{answer}"), reference)


def with_engine(catalogue: Catalogue, use: Callable[[Engine], Coroutine[Any, Any, Result]]) -> Result:
    async def run() -> Result:
        engine = Engine(fake_pack, catalogue)
        await engine.start()
        try:
            return await use(engine)
        finally:
            await engine.close()

    return asyncio.run(run())


def score(
    engine: Engine, samples: Sequence[Sample], rewards: Sequence[str]
) -> Coroutine[Any, Any, BatchResult]:
    return engine.score(samples, rewards, lane=Lane.TRAINING, deadline_s=30)


async def faithfulness_of(engine: Engine, samples: Sequence[Sample], *, detail: Detail) -> list[Score]:
    result = await engine.score(
        samples, ["faithfulness_reward"], lane=Lane.TRAINING, deadline_s=30, detail=detail
    )
    return [scored.scores["faithfulness_reward"] for scored in result.samples]


def test_every_reward_of_the_catalogue_is_answered_in_order(catalogue: Catalogue) -> None:
    samples = [sample(name="x"), sample("", name="y"), sample(reference=None, name="z")]
    result = with_engine(catalogue, lambda engine: score(engine, samples, catalogue.names))
    assert [scored.sample.id for scored in result.samples] == ["x", "y", "z"]
    for scored in result.samples:
        assert set(catalogue.names) <= set(scored.scores)


def test_format_rewards_run_no_model(catalogue: Catalogue) -> None:
    result = with_engine(catalogue, lambda engine: score(engine, [sample()], ["match_format_exactly"]))
    assert result.samples[0].scores["match_format_exactly"].score == 3.0
    assert (result.cost.nli_pairs, result.cost.nli_tokens, result.cost.cached) == (0, 0, 0)


def test_a_missing_reference_is_none_with_a_reason_and_asks_no_pair(catalogue: Catalogue) -> None:
    result = with_engine(
        catalogue,
        lambda engine: score(
            engine, [sample(reference=None)], ["nli_coherence_reward", "full_coherence_reward"]
        ),
    )
    scores = result.samples[0].scores
    assert scores["nli_coherence_reward"].score is None
    assert scores["nli_coherence_reward"].reason == NO_REFERENCE
    assert scores["full_coherence_reward"].score is None
    assert "nli_coherence_reward" in (scores["full_coherence_reward"].reason or "")


@pytest.mark.parametrize("detail", Detail)
def test_without_passages_faithfulness_is_none_with_a_reason_and_blank_ones_are_none(
    catalogue: Catalogue, detail: Detail
) -> None:
    samples = [sample(), replace(sample(name="b"), passages=("", " \u200b\n", "<!-- hidden -->"))]
    result = with_engine(catalogue, lambda engine: faithfulness_of(engine, samples, detail=detail))
    assert [one.reason for one in result] == [NO_PASSAGE, NO_PASSAGE]


def test_scores_are_kept_under_their_passages(catalogue: Catalogue) -> None:
    backed, unbacked, bare = (
        replace(sample(), passages=passages) for passages in ((GOOD,), ("The cat sat on the mat.",), ())
    )

    async def use(engine: Engine) -> list[float | None]:
        found = []
        for one in (backed, unbacked, bare, backed):
            found += await faithfulness_of(engine, [one], detail=Detail.SCORES)
        return [score.score for score in found]

    assert with_engine(catalogue, use) == [3.0, -1.0, None, 3.0]


def test_the_number_of_a_passage_is_that_of_the_request(catalogue: Catalogue) -> None:
    one = replace(sample(), passages=("The cat sat on the mat.", "  ", f"**{GOOD}**"))
    (score_,) = with_engine(catalogue, lambda engine: faithfulness_of(engine, [one], detail=Detail.EVIDENCE))
    assert {sentence["passage"] for sentence in score_.evidence["sentences"]} == {2}


def test_evidence_comes_with_the_text_that_its_offsets_refer_to(catalogue: Catalogue) -> None:
    answer = f"<think>Let me see.</think>\n\n## In short\n\n- **Sur\u200bplus**-value is value.\n- {GOOD}"
    one = replace(sample(answer), passages=(GOOD,))

    async def use(engine: Engine) -> BatchResult:
        return await engine.score(
            [one], ["faithfulness_reward"], lane=Lane.LIVE, deadline_s=30, detail=Detail.EVIDENCE
        )

    (scored,) = with_engine(catalogue, use).samples
    read = scored.sample.completion.answer
    sentences = scored.scores["faithfulness_reward"].evidence["sentences"]
    assert len(sentences) == 4
    assert all(read[found["start"] : found["end"]] == found["sentence"] for found in sentences)


def test_passages_are_read_for_the_rewards_that_want_them_alone(catalogue: Catalogue) -> None:
    passage = "Bread was dear in Paris before the harvest."

    def texts_read(reward: str) -> set[str]:
        annotator, embedder = FakeAnnotator(), FakeEmbedder()

        async def use() -> None:
            engine = Engine(lambda: fake_pack(annotator=annotator, embedder=embedder), catalogue)
            await engine.start()
            await score(engine, [replace(sample(), passages=(passage,))], [reward])
            await engine.close()

        asyncio.run(use())
        return {text for model in (annotator, embedder) for batch in model.batches for text in batch}

    assert passage not in texts_read("full_coherence_reward")
    assert passage in texts_read("faithfulness_reward")


def test_company_changes_no_score(catalogue: Catalogue) -> None:
    samples = [
        sample(name="a"),
        sample("Labour. " * 9, name="b"),
        sample(GOOD[:90], name="c"),
        sample("", name="d"),
    ]

    async def use(engine: Engine) -> tuple[BatchResult, list[BatchResult]]:
        together = await score(engine, samples, catalogue.names)
        alone = await asyncio.gather(*(score(engine, [one], catalogue.names) for one in reversed(samples)))
        return together, list(reversed(alone))

    together, alone = with_engine(catalogue, use)
    for scored, single in zip(together.samples, alone, strict=True):
        assert {name: part.score for name, part in scored.scores.items()} == {
            name: part.score for name, part in single.samples[0].scores.items()
        }


def test_repeated_samples_cost_nothing_twice(catalogue: Catalogue) -> None:
    async def use(engine: Engine) -> tuple[BatchResult, BatchResult]:
        first = await score(engine, [sample(name="1"), sample(name="2")], ["nli_coherence_reward"])
        second = await score(engine, [sample(name="3")], ["nli_coherence_reward"])
        return first, second

    first, second = with_engine(catalogue, use)
    assert first.cost.nli_pairs > 0
    assert second.cost.nli_pairs == 0
    assert second.cost.cached > 0


def test_unknown_reward(catalogue: Catalogue) -> None:
    with pytest.raises(UnknownReward, match="full_coherence_rewrad"):
        with_engine(catalogue, lambda engine: score(engine, [sample()], ["full_coherence_rewrad"]))


def test_not_ready_before_start_and_after_close(catalogue: Catalogue) -> None:
    async def run() -> None:
        engine = Engine(fake_pack, catalogue)
        assert not engine.ready
        assert set(engine.workers().values()) == {"loading"}
        with pytest.raises(NotReady):
            await score(engine, [sample()], ["nli_coherence_reward"])
        with pytest.raises(NotReady):
            _ = engine.fingerprint
        await engine.start()
        ready = [engine.ready]
        await engine.close()
        ready.append(engine.ready)
        assert ready == [True, False]
        with pytest.raises(NotReady):
            await score(engine, [sample()], ["nli_coherence_reward"])

    asyncio.run(run())


def test_a_model_that_cannot_be_loaded_stops_the_start(catalogue: Catalogue) -> None:
    def load() -> ModelPack:
        raise ModelUnavailable("no such model: set REWARD_MODELS=embedded")

    with pytest.raises(ModelUnavailable, match="REWARD_MODELS"):
        asyncio.run(Engine(load, catalogue).start())


def test_hostile_characters_do_not_change_what_is_read(catalogue: Catalogue) -> None:
    disguised = GOOD.replace("Surplus", "Sur\u200bplus").replace("labour", "la\u00adbour")
    result = with_engine(
        catalogue,
        lambda engine: score(engine, [sample(), sample(disguised, name="b")], ["full_coherence_reward"]),
    )
    plain, hidden = (scored.scores["full_coherence_reward"].score for scored in result.samples)
    assert plain == hidden


def test_the_fingerprint_covers_models_calibration_and_catalogue(catalogue: Catalogue) -> None:
    pack = fake_pack()
    base = fingerprint(pack.specs, pack.nli.calibration, catalogue.digest)
    other_model = (*pack.specs[:2], replace(pack.specs[2], revision="other"))
    assert fingerprint(pack.specs, pack.nli.calibration, catalogue.digest) == base
    assert fingerprint(other_model, pack.nli.calibration, catalogue.digest) != base
    assert fingerprint(pack.specs, replace(pack.nli.calibration, temperature=2.0), catalogue.digest) != base
    assert fingerprint(pack.specs, pack.nli.calibration, "another lexicon") != base
    moved = tuple(replace(spec, device="cuda") for spec in pack.specs)
    assert fingerprint(moved, pack.nli.calibration, catalogue.digest) == base


def test_rewards_observe_what_was_asked_and_not_the_warm_up(
    catalogue: Catalogue, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO, logger="reward_service.rewards.debug_print"):
        with_engine(catalogue, lambda engine: score(engine, [sample(name="asked")], ["debug_print_reward"]))
    assert "id asked" in caplog.text
    assert "warm-up" not in caplog.text
