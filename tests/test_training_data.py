"""The curated pairs, their model card and the texts of the behaviour tests keep their promises."""

import json
import re
import unicodedata
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[1]
DATA = ROOT / "training_data"
BEHAVIOUR = ROOT / "tests" / "fixtures" / "behaviour.yaml"

WORDS_PER_ANSWER = (80, 250)
VARIANTS = ("paraphrase", "reversal", "hollow", "off_topic")


@pytest.fixture(scope="module")
def pairs() -> list[dict[str, Any]]:
    lines = (DATA / "curated_qa.jsonl").read_text(encoding="utf-8").split("\n")
    assert lines.pop() == "", "the file ends with a newline"
    return [json.loads(line) for line in lines]


@pytest.fixture(scope="module")
def card() -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load((DATA / "MODEL_CARD.yaml").read_text(encoding="utf-8"))
    return loaded


@pytest.fixture(scope="module")
def behaviour() -> list[dict[str, str]]:
    loaded: list[dict[str, str]] = yaml.safe_load(BEHAVIOUR.read_text(encoding="utf-8"))
    return loaded


def words(text: str) -> int:
    return len(text.split())


def sentences(text: str) -> list[str]:
    """Sentences in lower case; short pieces, which a split at an initial leaves, are dropped."""
    pieces = (piece.strip().casefold() for piece in re.split(r"(?<=[.!?])\s+", text))
    return [piece for piece in pieces if words(piece) >= 4]


def bad_characters(text: str) -> list[str]:
    """Replacement characters and what Unicode classes as control, format, surrogate or unassigned."""
    return [char for char in text if char == "\ufffd" or unicodedata.category(char).startswith("C")]


def test_at_least_two_hundred_pairs(pairs: list[dict[str, Any]]) -> None:
    assert len(pairs) >= 200


def test_schema(pairs: list[dict[str, Any]]) -> None:
    for number, pair in enumerate(pairs, start=1):
        assert list(pair) == ["instruction", "response"], f"line {number}"
        for key, text in pair.items():
            assert isinstance(text, str), f"line {number}: {key}"
            assert text == text.strip() != "", f"line {number}: {key}"


def test_answers_keep_the_word_limits(pairs: list[dict[str, Any]]) -> None:
    low, high = WORDS_PER_ANSWER
    lengths = {pair["instruction"]: words(pair["response"]) for pair in pairs}
    assert {instruction: length for instruction, length in lengths.items() if not low <= length <= high} == {}


def test_instructions_are_unique(pairs: list[dict[str, Any]]) -> None:
    counts = Counter(" ".join(pair["instruction"].casefold().split()) for pair in pairs)
    assert [instruction for instruction, count in counts.items() if count > 1] == []


def test_no_sentence_occurs_twice(pairs: list[dict[str, Any]]) -> None:
    counts = Counter(sentence for pair in pairs for sentence in sentences(pair["response"]))
    assert len(counts) > 3 * len(pairs), "the answers were not split into sentences"
    assert [sentence for sentence, count in counts.items() if count > 1] == []


def test_only_printable_characters(pairs: list[dict[str, Any]]) -> None:
    found = {pair["instruction"]: bad_characters(pair["instruction"] + pair["response"]) for pair in pairs}
    assert {instruction: bad for instruction, bad in found.items() if bad} == {}


def test_answers_are_plain_prose(pairs: list[dict[str, Any]]) -> None:
    markup = re.compile(r"[*#`_|<>\[\]{}]|\(\d+\)|\n|[^.]$")
    assert [pair["instruction"] for pair in pairs if markup.search(pair["response"])] == []


def test_card_says_what_the_data_is(card: dict[str, Any]) -> None:
    needed = {
        "name", "description", "version", "licence", "language", "composition", "schema", "how_written",
        "intended_use", "out_of_scope_use", "ideological_position", "limitations",
        "ethical_considerations", "attribution",
    }  # fmt: skip
    assert needed <= {key for key, value in card.items() if value}
    assert card["licence"] == "AGPL-3.0-only"


def test_card_counts_equal_the_file(card: dict[str, Any], pairs: list[dict[str, Any]]) -> None:
    lengths = [words(pair["response"]) for pair in pairs]
    composition = card["composition"]
    assert composition["pairs"] == len(pairs)
    assert composition["words_per_answer"] == {
        "shortest": min(lengths),
        "longest": max(lengths),
        "total": sum(lengths),
    }


def test_card_themes_cover_every_line_once(card: dict[str, Any], pairs: list[dict[str, Any]]) -> None:
    covered: list[int] = []
    for theme in card["composition"]["themes"]:
        lines = range(theme["first_line"], theme["last_line"] + 1)
        assert len(lines) == theme["pairs"] > 0, theme["theme"]
        covered.extend(lines)
    assert covered == list(range(1, len(pairs) + 1))


def test_readme_states_the_number_of_pairs(pairs: list[dict[str, Any]]) -> None:
    assert f"{len(pairs)} question–answer pairs" in (DATA / "README.md").read_text(encoding="utf-8")


def test_licence_is_the_agpl_at_both_places() -> None:
    text = (DATA / "LICENSE").read_text(encoding="utf-8")
    assert text.split()[:7] == ["GNU", "AFFERO", "GENERAL", "PUBLIC", "LICENSE", "Version", "3,"]
    assert "13. Remote Network Interaction" in text
    assert (ROOT / "LICENSE").read_text(encoding="utf-8") == text


def test_answer_variants_belong_to_curated_questions_that_no_behaviour_test_asks(
    pairs: list[dict[str, Any]], behaviour: list[dict[str, str]]
) -> None:
    lines = (DATA / "answer_variants.jsonl").read_text(encoding="utf-8").splitlines()
    answers = [json.loads(line) for line in lines]
    asked = {answer["instruction"] for answer in answers}
    assert asked <= {pair["instruction"] for pair in pairs}
    assert not asked & {entry["question"] for entry in behaviour}
    kinds = Counter(answer["kind"] for answer in answers)
    assert kinds == dict.fromkeys(("paraphrase", "reversal", "hollow"), len(asked))
    assert f"to {len(asked)} of the questions" in (DATA / "README.md").read_text(encoding="utf-8")
    for answer in answers:
        assert words(answer["answer"]) >= 80, answer["instruction"]
        assert bad_characters(answer["answer"]) == [], answer["instruction"]


def test_behaviour_texts_are_complete(behaviour: list[dict[str, str]]) -> None:
    assert len(behaviour) == 10
    for entry in behaviour:
        assert list(entry) == ["question", "reference", *VARIANTS]
        for key in ("reference", *VARIANTS):
            assert words(entry[key]) >= 90, f"{entry['question']}: {key}"
            assert bad_characters(entry[key]) == [], f"{entry['question']}: {key}"


def test_behaviour_references_of_curated_questions_are_the_curated_answers(
    behaviour: list[dict[str, str]], pairs: list[dict[str, Any]]
) -> None:
    curated = {pair["instruction"]: pair["response"] for pair in pairs}
    known = [entry for entry in behaviour if entry["question"] in curated]
    assert len(known) == 5
    for entry in known:
        assert entry["reference"] == curated[entry["question"]]


def test_behaviour_variants_are_not_in_the_training_data(
    behaviour: list[dict[str, str]], pairs: list[dict[str, Any]]
) -> None:
    trained = {sentence for pair in pairs for sentence in sentences(pair["response"])}
    held_out = [sentence for entry in behaviour for key in VARIANTS for sentence in sentences(entry[key])]
    assert [sentence for sentence in held_out if sentence in trained] == []
