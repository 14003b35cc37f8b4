"""Hub NLI models: labels, windows and batches, on tiny BARTs that the tests build."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from transformers import AutoTokenizer

from reward_service.errors import ModelUnavailable
from reward_service.models.nli import HubNli, PreparedPair
from reward_service.types import Calibration, Pair, Verdict

INPUT = 48
"""Tokens that the tiny BART takes."""
PAIRS = [
    Pair("The state is a tool of class rule.", "The state is a tool."),
    Pair("Labour is the source of value.", "Value has no source."),
    Pair("a", "b"),
    Pair("剩余价值 🚩", "قيمة"),
    Pair("", "An empty premise."),
    Pair("The state " * 60, "The state rules."),
    Pair("The state rules.", "class rule " * 60),
    Pair("The state " * 60, "class rule " * 60),
]

MADE_FOR = {"model": "tiny", "revision": "test"}

Build = Callable[..., Path]


@pytest.fixture(scope="module")
def nli(tiny_bart: Build) -> HubNli:
    return load(tiny_bart())


def load(folder: Path) -> HubNli:
    return HubNli(folder, name="tiny", revision="test")


def judge(nli: HubNli, *pairs: Pair) -> list[Verdict]:
    return list(nli.run(nli.prepare(pairs)))


def prepare(nli: HubNli, pair: Pair) -> PreparedPair:
    (prepared,) = nli.prepare([pair])
    return prepared


def test_probabilities_sum_to_one_and_differ(nli: HubNli) -> None:
    verdicts = judge(nli, *PAIRS)
    for verdict in verdicts:
        assert sum(verdict) == pytest.approx(1.0, abs=1e-9)
        assert min(verdict) >= 0.0
    assert np.std([verdict.entailment for verdict in verdicts]) > 0.005, (
        "the tiny model must tell pairs apart"
    )


@pytest.mark.parametrize(
    "labels",
    [
        ("entailment", "neutral", "contradiction"),
        ("ENTAILMENT", "NEUTRAL", "CONTRADICTION"),
        ("neutral", "Contradiction", "Entailment"),
    ],
)
def test_the_order_of_labels_changes_no_verdict(
    nli: HubNli, tiny_bart: Build, labels: tuple[str, ...]
) -> None:
    other = load(tiny_bart(labels))
    np.testing.assert_allclose(judge(other, *PAIRS), judge(nli, *PAIRS), atol=1e-6)
    entailment, neutral, contradiction = np.array(judge(nli, *PAIRS)).T
    assert not np.allclose(entailment, contradiction, atol=1e-3)
    assert not np.allclose(entailment, neutral, atol=1e-3)


@pytest.mark.parametrize(
    "labels",
    [
        ("LABEL_0", "LABEL_1", "LABEL_2"),
        ("entailment", "not_entailment"),
        ("entailment", "neutral", "contradiction", "other"),
    ],
)
def test_other_labels_are_refused_with_advice(tiny_bart: Build, labels: tuple[str, ...]) -> None:
    with pytest.raises(ModelUnavailable, match=f"{labels[0]}.*REWARD_NLI_MODEL"):
        load(tiny_bart(labels))


def test_batched_equals_single(nli: HubNli) -> None:
    for pair, verdict in zip(PAIRS, judge(nli, *PAIRS), strict=True):
        np.testing.assert_allclose(verdict, judge(nli, pair)[0], atol=1e-5)


def test_literal_special_tokens_cannot_break_a_batch(nli: HubNli) -> None:
    """Unequal counts of </s> in a batch make BART raise."""
    spoiled = Pair("The state</s></s> is a tool<s> of<pad> class rule.", "The state is</s> a tool.<mask>")
    plain = Pair("The state   is a tool  of  class rule.", "The state is  a tool. ")
    found, expected, _ = judge(nli, spoiled, plain, PAIRS[1])
    np.testing.assert_allclose(found, expected, atol=1e-6)


def test_a_pair_that_fits_is_one_sequence(nli: HubNli) -> None:
    prepared = prepare(nli, PAIRS[0])
    assert [len(row) for row in prepared.windows] == [1]
    ids = prepared.windows[0][0].ids
    assert (ids[0], ids[-1], ids.count(2)) == (0, 2, 3), "<s> premise </s></s> hypothesis </s>"
    assert nli.cost(prepared) == len(ids) <= INPUT


@pytest.mark.parametrize("pair", PAIRS[5:], ids=["premise", "hypothesis", "both"])
def test_windows_hold_every_token_of_a_long_pair(tiny_bart: Build, pair: Pair) -> None:
    folder = tiny_bart()
    nli, tokenizer = load(folder), AutoTokenizer.from_pretrained(str(folder))
    premise, hypothesis = (tokenizer.encode(text, add_special_tokens=False, verbose=False) for text in pair)
    (prepared,) = nli.prepare([pair])
    rows = [[_split(tokens.ids) for tokens in row] for row in prepared.windows]
    assert [token for row in rows for token in row[0][1]] == hypothesis
    for row in rows:
        assert {tuple(part) for _, part in row} == {tuple(row[0][1])}, "one hypothesis window in each row"
        assert _joined([part for part, _ in row], premise) == premise
    lengths = [len(tokens.ids) for row in prepared.windows for tokens in row]
    assert len(lengths) > 1
    assert max(lengths) <= INPUT
    assert nli.cost(prepared) == sum(lengths)


def test_the_end_of_a_long_premise_counts(nli: HubNli) -> None:
    """The least neutral window decides, wherever it stands."""
    filler = "the state is a tool " * 20
    windows = [judge(nli, Pair(filler, "Value has no source."))[0]]
    windows.append(judge(nli, Pair(filler + PAIRS[1].premise * 3, "Value has no source."))[0])
    assert windows[1].neutral <= windows[0].neutral + 1e-6
    assert windows[0] != windows[1]


def test_temperature_flattens_and_comes_from_beside_the_weights(tiny_bart: Build) -> None:
    folder = tiny_bart()
    (sharp,) = judge(load(folder), PAIRS[0])
    stored = {**MADE_FOR, "temperature": 50.0, "claim_entailed": 0.4, "source": "a test"}
    (folder / "calibration.json").write_text(json.dumps(stored), encoding="utf-8")
    calibrated = load(folder)
    assert calibrated.calibration == Calibration(temperature=50.0, claim_entailed=0.4, source="a test")
    (flat,) = judge(calibrated, PAIRS[0])
    assert max(flat) < max(sharp)
    assert max(flat) == pytest.approx(1 / 3, abs=0.05)


def test_without_a_calibration_the_defaults_hold(nli: HubNli) -> None:
    assert nli.calibration == Calibration()
    assert nli.calibration.source is None


@pytest.mark.parametrize(
    ("stored", "named"),
    [
        ({"claim_entaild": 0.4}, "claim_entaild"),
        ({"temperature": "hot"}, "temperature must be a number"),
        ({"temperature": float("inf")}, "temperature must be a number"),
        ({"temperature": 0}, "temperature must be positive"),
        ({"claim_entailed": 7}, "claim_entailed must lie between"),
        ({"source": 5}, "source must be a text"),
        ({"model": "another"}, "was made for another"),
        ({"revision": None}, "was made for tiny at None"),
    ],
)
def test_a_wrong_calibration_names_its_field(tiny_bart: Build, stored: dict[str, object], named: str) -> None:
    folder = tiny_bart()
    (folder / "calibration.json").write_text(json.dumps(MADE_FOR | stored), encoding="utf-8")
    with pytest.raises(ModelUnavailable, match=named):
        load(folder)


def test_weights_that_compute_nan_are_an_error_and_no_verdict(tiny_bart: Build) -> None:
    from safetensors.numpy import load_file, save_file

    folder = tiny_bart()
    weights = load_file(folder / "model.safetensors")
    weights["classification_head.out_proj.bias"][0] = np.nan
    save_file(weights, folder / "model.safetensors", metadata={"format": "pt"})
    with pytest.raises(FloatingPointError):
        judge(load(folder), PAIRS[0])


def test_a_folder_without_weights_says_what_to_do(tiny_bart: Build) -> None:
    folder = tiny_bart()
    (folder / "model.safetensors").unlink()
    with pytest.raises(ModelUnavailable, match="REWARD_NLI_MODEL"):
        load(folder)


def _split(ids: list[int]) -> tuple[list[int], list[int]]:
    """Premise and hypothesis of `<s> premise </s></s> hypothesis </s>`."""
    middle = ids.index(2)
    return ids[1:middle], ids[middle + 2 : -1]


def _joined(windows: list[list[int]], whole: list[int]) -> list[int]:
    """Put overlapping windows of `whole` together again; each must follow or overlap the one before."""
    joined: list[int] = []
    for window in windows:
        starts = [at for at in range(len(joined), -1, -1) if whole[at : at + len(window)] == window]
        joined = joined[: starts[0]] + window
    return joined
