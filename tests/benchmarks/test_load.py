"""The load is the same for the same seed, and is what it claims to be."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from benchmarks.load import Load, Size, figures, main, make_load
from benchmarks.texts import Material, read_material, sentences, words
from shared.completion import split


@pytest.fixture(scope="module")
def load(material: Material) -> Load:
    return make_load(material, Size(), seed=3)


def test_lengths_hold_and_every_completion_thinks_first(load: Load) -> None:
    assert len(load.groups) == 16
    for group in load.groups:
        assert len(group.completions) == 8
        for completion in group.completions:
            parts = split(completion)
            assert parts.well_formed
            assert parts.reasoning
            assert 150 <= words(parts.answer) <= 300


def test_the_seed_decides_and_nothing_else(material: Material, load: Load) -> None:
    assert make_load(material, Size(), seed=3) == load
    other = make_load(material, Size(), seed=4)
    assert not {item.completion for item in other.items} & {item.completion for item in load.items}


def test_no_two_completions_share_a_sentence(load: Load) -> None:
    found = figures(load)
    assert found["distinct sentences"] == found["sentences"]


def test_a_reference_is_one_of_the_file_and_the_completions_hold_little_of_it(
    material: Material, load: Load
) -> None:
    references = {question.text: question.reference for question in material.questions}
    own = said = 0
    for group in load.groups:
        assert references[group.question] == group.reference
        its = set(sentences(group.reference))
        for completion in group.completions:
            of_answer = sentences(split(completion).answer)
            said += len(of_answer)
            own += sum(sentence in its for sentence in of_answer)
    assert 0 < own / said < 0.15


def test_the_warm_up_has_other_questions_and_texts(material: Material, load: Load) -> None:
    warm_up = make_load(material, Size(4, 2), seed=3, warm_up=True)
    assert not {group.question for group in warm_up.groups} & {group.question for group in load.groups}
    assert not {item.completion for item in warm_up.items} & {item.completion for item in load.items}


@pytest.mark.parametrize("clients", [1, 3, 8, 200])
def test_shares_hold_everything_once_and_are_of_a_size(load: Load, clients: int) -> None:
    shares = load.shares(clients)
    assert [item for share in shares for item in share] == load.items
    assert len(shares) == min(clients, len(load.items))
    assert max(map(len, shares)) - min(map(len, shares)) <= 1


@pytest.mark.parametrize(("low", "high"), [(30, 40), (50, 60), (400, 500)])
def test_other_lengths_hold_too(material: Material, low: int, high: int) -> None:
    found = figures(make_load(material, Size(3, 4, low, high)))
    assert low <= found["shortest"] <= found["longest"] <= high


def test_what_cannot_be_made_is_refused(material: Material) -> None:
    with pytest.raises(ValueError, match="500 prompts need as many questions"):
        make_load(material, Size(500, 1))
    with pytest.raises(ValueError, match="must rise"):
        make_load(material, Size(1, 1, 30, 20))
    with pytest.raises(ValueError, match="no answer of 5000 … 5001 words"):
        make_load(material, Size(1, 1, 5000, 5001))


def test_a_file_of_ones_own(tmp_path: Path) -> None:
    answer = " ".join(f"Sentence number {number} says something of its own." for number in range(9))
    rows = [{"question": f"What is {name}?", "answer": f"{name}. {answer}"} for name in "ABCDEF"]
    path = tmp_path / "own.jsonl"
    path.write_text("\n".join(map(json.dumps, rows)) + "\n\n")
    load = make_load(read_material(path), Size(5, 2, 30, 50))
    assert {group.question for group in load.groups} <= {row["question"] for row in rows}
    path.write_text(json.dumps({"question": "What?"}) + "\n")
    with pytest.raises(ValueError, match="line 1: needs one of"):
        read_material(path)
    path.write_text('{"question": "What?", "answer": "That."}\nnonsense\n')
    with pytest.raises(ValueError, match="line 2"):
        read_material(path)


def test_initials_end_no_sentence() -> None:
    assert sentences("It is by J. A. Hobson. Lenin read it.") == ["It is by J. A. Hobson.", "Lenin read it."]


def test_the_command_writes_items_that_the_server_takes(
    root: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out, items = tmp_path / "load.json", tmp_path / "items.jsonl"
    data = str(root / "training_data/curated_qa.jsonl")
    sizes = ["--prompts", "2", "--completions", "3", "--words", "40", "60"]
    main([*sizes, "--data", data, "--out", str(out), "--write", str(items)])
    told = json.loads(out.read_text())
    assert told["medians"]["completions"] == 6
    assert told["machine"]["cores"] >= 1
    assert told["versions"]["torch"]
    rows = [json.loads(line) for line in items.read_text().splitlines()]
    assert [set(row) for row in rows] == [{"prompt", "completion", "reference"}] * 6
    assert "2 × 3 completions" in capsys.readouterr().out
    with pytest.raises(SystemExit):
        main(["--prompts", "5000", "--data", data, "--out", str(out)])
