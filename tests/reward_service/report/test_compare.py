"""What a report says of one file, and of one against another; figures are counted by hand."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pytest

from reward_service.errors import RequestError
from reward_service.report.build import build
from reward_service.report.pairing import pair
from reward_service.report.scores import NO_REASON, ScoreFile
from tests.reward_service.report.conftest import FINGERPRINT, REWARD

NAN = float("nan")


def scores(
    label: str,
    values: Sequence[float],
    *,
    ids: Sequence[str] | None = None,
    questions: Sequence[str | None] | None = None,
    words: Sequence[float] | None = None,
    reasons: Sequence[str | None] | None = None,
    parts: Mapping[str, Sequence[float]] | None = None,
    fingerprints: tuple[str, ...] = (FINGERPRINT,),
    reward: str = REWARD,
) -> ScoreFile:
    rows = len(values)
    return ScoreFile(
        label=label,
        file=f"{label}.parquet",
        ids=tuple(ids) if ids is not None else None,
        questions=tuple(questions) if questions is not None else tuple(f"Q{row}?" for row in range(rows)),
        answers=tuple(f"{label} answers {row}" for row in range(rows)),
        words=np.array(words if words is not None else [3.0] * rows),
        scores={reward: np.array(values)},
        reasons={reward: tuple(reasons) if reasons is not None else (None,) * rows},
        parts={name: np.array(each) for name, each in (parts or {}).items()},
        fingerprints=fingerprints,
        about={},
    )


def described(file: ScoreFile) -> Any:
    return build([file], (), None, 1)["rewards"][REWARD]["files"][file.label]


def compared(ours: ScoreFile, theirs: ScoreFile) -> Any:
    return build([theirs, ours], (), None, 1)["rewards"][REWARD]["comparisons"][ours.label]


def test_null_is_counted_and_is_never_nothing() -> None:
    said = ["no claim", None, None, "no claim", None]
    found = described(scores("a", [NAN, 1.0, 3.0, NAN, NAN], reasons=said))
    assert (found["scored"], found["unscored"], found["mean"]) == (2, 3, 2.0)
    assert found["reasons"] == {"no claim": 2, NO_REASON: 1}
    assert found["interval"] is None
    assert found["no_interval"] == "2 questions, 5 are needed"
    assert sum(found["counts"]) == 2


def test_nothing_scored_has_no_figure() -> None:
    report = build([scores("a", [NAN, NAN]), scores("b", [NAN, NAN])], (), None, 1)
    under = report["rewards"][REWARD]
    assert under["edges"] is None
    assert (under["files"]["a"]["mean"], under["files"]["a"]["median"]) == (None, None)
    assert under["comparisons"]["b"]["questions"] == 0
    assert under["comparisons"]["b"]["difference"]["mean"] is None


def test_a_mean_is_over_questions_and_quartiles_are_over_answers() -> None:
    found = described(scores("a", [0.0, 0.0, 0.0, 4.0], questions=["x", "x", "x", "y"]))
    assert (found["questions"], found["mean"]) == (2, 2.0)
    assert (found["q1"], found["median"], found["q3"], found["max"]) == (0.0, 0.0, 1.0, 4.0)


def test_answers_to_one_question_are_not_independent() -> None:
    # Eight answers each to five questions: only five independent figures stand behind the mean.
    level = [0.0, 1.0, 2.0, 3.0, 4.0]
    clustered = described(
        scores("a", np.repeat(level, 8).tolist(), questions=np.repeat(list("vwxyz"), 8).tolist())
    )
    alone = described(scores("a", level))
    assert clustered["interval"] == alone["interval"]


def test_wins_ties_losses_and_the_difference() -> None:
    ours = scores("b", [2.0, 1.0, 5.0, 0.0, NAN, 3.0, 4.0])
    theirs = scores("a", [1.0, 1.0, 2.0, 1.0, 2.0, NAN, 1.0])
    found = compared(ours, theirs)
    assert (found["wins"], found["ties"], found["losses"]) == (3, 1, 1)
    assert (found["matched"], found["questions"]) == (7, 5)
    assert found["unscored"] == {"ours": 1, "theirs": 1}
    assert found["difference"]["mean"] == pytest.approx((1 + 0 + 3 - 1 + 3) / 5)
    assert found["means"] == {"ours": 2.4, "theirs": 1.2}
    low, high = found["difference"]["interval"]
    assert low < 1.2 < high
    # Signs of 1, 3, −1, 3: |sum| ≥ 6 for 6 (+1+3−1+3), 8 (+1+3+1+3), 6 (−1+3+1+3) and their mirrors.
    assert found["test"] == {"p": 6 / 16, "patterns": 16, "exact": True}


def test_under_five_pairs_there_is_no_interval_and_it_is_said() -> None:
    found = compared(scores("b", [1.0, 2.0, 3.0, 4.0]), scores("a", [0.0, 0.0, 0.0, 0.0]))
    assert found["difference"] == {
        "mean": 2.5,
        "interval": None,
        "no_interval": "4 questions, 5 are needed",
    }
    assert (found["test"], found["no_test"]) == (None, "4 questions, 5 are needed")


def test_a_narrower_difference_than_either_mean_where_questions_are_hard_for_both() -> None:
    hard = np.linspace(-3, 3, 40)
    found = compared(scores("b", (hard + 0.5).tolist()), scores("a", hard.tolist()))
    assert found["difference"]["interval"] == [0.5, 0.5]


def test_rows_pair_by_id_whatever_their_order() -> None:
    ours = scores("b", [1.0, 2.0, 9.0], ids=["x", "y", "new"], questions=["X?", "Y?", "New?"])
    theirs = scores("a", [5.0, 3.0], ids=["y", "x"], questions=["Y?", "X?"])
    found = pair(ours, theirs)
    assert (found.by, found.unpaired_ours, found.unpaired_theirs, found.clash) == ("id", 1, 0, None)
    assert {(group.ours, group.theirs) for group in found.groups} == {((0,), (1,)), ((1,), (0,))}


def test_ids_that_mean_different_questions_pair_nothing() -> None:
    # Both files were numbered by line, and their lines differ.
    ours = scores("b", [1.0, 2.0], ids=["1", "2"], questions=["X?", "Y?"])
    theirs = scores("a", [5.0, 3.0], ids=["1", "2"], questions=["Y?", "Z?"])
    found = pair(ours, theirs)
    assert (found.by, found.clash) == ("question", "1")
    assert [(group.ours, group.theirs) for group in found.groups] == [((1,), (0,))]
    assert (found.unpaired_ours, found.unpaired_theirs) == (1, 1)
    (warning,) = build([theirs, ours], (), None, 1)["warnings"]
    assert "the id '1' stands for different questions, so they are paired by question" in warning


def test_several_answers_to_a_question_are_compared_by_their_mean() -> None:
    ours = scores("b", [1.0, 3.0, NAN], questions=["X?", "X?", "X?"])
    theirs = scores("a", [0.0, 1.0], questions=["X?", "X?"])
    found = compared(ours, theirs)
    assert (found["paired_by"], found["questions"], found["pairs"]) == ("question", 1, None)
    assert found["means"] == {"ours": 2.0, "theirs": 0.5}
    assert found["wins"] == 1


def test_of_pairs_by_id_both_sides_must_be_scored() -> None:
    ours = scores("b", [1.0, NAN], ids=["x1", "x2"], questions=["X?", "X?"])
    theirs = scores("a", [0.0, 8.0], ids=["x1", "x2"], questions=["X?", "X?"])
    found = compared(ours, theirs)
    assert (found["pairs"], found["questions"]) == (1, 1)
    assert found["means"] == {"ours": 1.0, "theirs": 0.0}


def test_nothing_in_common_is_said() -> None:
    report = build([scores("a", [1.0]), scores("b", [1.0], questions=["Else?"])], (), None, 1)
    assert report["rewards"][REWARD]["comparisons"]["b"]["matched"] == 0
    assert report["warnings"] == ["b and a have no id and no question in common, so nothing is paired."]


def test_parts_are_in_the_order_of_what_they_explain() -> None:
    parts = {"small": [1.0] * 6, "large": [2.0] * 6, "unknown": [NAN] * 6, "only_ours": [1.0] * 6}
    base = {"small": [0.9] * 6, "large": [4.0] * 6, "unknown": [1.0] * 6}
    found = compared(scores("b", [1.0] * 6, parts=parts), scores("a", [0.0] * 6, parts=base))["parts"]
    assert [(part["part"], part["mean"], part["questions"]) for part in found] == [
        ("large", -2.0, 6),
        ("small", 0.1, 6),
        ("unknown", None, 0),
    ]


def test_examples_are_those_that_moved_most() -> None:
    moved = [float(row - 12) for row in range(25)]
    found = compared(scores("b", moved, parts={"p": [0.5] * 25}), scores("a", [0.0] * 25))
    assert [each["difference"] for each in found["gained"]] == [float(gain) for gain in range(12, 2, -1)]
    assert [each["difference"] for each in found["lost"]] == [float(-loss) for loss in range(12, 2, -1)]
    best = found["gained"][0]
    assert best["question"] == "Q24?"
    assert best["ours"]["answers"] == [
        {"text": "b answers 24", "score": 12.0, "reason": None, "parts": {"p": 0.5}}
    ]
    assert best["theirs"]["answers"][0]["text"] == "a answers 24"


def test_length_is_set_against_score() -> None:
    ours = scores("b", [1.0, 2.0, 3.0, 4.0], words=[10, 20, 30, NAN])
    theirs = scores("a", [1.0, 1.0, 1.0, 1.0], words=[10, 10, 10, 10])
    found = compared(ours, theirs)["words"]
    assert found == {"questions": 3, "mean_difference": 10.0, "rank_correlation": 1.0}
    length = described(ours)["length"]
    assert (length["answers"], length["words"], length["rank_correlation"]) == (3, 20.0, 1.0)
    assert length["points"] == [[10, 1.0], [20, 2.0], [30, 3.0]]


@pytest.mark.parametrize(
    ("first", "second", "comparable", "said"),
    [
        (("x",), ("x",), True, None),
        (("x",), ("y",), False, "different fingerprints"),
        (("x",), (), False, "No fingerprint is noted for b"),
        (("x", "y"), ("x",), False, "stand in one file (a)"),
        ((), (), False, "No fingerprint is noted for a, b"),
    ],
)
def test_fingerprints(
    first: tuple[str, ...], second: tuple[str, ...], comparable: bool, said: str | None
) -> None:
    files = [scores("a", [1.0], fingerprints=first), scores("b", [1.0], fingerprints=second)]
    report = build(files, (), None, 1)
    assert report["comparable"] is comparable
    assert bool(report["warnings"]) is (said is not None)
    if said is not None:
        assert said in report["warnings"][0]


def test_one_file_needs_no_fingerprint() -> None:
    report = build([scores("a", [1.0], fingerprints=())], (), None, 1)
    assert report["comparable"]
    assert report["warnings"] == []
    assert report["baseline"] is None
    assert report["rewards"][REWARD]["comparisons"] == {}


def test_a_baseline_is_any_of_the_files() -> None:
    files = [scores("a", [1.0]), scores("b", [3.0]), scores("c", [2.0])]
    found = build(files, (), "b", 1)["rewards"][REWARD]["comparisons"]
    assert {label: each["difference"]["mean"] for label, each in found.items()} == {"a": -2.0, "c": -1.0}


def test_what_can_not_be_compared_is_an_error() -> None:
    files = [scores("a", [1.0]), scores("b", [1.0], reward="terminology_reward")]
    with pytest.raises(RequestError, match=r"no reward in common \(a\.parquet: full_.*; b\.parquet: term"):
        build(files, (), None, 1)
    with pytest.raises(RequestError, match=r"--reward full_coherence_reward: b\.parquet doesn't hold it"):
        build(files, (REWARD,), None, 1)
    with pytest.raises(RequestError, match=r"--baseline: no file is called 'z', only a"):
        build(files[:1], (), "z", 1)
