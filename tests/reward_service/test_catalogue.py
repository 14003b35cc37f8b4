"""What can be asked for, what has to be scored for it, and how it is put together."""

from __future__ import annotations

from pathlib import Path

import pytest

from reward_service.catalogue import Catalogue, build_catalogue
from reward_service.errors import ConfigurationError, UnknownReward
from reward_service.lexicons import Lexicon, load_lexicon
from reward_service.types import Score

FULL, SMOOTH, ROBUST = "full_coherence_reward", "full_coherence_smooth_reward", "robust_coherence_reward"
ALL = {
    "match_format_exactly",
    "match_format_approximately",
    "semantic_similarity_reward",
    "nli_coherence_reward",
    "nli_coherence_smooth_reward",
    "completeness_reward",
    "self_consistency_reward",
    "structural_coherence_reward",
    "topic_relevance_reward",
    "interconnection_depth_reward",
    "terminology_reward",
    "degeneration_reward",
    "focus_reward",
    "commitment_reward",
    "faithfulness_reward",
    ROBUST,
    FULL,
    SMOOTH,
    "debug_print_reward",
}
RANGES = {
    "match_format_exactly": (0, 3),
    "match_format_approximately": (-2, 1),
    "semantic_similarity_reward": (-3, 5),
    "nli_coherence_reward": (-3, 3),
    "nli_coherence_smooth_reward": (-3, 3),
    "completeness_reward": (-2, 2),
    "self_consistency_reward": (-2, 1),
    "structural_coherence_reward": (-1, 2.5),
    "topic_relevance_reward": (-1.5, 2),
    "interconnection_depth_reward": (-2.5, 3),
    "terminology_reward": (0, 2),
    "degeneration_reward": (-3, 0),
    "focus_reward": (-2, 0),
    "commitment_reward": (-2, 0),
    "faithfulness_reward": (-3, 3),
    "debug_print_reward": (0, 0),
    ROBUST: (-4.5, 4.75),
    FULL: (-4.5, 6.45),
    SMOOTH: (-4.5, 6.45),
}


@pytest.fixture(scope="module")
def lexicon() -> Lexicon:
    return load_lexicon("marxist")


@pytest.fixture(scope="module")
def catalogue(lexicon: Lexicon) -> Catalogue:
    return build_catalogue(lexicon)


def leaf_scores(catalogue: Catalogue, score: float = 1.0) -> dict[str, Score]:
    return {function.name: Score(score) for function in catalogue.functions_for(catalogue.names)}


def test_exactly_these_rewards_can_be_asked_for(catalogue: Catalogue) -> None:
    assert set(catalogue.names) == ALL
    assert len(catalogue.names) == len(ALL)


def test_a_recipe_needs_the_functions_below_it_in_a_stable_order(catalogue: Catalogue) -> None:
    names = [function.name for function in catalogue.functions_for([FULL])]
    assert names == [
        "interconnection_depth_reward",
        "nli_coherence_reward",
        "self_consistency_reward",
        "structural_coherence_reward",
        "topic_relevance_reward",
    ]
    assert [function.name for function in catalogue.functions_for([FULL, ROBUST, FULL])] == names
    assert [function.name for function in catalogue.functions_for(["terminology_reward"])] == [
        "terminology_reward"
    ]


def test_the_smooth_recipe_reads_the_smooth_part_and_not_the_other(catalogue: Catalogue) -> None:
    names = {function.name for function in catalogue.functions_for([SMOOTH])}
    assert "nli_coherence_smooth_reward" in names
    assert "nli_coherence_reward" not in names


def test_all_parts_of_what_is_asked_for_come_back(catalogue: Catalogue) -> None:
    scores = catalogue.combine([SMOOTH, "terminology_reward"], leaf_scores(catalogue))
    assert list(scores)[:2] == [SMOOTH, "terminology_reward"]
    assert set(scores) == {
        SMOOTH,
        "terminology_reward",
        f"{SMOOTH}/{ROBUST}",
        "nli_coherence_smooth_reward",
        "self_consistency_reward",
        "structural_coherence_reward",
        "topic_relevance_reward",
        "interconnection_depth_reward",
    }
    assert scores[f"{SMOOTH}/{ROBUST}"].score == 2.0
    assert scores[SMOOTH].score == pytest.approx(2.7)
    assert set(catalogue.parts(SMOOTH)) == set(scores) - {SMOOTH, "terminology_reward"}
    assert catalogue.parts("terminology_reward") == ()


def test_what_is_missing_below_is_named_above(catalogue: Catalogue) -> None:
    leaves = leaf_scores(catalogue) | {"nli_coherence_reward": Score.unscorable("no reference was given")}
    scores = catalogue.combine([FULL], leaves)
    assert scores[FULL].score is None
    assert scores[FULL].reason == f"{ROBUST}: nli_coherence_reward: no reference was given"


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("full_coherence", "full_coherence_reward"),
        ("robust_coherance_reward", "robust_coherence_reward"),
        ("zzz", "GET /rewards"),
        ("", "GET /rewards"),
        (f"{SMOOTH}/{ROBUST}", SMOOTH),
    ],
)
def test_an_unknown_name_gets_the_closest_ones(catalogue: Catalogue, name: str, hint: str) -> None:
    for ask in (
        lambda: catalogue.functions_for([FULL, name]),
        lambda: catalogue.combine([FULL, name], leaf_scores(catalogue)),
    ):
        with pytest.raises(UnknownReward) as caught:
            ask()
        assert hint in caught.value.message
        assert caught.value.where == "rewards.1"


def test_an_endless_name_is_not_repeated_whole(catalogue: Catalogue) -> None:
    with pytest.raises(UnknownReward) as caught:
        catalogue.functions_for(["x" * 10_000])
    assert len(caught.value.message) < 300


def test_every_reward_is_published_with_range_needs_and_documentation(catalogue: Catalogue) -> None:
    infos = {info.name: info for info in catalogue.infos()}
    assert list(infos) == list(catalogue.names)
    for name, (low, high) in RANGES.items():
        assert (infos[name].low, infos[name].high) == pytest.approx((low, high)), name
        assert infos[name].doc, name
        assert (infos[name].kind == "recipe") == (name in {ROBUST, FULL, SMOOTH})
    assert {"question", "answer", "reference", "nli"} <= set(infos[FULL].needs)
    assert infos["debug_print_reward"].needs == []
    assert "gamed" in (infos["terminology_reward"].deprecated or "")


def test_the_published_recipe_is_the_arithmetic(catalogue: Catalogue) -> None:
    infos = {info.name: info for info in catalogue.infos()}
    recipe, smooth = infos[FULL].recipe or {}, infos[SMOOTH].recipe or {}
    assert recipe["gates"][0] == {"if": "topic_relevance_reward", "at_most": -1.5, "then": -2.0}
    assert recipe["sum"] == {
        ROBUST: 1.0,
        "topic_relevance_reward": 0.4,
        "interconnection_depth_reward": 0.3,
    }
    (nested,) = smooth["nested"]
    assert nested["name"] == f"{SMOOTH}/{ROBUST}"
    assert nested["sum"]["nli_coherence_smooth_reward"] == 1.0


def test_an_analyst_adds_a_recipe_in_a_folder(tmp_path: Path, lexicon: Lexicon) -> None:
    (tmp_path / "mine.yaml").write_text("{name: mine, doc: Mine., sum: {full_coherence_reward: 2.0}}")
    mine = build_catalogue(lexicon, [tmp_path])
    assert set(mine.names) == ALL | {"mine"}
    assert mine.combine(["mine"], leaf_scores(mine))["mine"].score == pytest.approx(5.4)
    assert mine.digest != build_catalogue(lexicon).digest


def test_a_recipe_may_not_take_a_name_that_exists(tmp_path: Path, lexicon: Lexicon) -> None:
    (tmp_path / "mine.yaml").write_text("{name: full_coherence_reward, sum: {terminology_reward: 2.0}}")
    with pytest.raises(
        ConfigurationError, match=r"mine\.yaml: name: full_coherence_reward is already defined in"
    ):
        build_catalogue(lexicon, [tmp_path])


def test_the_digest_is_the_same_for_the_same_rewards(catalogue: Catalogue, lexicon: Lexicon) -> None:
    assert catalogue.digest == build_catalogue(lexicon).digest
