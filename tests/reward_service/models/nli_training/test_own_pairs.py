"""Our own NLI pairs: form, balance, splits without shared texts, and what hypotheses alone give away."""

from __future__ import annotations

import json
import re
from collections import Counter, defaultdict
from pathlib import Path

import pytest

from reward_service.models.nli_training.hypothesis_only import embedding_baseline, words_baseline
from reward_service.quality.labelled import LABELS, read_labelled

FOLDER = Path(__file__).resolve().parents[4] / "training_data" / "nli"
SPLITS = ("train", "dev", "test")
PHENOMENA = {
    *("paraphrase", "passive_nominalisation", "generalisation_specialisation", "negation_scope", "antonym"),
    *("role_swap", "number_date_name", "quantifier", "modality_conditional", "reported_view", "cause_effect"),
    *("temporal_order", "definition_parts", "unstated_addition", "same_topic_unrelated", "long_premise"),
}
FIELDS = {"premise", "hypothesis", "label", "phenomenon", "topic", "grid"}
HYPOTHESIS_ONLY_LIMIT = 0.45

Record = dict[str, str]


@pytest.fixture(scope="module")
def records() -> dict[str, list[Record]]:
    found = {}
    for split in SPLITS:
        lines = (FOLDER / f"{split}.jsonl").read_text(encoding="utf-8").splitlines()
        found[split] = [json.loads(line) for line in lines]
    return found


def test_every_record_is_whole_and_has_a_known_phenomenon(records: dict[str, list[Record]]) -> None:
    for split in SPLITS:
        for number, record in enumerate(records[split], start=1):
            assert set(record) == FIELDS, f"{split}, line {number}"
            assert all(value.strip() == value and value for value in record.values()), (
                f"{split}, line {number}"
            )
            assert record["label"] in LABELS, f"{split}, line {number}"
            assert record["phenomenon"] in PHENOMENA, f"{split}, line {number}"


def test_there_are_enough_pairs_and_every_phenomenon_is_measured(records: dict[str, list[Record]]) -> None:
    assert sum(len(found) for found in records.values()) >= 2000
    assert len(records["test"]) >= 450
    measured = Counter(record["phenomenon"] for record in records["test"])
    assert set(measured) == PHENOMENA
    assert min(measured.values()) >= 20, measured


@pytest.mark.parametrize("split", SPLITS)
def test_labels_are_balanced(records: dict[str, list[Record]], split: str) -> None:
    counts = Counter(record["label"] for record in records[split])
    assert max(counts.values()) - min(counts.values()) <= 0.02 * len(records[split])


def test_no_text_stands_in_two_splits(records: dict[str, list[Record]]) -> None:
    splits = defaultdict(set)
    for split in SPLITS:
        for record in records[split]:
            for text in (record["premise"], record["hypothesis"]):
                splits[re.sub(r"\W+", " ", text.casefold()).strip()].add(split)
            splits[record["grid"]].add(split)
    assert not [text for text, found in splits.items() if len(found) > 1]


def test_every_hypothesis_has_another_label_against_each_premise(records: dict[str, list[Record]]) -> None:
    labels = defaultdict(list)
    for split in SPLITS:
        for record in records[split]:
            labels[record["grid"], record["hypothesis"]].append(record["label"])
    assert all(len(found) == len(set(found)) == 2 for found in labels.values())


def test_hypotheses_alone_give_little_away(minilm_folder: Path) -> None:
    train, test = (read_labelled(FOLDER / f"{split}.jsonl") for split in ("train", "test"))
    assert words_baseline(train, test) < HYPOTHESIS_ONLY_LIMIT
    some = train[::4]  # all of them take a minute, and give no more
    assert embedding_baseline(some, test, minilm_folder) < HYPOTHESIS_ONLY_LIMIT
