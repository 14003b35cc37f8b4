"""`data split` keeps what is nearly the same on one side, and every line on exactly one."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from trainer.cli import main
from trainer.dataset.load import DatasetError
from trainer.dataset.split import Plan, Split, split

TOPICS = (
    "rent", "value", "strikes", "the commune", "soviets", "ideology", "famine", "the peasant question",
    "trade unions", "colonial wars", "dialectics", "banks", "the family", "machines", "the press", "prisons",
    "nature", "language", "schools", "the sea",
)  # fmt: skip


def pairs() -> list[dict[str, Any]]:
    return [
        {
            "instruction": f"What is said of {topic}?",
            "response": f"Of {topic} much is said.",
            "source": f"book {n % 5}",
        }
        for n, topic in enumerate(TOPICS)
    ]


def write(path: Path, records: list[dict[str, Any]]) -> Path:
    path.write_text("".join(json.dumps(record, ensure_ascii=False) + "\n" for record in records), "utf-8")
    return path


def run(path: Path, out: Path, **plan: Any) -> Split:
    return split(path, out, Plan(**plan), embedder=None)


def sides(out: Path) -> tuple[list[bytes], list[bytes]]:
    train, held = ((out / f"{name}.jsonl").read_bytes().splitlines() for name in ("train", "held_out"))
    return train, held


def test_every_line_goes_to_one_side_unchanged_and_in_order(tmp_path: Path) -> None:
    path = write(tmp_path / "a.jsonl", pairs())
    made = run(path, tmp_path / "out", share=0.25)
    train, held = sides(tmp_path / "out")
    lines = path.read_bytes().splitlines()
    assert (len(train), len(held)) == (15, 5)
    assert [line for line in lines if line in train] == train
    assert [line for line in lines if line in held] == held
    assert sorted(train + held) == sorted(lines)
    summary = json.loads((tmp_path / "out" / "split.json").read_text("utf-8"))
    assert summary == made.summary
    assert [lines[line - 1] for line in summary["held_out"]["lines"]] == held
    assert summary["kept_together"].endswith("were not looked for, as was asked")


def test_the_seed_decides_and_nothing_else(tmp_path: Path) -> None:
    path = write(tmp_path / "a.jsonl", pairs())
    run(path, tmp_path / "one", share=0.25, seed=1)
    run(path, tmp_path / "again", share=0.25, seed=1)
    run(path, tmp_path / "other", share=0.25, seed=2)
    for name in ("train.jsonl", "held_out.jsonl", "split.json"):
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "again" / name).read_bytes()
    assert sides(tmp_path / "one") != sides(tmp_path / "other")


@pytest.mark.parametrize("seed", range(6))
def test_equal_questions_and_equal_answers_never_straddle(tmp_path: Path, seed: int) -> None:
    records = pairs()
    records[3]["instruction"] = records[11]["instruction"].upper()
    records[11]["response"] = records[17]["response"]
    run(write(tmp_path / "a.jsonl", records), tmp_path / "out", share=0.3, seed=seed)
    held = {
        json.loads(line)["source"] + json.loads(line)["instruction"] for line in sides(tmp_path / "out")[1]
    }
    chain = [records[place]["source"] + records[place]["instruction"] in held for place in (3, 11, 17)]
    assert len(set(chain)) == 1


@pytest.mark.parametrize("seed", range(3))
def test_sources_stay_together_where_asked(tmp_path: Path, seed: int) -> None:
    path = write(tmp_path / "a.jsonl", pairs())
    run(path, tmp_path / "out", share=0.25, seed=seed, by_source=True)
    train, held = ({json.loads(line)["source"] for line in side} for side in sides(tmp_path / "out"))
    assert train & held == set()
    assert len(held) == 1


def test_near_duplicates_stay_together(tmp_path: Path) -> None:
    records = pairs()
    records[2]["instruction"] = "What is the tendency of the rate of profit to fall?"
    records[14]["instruction"] = "What is the tendency of the rate of profit to fall and what causes it?"
    made = split(write(tmp_path / "a.jsonl", records), tmp_path / "out", Plan(share=0.3, threshold=0.95))
    assert made.summary["groups_of_several"] == 1
    held = made.summary["held_out"]["lines"]
    assert (3 in held) == (15 in held)


def test_each_theme_gives_its_share(tmp_path: Path) -> None:
    themes = [
        {"theme": "A", "first_line": 1, "last_line": 12},
        {"theme": "B", "first_line": 13, "last_line": 20},
    ]
    card = yaml.safe_dump({"composition": {"pairs": 20, "themes": themes}})
    (tmp_path / "MODEL_CARD.yaml").write_text(card, "utf-8")
    made = run(write(tmp_path / "a.jsonl", pairs()), tmp_path / "out", share=0.25)
    assert made.summary["themes"] == {"A": {"train": 9, "held_out": 3}, "B": {"train": 6, "held_out": 2}}


def test_the_built_formats_are_split_too(root: Path, tmp_path: Path) -> None:
    for name, schema in (("grpo_dataset.jsonl", "grpo"), ("formatted/train_qwen.jsonl", "qwen")):
        made = run(root / "training_data" / name, tmp_path / schema)
        assert made.summary["schema"] == schema
        assert made.summary["held_out"]["records"] > 0
    held = [
        json.loads((tmp_path / schema / "split.json").read_text("utf-8"))["held_out"]["lines"]
        for schema in ("grpo", "qwen")
    ]
    assert held[0] == held[1], "the same questions are held out in every format"


@pytest.mark.parametrize(
    ("share", "complaint"), [(0.0, "not above 0"), (1.0, "not above 0"), (0.01, "one side empty")]
)
def test_a_share_that_leaves_a_side_empty_is_an_error(tmp_path: Path, share: float, complaint: str) -> None:
    with pytest.raises(DatasetError, match=complaint):
        run(write(tmp_path / "a.jsonl", pairs()), tmp_path / "out", share=share)
    assert not (tmp_path / "out").exists()


def test_the_command_says_what_it_wrote(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = write(tmp_path / "a.jsonl", pairs())
    assert (
        main(["data", "split", str(path), "--out", str(tmp_path / "o"), "--share", "0.2", "--no-embeddings"])
        == 0
    )
    assert "16 records to train on, 4 held out" in capsys.readouterr().out
    assert main(["data", "split", str(path), "--out", str(tmp_path / "o"), "--near", "2"]) == 1
    assert "--near: 2.0 is no cosine" in capsys.readouterr().out
