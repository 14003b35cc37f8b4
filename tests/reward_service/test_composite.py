"""The arithmetic of combined rewards against a plain restatement of REWARDS.md."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reward_service.composite import Range, Recipe, combine, digest, score_range
from reward_service.recipes import load_recipes
from reward_service.types import Score

RANGES = {
    "nli_coherence_reward": Range(-3, 3),
    "nli_coherence_smooth_reward": Range(-3, 3),
    "self_consistency_reward": Range(-2, 1),
    "structural_coherence_reward": Range(-1, 2.5),
    "topic_relevance_reward": Range(-1.5, 2),
    "interconnection_depth_reward": Range(-2.5, 3),
}
RECIPES = load_recipes(Path(__file__).parents[2] / "reward_service" / "recipes", RANGES)
ROBUST, FULL, SMOOTH = "robust_coherence_reward", "full_coherence_reward", "full_coherence_smooth_reward"
SMOOTH_ROBUST = f"{SMOOTH}/{ROBUST}"


def all_scores(leaves: Mapping[str, float | None]) -> dict[str, Score]:
    """The leaves and every recipe over them."""
    scores = {
        name: Score.unscorable("gone") if score is None else Score(score) for name, score in leaves.items()
    }
    for name, recipe in RECIPES.items():
        scores[name] = combine(recipe, scores)
    return scores


def leaves(**changed: float | None) -> dict[str, float | None]:
    honest: dict[str, float | None] = {
        "nli_coherence_reward": 3.0,
        "nli_coherence_smooth_reward": 1.25,
        "self_consistency_reward": 1.0,
        "structural_coherence_reward": 2.0,
        "topic_relevance_reward": 2.0,
        "interconnection_depth_reward": 1.0,
    }
    short = {name.split("_")[0]: name for name in honest if name != "nli_coherence_smooth_reward"}
    return honest | {short.get(name, name): score for name, score in changed.items()}


def robust(nli: float, consistency: float, structure: float) -> float:
    """As REWARDS.md has it."""
    if nli <= -3:
        return -3.0
    if consistency <= -2:
        return -2.0
    return nli + 0.5 * consistency + 0.5 * structure


def full(topic: float, robust_score: float, depth: float) -> float:
    """As REWARDS.md has it."""
    if topic <= -1.5:
        return -2.0
    if robust_score <= -2:
        return robust_score
    if depth <= -1.5:
        return -1.5
    return robust_score + 0.4 * topic + 0.3 * depth


def within(low: float, high: float) -> st.SearchStrategy[float]:
    """Numbers of a range, with its ends and the gates' bounds among them."""
    bounds = [bound for bound in (low, high, -3.0, -2.0, -1.5, 0.0) if low <= bound <= high]
    return st.sampled_from(bounds) | st.floats(low, high)


@given(st.fixed_dictionaries({name: within(*ends) for name, ends in RANGES.items()}))
def test_the_recipes_are_the_arithmetic_of_the_specification(given_leaves: dict[str, float]) -> None:
    scores = all_scores(given_leaves)
    common = [given_leaves["self_consistency_reward"], given_leaves["structural_coherence_reward"]]
    topic, depth = given_leaves["topic_relevance_reward"], given_leaves["interconnection_depth_reward"]
    plain = robust(given_leaves["nli_coherence_reward"], *common)
    smooth = robust(given_leaves["nli_coherence_smooth_reward"], *common)
    assert scores[ROBUST].score == pytest.approx(plain)
    assert scores[SMOOTH_ROBUST].score == pytest.approx(smooth)
    robust_score, smooth_score = scores[ROBUST].score, scores[SMOOTH_ROBUST].score
    assert robust_score is not None
    assert smooth_score is not None
    assert scores[FULL].score == pytest.approx(full(topic, robust_score, depth))
    assert scores[SMOOTH].score == pytest.approx(full(topic, smooth_score, depth))


def test_the_sum_names_what_each_part_contributed() -> None:
    scores = all_scores(leaves())
    assert scores[ROBUST].score == 4.5
    assert scores[FULL].score == pytest.approx(4.5 + 0.8 + 0.3)
    assert scores[FULL].decided_by == "sum"
    assert scores[FULL].parts == {
        ROBUST: 4.5,
        "topic_relevance_reward": 0.8,
        "interconnection_depth_reward": 0.3,
    }


@pytest.mark.parametrize(
    ("changed", "name", "score", "decided_by"),
    [
        ({"nli": -3.0}, ROBUST, -3.0, "nli_coherence_reward ≤ -3.0"),
        ({"nli": -2.0}, ROBUST, -0.5, "sum"),
        ({"self": -2.0}, ROBUST, -2.0, "self_consistency_reward ≤ -2.0"),
        ({"self": 0.0}, ROBUST, 4.0, "sum"),
        ({"nli": -3.0, "self": -2.0}, ROBUST, -3.0, "nli_coherence_reward ≤ -3.0"),
        ({"topic": -1.5}, FULL, -2.0, "topic_relevance_reward ≤ -1.5"),
        ({"topic": 0.0}, FULL, 4.8, "sum"),
        ({"nli": -3.0}, FULL, -3.0, "robust_coherence_reward ≤ -2.0"),
        ({"self": -2.0}, FULL, -2.0, "robust_coherence_reward ≤ -2.0"),
        ({"interconnection": -1.5}, FULL, -1.5, "interconnection_depth_reward ≤ -1.5"),
        ({"interconnection": -1.4}, FULL, 4.88, "sum"),
        ({"topic": -1.5, "nli": -3.0, "interconnection": -2.5}, FULL, -2.0, "topic_relevance_reward ≤ -1.5"),
        ({"nli": -3.0, "interconnection": -2.5}, FULL, -3.0, "robust_coherence_reward ≤ -2.0"),
    ],
)
def test_the_first_gate_that_holds_decides(
    changed: dict[str, float], name: str, score: float, decided_by: str
) -> None:
    result = all_scores(leaves(**changed))[name]
    assert result.score == pytest.approx(score)
    assert result.decided_by == decided_by
    if decided_by != "sum":
        assert next(iter(result.parts or {})) == decided_by.split(" ")[0]


def test_a_missing_part_makes_the_combined_score_missing_with_its_name_and_reason() -> None:
    scores = all_scores(leaves(nli=None))
    assert scores[ROBUST].reason == "nli_coherence_reward: gone"
    assert scores[FULL].reason == "robust_coherence_reward: nli_coherence_reward: gone"
    assert (scores[FULL].score, scores[FULL].decided_by) == (None, None)
    assert scores[SMOOTH].score is not None


def test_a_missing_part_of_the_sum_leaves_the_other_contributions_to_be_seen() -> None:
    result = all_scores(leaves(structural=None))[ROBUST]
    assert (result.score, result.reason) == (None, "structural_coherence_reward: gone")
    assert result.parts == {
        "nli_coherence_reward": 3.0,
        "self_consistency_reward": 0.5,
        "structural_coherence_reward": None,
    }


def test_a_gate_decides_whatever_is_missing_behind_it_and_never_before_it() -> None:
    assert all_scores(leaves(topic=-1.5, nli=None))[FULL].score == -2.0
    assert all_scores(leaves(topic=None, nli=-3.0))[FULL].reason == "topic_relevance_reward: gone"


def test_a_gate_may_hand_over_to_another_reward() -> None:
    recipe = Recipe.model_validate(
        {"name": "r", "gates": [{"if": "a", "at_most": 0, "then": "b"}], "sum": {"a": 1.0}}
    )
    decided = combine(recipe, {"a": Score(-1.0), "b": Score(7.0)})
    assert (decided.score, decided.parts) == (7.0, {"a": -1.0, "b": 7.0})
    missing = combine(recipe, {"a": Score(-1.0), "b": Score.unscorable("gone")})
    assert (missing.score, missing.reason) == (None, "b: gone")
    assert combine(recipe, {"a": Score(1.0), "b": Score.unscorable("gone")}).score == 1.0


def test_the_ranges_of_the_specification() -> None:
    ranges = dict(RANGES)
    for name, recipe in RECIPES.items():
        ranges[name] = score_range(recipe, ranges)
    assert ranges[ROBUST] == Range(-4.5, 4.75)
    assert ranges[FULL] == ranges[SMOOTH]
    assert ranges[FULL] == pytest.approx((-4.5, 6.45))


PARTS = {"a": Range(-1.0, 2.0), "b": Range(0.0, 1.0), "c": Range(-3.0, -2.0)}
NUMBERS = st.floats(-4, 4)
GATES = st.fixed_dictionaries(
    {"if": st.sampled_from("abc"), "at_most": NUMBERS, "then": NUMBERS | st.sampled_from("abc")}
)
ANY_RECIPE = st.fixed_dictionaries(
    {
        "name": st.just("any"),
        "gates": st.lists(GATES, max_size=4),
        "sum": st.dictionaries(st.sampled_from("abc"), NUMBERS, min_size=1),
    }
).map(Recipe.model_validate)


@given(ANY_RECIPE, st.fixed_dictionaries({name: within(*ends) for name, ends in PARTS.items()}))
def test_no_score_leaves_the_computed_range(recipe: Recipe, parts: dict[str, float]) -> None:
    low, high = score_range(recipe, PARTS)
    score = combine(recipe, {name: Score(part) for name, part in parts.items()}).score
    assert score is not None
    assert low <= score <= high


def reached(recipe: Recipe) -> tuple[float, float]:
    steps = [index / 100 for index in range(101)]
    scores = [combine(recipe, {"a": Score(-1.0 + 3.0 * step)}).score for step in steps]
    found = [score for score in scores if score is not None]
    return min(found), max(found)


@pytest.mark.parametrize(
    ("gates", "weight", "expected"),
    [
        ([], 2.0, Range(-2.0, 4.0)),
        ([], -2.0, Range(-4.0, 2.0)),
        ([{"if": "a", "at_most": 2.0, "then": 5.0}], 1.0, Range(5.0, 5.0)),
        ([{"if": "a", "at_most": -1.5, "then": 5.0}], 1.0, Range(-1.0, 2.0)),
        ([{"if": "a", "at_most": 0.5, "then": "a"}], -1.0, Range(-2.0, 0.5)),
    ],
)
def test_ranges_are_exact_where_parts_are_few(
    gates: list[dict[str, object]], weight: float, expected: Range
) -> None:
    recipe = Recipe.model_validate({"name": "r", "gates": gates, "sum": {"a": weight}})
    assert score_range(recipe, PARTS) == expected
    assert reached(recipe) == pytest.approx(expected, abs=0.05)


def changed(edit: Callable[[dict[str, object]], object]) -> Recipe:
    raw: dict[str, object] = RECIPES[FULL].model_dump(by_alias=True)
    edit(raw)
    return Recipe.model_validate(raw)


def test_the_digest_follows_the_arithmetic_and_nothing_else() -> None:
    before = digest(RECIPES.values())
    assert digest(reversed(RECIPES.values())) == before
    others = [recipe for name, recipe in RECIPES.items() if name != FULL]
    assert digest([*others, changed(lambda raw: raw.update(doc="other words"))]) == before
    assert digest([*others, changed(lambda raw: raw.update(gates=[]))]) != before
    assert digest([*others, changed(lambda raw: raw.update(sum={ROBUST: 1.1}))]) != before
